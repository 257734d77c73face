"""`syncline audit`: read the log, take it away, prove it. One small module for each group of commands."""

import typer

from syncline.cli.audit import checkpoints, erasing, exporting, packing, proofs, proving, reading, replaying
from syncline.cli.exits import CODES

app = typer.Typer(no_args_is_help=True, help="Read, export and prove the audit log.", epilog=CODES)
app.command("list")(reading.list_)
app.command()(reading.story)
app.command()(exporting.export)
app.command()(exporting.forwarding)
app.command()(packing.pack)
app.command()(proving.verify)
app.command()(proofs.prove)
app.command("check-proof")(proofs.check_proof)
app.command()(proofs.consistency)
app.command()(checkpoints.checkpoints)
app.command()(checkpoints.keys)
app.command("rotate-key")(checkpoints.rotate_key)
app.command()(replaying.replay)
app.command()(erasing.subjects)
app.command()(erasing.erase)
