"""The command line: one module for each command, and the table that lists them."""

from typing import Annotated

import typer

import syncline
from syncline.cli import audit, chart, demo, events, hooks, keys, links, subscriptions, tokens
from syncline.cli.exits import CODES
from syncline.cli.serve import serve
from syncline.cli.status import status

app = typer.Typer(
    name="syncline",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # They would print local variables, and some of those are secrets.
    epilog=f"{CODES} Commands that speak to the service find it by SYNCLINE_URL and SYNCLINE_KEY.",
)
app.command("serve", epilog=CODES)(serve)
app.command("status", epilog=CODES)(status)
app.command("demo", epilog=CODES)(demo.demo)
app.add_typer(events.app, name="events")
app.add_typer(audit.app, name="audit")
app.add_typer(chart.app, name="chart")
app.add_typer(hooks.app, name="hooks")
app.add_typer(keys.app, name="keys")
app.add_typer(links.app, name="links")
app.add_typer(subscriptions.app, name="subscriptions")
app.add_typer(tokens.app, name="tokens")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"syncline {syncline.__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Connect a Salesforce org to a Marketo instance over OAuth 2.0 and keep the two in sync.

    Start the service with `syncline serve`, or see everything at work with `syncline demo`.
    """


def main() -> None:
    """Run the command line."""
    app(prog_name="syncline")
