"""`syncline audit`: read the log, take it away, prove it. One small module for each group of commands."""

import typer

from syncline.cli.audit import erasing, proving, reading, replaying
from syncline.cli.exits import CODES

app = typer.Typer(no_args_is_help=True, help="Read, export and prove the audit log.", epilog=CODES)
app.command("list")(reading.list_)
app.command()(reading.export)
app.command()(proving.verify)
app.command()(replaying.replay)
app.command()(erasing.subjects)
app.command()(erasing.erase)
