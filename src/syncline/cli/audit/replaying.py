"""`syncline audit replay`: decide the log again."""

from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from syncline.charts import CURRENT, SERVICE, chart_folder
from syncline.cli.audit.foreign import read_as_it_is
from syncline.cli.exits import FAILED, CommandError, command, console
from syncline.cli.output import AsJson, write_json, write_text
from syncline.core.chart import Chart, parse_chart, read_chart
from syncline.data_folder import DATABASE
from syncline.errors import ConfigurationError
from syncline.store.charts import charts as kept_charts
from syncline.store.replay import Replayed, replay_log
from syncline.store.sqlite import open_store

Id = Annotated[str, typer.Argument(metavar="[ID]", help="An integration, or `service`; without it, all of them.")]
Data = Annotated[
    Path,
    typer.Option(envvar="SYNCLINE_DATA", help="The data directory; the service may be running.", metavar="DIR"),
]


@command
async def replay(integration: Id = "", *, data: Data = Path("syncline-data"), as_json: AsJson = False) -> None:
    """Decide every row of the log again, from what it holds and under the chart of its time, and report differences.

    Shows that the decisions on the log are those of the chart and nobody's invention, and whether a new version of
    Syncline would still decide as the one of then did. Opens the database for reading only and needs no key.

    Example: syncline audit replay --data /srv/syncline
    """
    store = await open_store(data / DATABASE, read_only=True)
    try:
        with console.status("Deciding again …") as line:

            def show(rows: int) -> None:
                line.update(f"{rows:,} rows decided again …")

            with read_as_it_is("DIFFERENT"):
                charts = _compile(await store.read(kept_charts))
                report = await store.read(partial(replay_log, charts=charts, integration=integration, progress=show))
    finally:
        await store.close()
    if integration and not report.rows:
        raise CommandError(f"there is no log of {integration}")
    facts = {"same": report.same, **msgspec.to_builtins(report)}
    write_json(facts) if as_json else write_text(_sentence(report))
    if not report.same:
        raise typer.Exit(FAILED)


def _compile(kept: dict[str, bytes]) -> dict[str, Chart]:
    """Compile the charts that were kept, and those of this version; one that cannot be is missed by its rows."""
    charts = [read_chart(chart_folder() / name) for name in (CURRENT, SERVICE)]
    found = {chart.reference: chart for chart in charts}
    for reference, content in kept.items():
        try:
            found.setdefault(reference, parse_chart(content, reference))
        except ConfigurationError as error:
            console.print(f"{reference} cannot be compiled by this version: {error.detail}", style="yellow")
    return found


def _sentence(report: Replayed) -> str:
    why = "of an older format, or of what was let go"
    passed = f", {report.passed_over:,} passed over ({why})" if report.passed_over else ""
    if report.same:
        return f"the same: {report.rows:,} rows decided again{passed}"
    lines = [f"{one.integration}, seq {one.seq}: {one.what}" for one in report.differences]
    return "\n".join([f"DIFFERENT: {len(lines)} logs, {report.rows:,} rows decided again{passed}", *lines])
