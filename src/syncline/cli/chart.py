"""`syncline chart`: check the chart, draw it, export it. Needs no running service."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from syncline.charts import CURRENT, chart_folder
from syncline.cli.exits import CODES, CommandError, guarded
from syncline.cli.output import AsJson, write_json, write_text
from syncline.core.chart import Chart, read_chart
from syncline.core.diagram import write_diagram, write_document
from syncline.core.xstate import export_xstate

app = typer.Typer(no_args_is_help=True, help="Check, draw and export the chart of an integration.", epilog=CODES)

ChartFile = Annotated[
    Path | None,
    typer.Argument(help="A chart file; without it, the one this version runs.", show_default=False),
]


class Format(StrEnum):
    """The languages that a chart can be exported to."""

    xstate = "xstate"


@app.command()
@guarded
def check(file: ChartFile = None, *, as_json: AsJson = False) -> None:
    """Read the chart, check every rule it must keep, and compile it.

    Every fault is named, not only the first.

    Example: syncline chart check my-chart.yaml
    """
    chart = _read(file)
    facts = {
        "chart": chart.name,
        "version": chart.version,
        "sha256": chart.digest,
        "states": len(chart.leaves),
        "events": len(chart.triggers),
        "rules": len(chart.rules),
    }
    if as_json:
        write_json(facts)
    else:
        write_text(
            f"{chart.name} version {chart.version} is sound: {facts['states']} states, {facts['events']} events, "
            f"{facts['rules']} rules (sha256 {chart.digest[:12]})"
        )


@app.command()
@guarded
def diagram(
    file: ChartFile = None,
    *,
    document: Annotated[
        bool, typer.Option("--document", help="The whole page that is kept beside the chart, not the picture alone.")
    ] = False,
    current: Annotated[
        Path | None, typer.Option("--check", help="Write nothing; fail when this page is not current.", metavar="PAGE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw the chart in the language of Mermaid.

    Example: syncline chart diagram --document > statecharts/integration.md

    Example: syncline chart diagram --check statecharts/integration.md
    """
    chart = _read(file)
    if current is not None:
        _compare(current, write_document(chart))
        return
    text = write_document(chart) if document else write_diagram(chart)
    if as_json:
        write_json({"chart": chart.name, "version": chart.version, "mermaid": text})
    else:
        typer.echo(text, nl=False)


@app.command()
@guarded
def export(
    file: ChartFile = None,
    *,
    to: Annotated[Format, typer.Option("--format", help="The language to write.")] = Format.xstate,
    as_json: Annotated[bool, typer.Option("--json", help="Accepted for uniformity: the export is JSON.")] = False,
) -> None:
    """Write the chart for another engine: XState v5, as JSON for `createMachine`.

    Example: syncline chart export --format xstate > integration.json
    """
    del to, as_json  # There is one format yet, and it is JSON.
    write_json(export_xstate(_read(file)))


def _read(file: Path | None) -> Chart:
    return read_chart(file or chart_folder() / CURRENT)


def _compare(page: Path, text: str) -> None:
    try:
        found = page.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{page}: {error.strerror}") from None
    if found != text:
        raise CommandError(f"{page} is not current; run `make diagram`")
    write_text(f"{page} is current")
