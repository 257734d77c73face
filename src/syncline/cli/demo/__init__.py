"""`syncline demo`: a simulated world, the service, and an admin who connects the two sides, all on this machine."""

import asyncio
import contextlib
import json
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from syncline.cli.client import Client
from syncline.cli.demo.admin import Admin, StuckError
from syncline.cli.demo.browser import Browser
from syncline.cli.demo.processes import Program, Simulation, StartError, command_line, serve, simulate
from syncline.cli.demo.stage import Stage
from syncline.cli.exits import CommandError, command
from syncline.cli.output import AsJson, write_json
from syncline.data_folder import DATABASE

#: Cycles come quickly, so that a record changed in the simulated world is seen to arrive.
_SETTINGS: dict[str, str | float] = {"cycle_interval": 10, "look_back": 60}


@dataclass(frozen=True)
class _Play:
    """What is on: both programs, and somebody who may do everything."""

    world: Simulation
    service: Program
    key: str
    admin: Admin
    data: Path

    @property
    def url(self) -> str:
        """Where people find the service."""
        return str(self.service.facts["public_url"])


@command
async def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop everything at the end instead of leaving it on.")] = False,
    leads: Annotated[int, typer.Option(min=0, help="How many leads the simulated source has.")] = 5000,
    contacts: Annotated[int, typer.Option(min=0, help="How many contacts it has.")] = 5000,
    seed: Annotated[int, typer.Option(help="The same number makes the same records, keys and codes.")] = 1,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the service; 0 takes a free one.")] = 0,
    data: Annotated[
        Path | None,
        typer.Option("--data", "--keep", metavar="DIR", help="Keep data and logs in this new directory afterwards."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """See everything at work: two simulated systems get connected, and 10,000 records flow, in less than a minute.

    Starts the simulated world and the service in processes of their own, then plays the admin over HTTP, from
    `unconfigured` to `syncing`. Afterwards all is left on, with a second integration for you to connect by hand.

    Example: syncline demo

    Example: syncline demo --once --json --leads 200 --contacts 200
    """
    stage = Stage(Console(stderr=as_json))
    try:
        with _folder(data) as folder:
            report = await _perform(stage, folder, (leads, contacts, seed, port), once=once, as_json=as_json)
    except (StuckError, StartError, LookupError) as error:
        raise CommandError(str(error)) from None
    if once and as_json:
        write_json(report, line=True)  # Last of all, so that the last line is the answer.


async def _perform(
    stage: Stage, folder: Path, size: tuple[int, int, int, int], *, once: bool, as_json: bool
) -> dict[str, Any]:
    async with _play(stage, folder, size) as play:
        created = await play.admin.create("First integration")
        with stage:
            status = await play.admin.connect(created["id"])
        report = {**_report(status, play.admin.log), "audit": await _verify(play.data)}
        _conclude(stage, report)
        if not report["audit"].get("proved"):
            raise CommandError("the audit log does not prove itself")
        if not once:
            second = await play.admin.create("Second integration")
            _hand_over(stage, play, created["id"], second["id"], folder)
            if as_json:
                write_json(report, line=True)
            await _wait_for_the_end(play.service)
            stage.say("Stopping …")
        return report


@asynccontextmanager
async def _play(stage: Stage, folder: Path, size: tuple[int, int, int, int]) -> AsyncIterator[_Play]:
    """Start both programs for the length of a block."""
    leads, contacts, seed, port = size
    stage.say(f"Starting a simulated world with {leads} leads and {contacts} contacts, and the service …")
    async with simulate(folder, leads=leads, contacts=contacts, seed=seed) as simulation:
        world = Simulation.read(simulation.facts)
        async with serve(folder, world, port=port, **_SETTINGS) as service:
            url, key = str(service.facts["public_url"]), str(service.facts["admin_key"])
            async with Browser(world.salesforce, url) as browser:
                # One session for both: starting a login leaves a cookie that the browser has to bring back.
                admin = Admin(Client(browser.http, url, key), browser, world, stage.watch)
                yield _Play(world, service, key, admin, folder / "data")


def _report(status: dict[str, Any], log: list[dict[str, Any]]) -> dict[str, Any]:
    """Answer what happened, for a program."""
    moves = [row for row in log if row["disposition"] == "transitioned"]
    names = ("read", "created", "updated", "unchanged", "refused")
    return {
        "integration": status["id"],
        "state": status["state"],
        "milestone": status["milestone"],
        "transitions": [{name: row[name] for name in ("seq", "at", "type", "from", "to")} for row in moves],
        "records": {
            item["object"]: {**{name: item[name] for name in names}, "written": item["created"] + item["updated"]}
            for item in status["objects"]
        },
    }


async def _verify(data: Path) -> dict[str, Any]:
    """Have the log proved by a process that knows nothing but the file."""
    process = await asyncio.create_subprocess_exec(
        *command_line("audit", "verify", "--data", str(data), "--json"), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    try:
        report: dict[str, Any] = json.loads(output)
    except ValueError:
        raise CommandError("`syncline audit verify` said nothing") from None
    return report


def _conclude(stage: Stage, report: dict[str, Any]) -> None:
    for name, counts in report["records"].items():
        stage.say(f"{name}: {counts['read']} read, {counts['written']} written, {counts['refused']} refused")
    audit = report["audit"]
    verdict = "is proved" if audit.get("proved") else "IS BROKEN"
    stage.say(f"Audit log: {audit.get('rows')} rows, {verdict}")
    stage.say(f"State: {report['state']}", style="bold green")


def _hand_over(stage: Stage, play: _Play, first: str, second: str, folder: Path) -> None:
    """Say what there is to see and to do."""
    world, say = play.world, stage.say
    say()
    say("Everything stays on until you press Ctrl-C.", style="bold")
    say(f"  Syncline              {play.url}")
    say(f"  sign in with          {play.key}")
    say(f"  first integration     {play.url}/i/{first}")
    say(f"  simulated Salesforce  {world.salesforce}/setup   (mailbox: {world.salesforce}/mailbox)")
    say(f"  simulated Marketo     {world.marketo}")
    say(f"  make things go wrong  {world.control}")
    say(f"  logs                  {folder}")
    say()
    say("A second integration waits for you to connect it by hand:", style="bold")
    say(f"  1. Open {play.url}/i/{second} and sign in.")
    say(f"  2. Register the app at {world.salesforce}/setup/new with the callback URL that the page gives you;")
    say(f"     the code that is asked for is in {world.salesforce}/mailbox. Say that you have registered it.")
    say("  3. Copy Consumer Key and Consumer Secret into the next form and save them.")
    say(f"  4. Login with Salesforce: {world.username} / {world.password}, the code from the mailbox, Allow.")
    say("  5. Look at the checks, confirm org and user, sync the fields, start the sync.")
    say()
    say("Or watch a change arrive within ten seconds:")
    say(f"""  curl -d '{{"object": "Lead", "change": {{"Company": "Changed"}}}}' {world.control}/records""")


async def _wait_for_the_end(service: Program) -> None:
    """Wait for Ctrl-C or SIGTERM; raises `CommandError` when the service ends before."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    ended = asyncio.create_task(service.wait())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        raise CommandError(f"the service ended by itself with exit code {ended.result()}")
    ended.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ended


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Answer a directory for data and logs, which goes away afterwards unless it was asked for."""
    if wanted is None:
        with tempfile.TemporaryDirectory(prefix="syncline-demo-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    if (wanted / "data" / DATABASE).exists():
        raise CommandError(f"{wanted} holds a demo already, and its key was shown only once; choose another directory")
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{wanted}: {error.strerror}") from None
    yield wanted
