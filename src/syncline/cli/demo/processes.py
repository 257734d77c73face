"""The programs that the demo starts: each says where it answers in one line of JSON, and ends on SIGTERM."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_START_SECONDS = 60.0
_STOP_SECONDS = 12.0
_PREFIX = "SYNCLINE_"


class StartError(Exception):
    """A program ended, or said nothing, before it was ready."""


@dataclass(frozen=True)
class Simulation:
    """Where the simulated world answers, and who lives there."""

    salesforce: str
    marketo: str
    control: str
    username: str
    password: str
    client_id: str
    client_secret: str

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Self:
        """Take it from the line that the simulated world prints."""
        user, client = facts["user"], facts["marketo_client"]
        return cls(
            facts["salesforce"],
            facts["marketo"],
            facts["control"],
            user["username"],
            user["password"],
            client["client_id"],
            client["client_secret"],
        )


class Program:
    """A program of ours in a process of its own, for the length of a block."""

    def __init__(self, *arguments: str, log: Path, settings: Mapping[str, str] | None = None) -> None:
        """Name the module and its arguments, the file for what it logs, and settings for its environment."""
        self._arguments = arguments
        self._log = log
        self._settings = settings or {}
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        #: What it said when it was ready.
        self.facts: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        """Start it and wait until it is ready; raises `StartError`."""
        # Settings of the person's own shell are for their own service, not for this one.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *self._arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**inherited, **self._settings},
                start_new_session=True,  # Ctrl-C is for the demo, which then stops its programs in order.
            )
        try:
            self.facts = await self._hear()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        await self.stop()

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._running().pid

    async def wait(self) -> int:
        """Wait until it ends by itself; answers its exit code."""
        return await self._running().wait()

    def kill(self) -> None:
        """End it as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self._running().kill()

    async def stop(self) -> int:
        """Ask it to end, and insist after 12 seconds; answers its exit code."""
        process = self._running()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                code = await process.wait()
        except TimeoutError:
            self.kill()
            code = await process.wait()
        if self._drain is not None:
            await self._drain
            self._drain = None
        return code

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the program was not started")
        return self._process

    async def _hear(self) -> dict[str, Any]:
        stream = self._running().stdout
        if stream is None:
            raise RuntimeError("its output is not at hand")
        name = " ".join(self._arguments[:2])
        try:
            async with asyncio.timeout(_START_SECONDS):
                line = await stream.readline()
        except TimeoutError:
            raise StartError(f"{name} was not ready after {_START_SECONDS:.0f} seconds; see {self._log}") from None
        try:
            facts: dict[str, Any] = json.loads(line)
        except ValueError:
            tail = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
            raise StartError(f"{name} did not start: {' '.join(tail) or 'it said nothing'}") from None
        self._drain = asyncio.create_task(_drop(stream))
        return facts


async def _drop(stream: asyncio.StreamReader) -> None:
    """Read what is printed later, since a full pipe would stop the program."""
    while await stream.read(65536):
        pass


def command_line(*arguments: str) -> list[str]:
    """Answer how `syncline` is called by a program, wherever it is installed."""
    return [sys.executable, "-m", "syncline", *arguments]


def simulate(folder: Path, *, leads: int, contacts: int, seed: int) -> Program:
    """Answer the simulated world, not yet started."""
    return Program(
        "syncline_sim",
        "--json",
        *("--salesforce-port", "0", "--marketo-port", "0", "--control-port", "0"),
        *("--seed", str(seed), "--leads", str(leads), "--contacts", str(contacts)),
        log=folder / "simulated-world.log",
    )


def serve(folder: Path, world: Simulation, *, port: int = 0, **settings: str | float) -> Program:
    """Answer the service on a data directory, not yet started; it may speak to the simulated world."""
    given = {f"{_PREFIX}{name.upper()}": str(value) for name, value in settings.items()}
    hosts = f"{world.salesforce} {world.marketo}"
    return Program(
        *("syncline", "serve", "--json", "--data", str(folder / "data"), "--port", str(port)),
        log=folder / "service.log",
        settings={f"{_PREFIX}ALLOW_HOSTS": hosts, **given},
    )
