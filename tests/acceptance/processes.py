"""Our programs in processes of their own: they say where they answer in one line of JSON, and end on SIGTERM."""

import json
import multiprocessing
import os
import runpy
import select
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
#: Parents that have loaded our modules once; to load them is most of what a start takes.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["syncline.cli", "syncline.main", "syncline_sim.cli"])


class Running(ABC):
    """One program that runs; whoever starts it gives its log, and where its standard output can be read."""

    def __init__(self, log: Path, output: int) -> None:
        """Wait until it is ready."""
        self.log = log
        self._output = os.fdopen(output, "rb")
        self.facts = self._ready()

    @property
    @abstractmethod
    def pid(self) -> int:
        """The number of its process."""

    @abstractmethod
    def _signal(self, *, kill: bool) -> None:
        """Send SIGTERM or SIGKILL."""

    @abstractmethod
    def _wait(self, seconds: float | None) -> int | None:
        """Answer its exit code, or None when it does not end in time."""

    def stop(self) -> int:
        """Ask it to end; answers its exit code, which is -9 if it had to be killed."""
        self._signal(kill=False)
        code = self._wait(_STOP_SECONDS)
        if code is None:
            return self.kill()
        self._output.close()
        return code

    def kill(self) -> int:
        """End it as a power cut would."""
        self._signal(kill=True)
        code = self._wait(None)
        assert code is not None
        self._output.close()
        return code

    def hear(self) -> bytes:
        """Answer the next line of its standard output."""
        return self._output.readline()

    def _ready(self) -> dict[str, Any]:
        deadline = time.monotonic() + _START_SECONDS
        while not select.select([self._output], [], [], 0.1)[0]:
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(f"not ready after {_START_SECONDS} seconds; its log ends with:\n{self.tail()}")
        line = self.hear()
        try:
            facts: dict[str, Any] = json.loads(line)
        except ValueError:
            code = self.kill()
            raise RuntimeError(f"it ended with {code} instead of starting:\n{self.tail()}") from None
        return facts

    def tail(self) -> str:
        """Answer the last lines of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


def _environment(settings: Mapping[str, str] | None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SYNCLINE_")}
    return {**inherited, **(settings or {})}


class Program(Running):
    """A program that was started as a shell does it: `python -m ARGUMENTS`."""

    def __init__(self, *arguments: str, log: Path, settings: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it is ready."""
        output, theirs = os.pipe()
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=stream,
                env=_environment(settings),
            )
        os.close(theirs)
        super().__init__(log, output)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def _signal(self, *, kill: bool) -> None:
        (self._process.kill if kill else self._process.terminate)()

    def _wait(self, seconds: float | None) -> int | None:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


class Fork(Running):
    """The same program in a process that was forked off one which has our modules loaded: in half of the time."""

    def __init__(self, *arguments: str, log: Path, settings: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it is ready."""
        output, theirs = _FORKS.Pipe(duplex=False)
        # A daemon ends with us, also when nobody gets to stop it.
        self._process = _FORKS.Process(
            target=_become, args=(arguments, _environment(settings), log, theirs), daemon=True
        )
        self._process.start()
        theirs.close()
        super().__init__(log, os.dup(output.fileno()))
        output.close()

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process.pid is not None
        return self._process.pid

    def _signal(self, *, kill: bool) -> None:
        (self._process.kill if kill else self._process.terminate)()

    def _wait(self, seconds: float | None) -> int | None:
        self._process.join(seconds)
        return self._process.exitcode


def run(*arguments: str, log: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run `python -m ARGUMENTS` in a fork to its end, with its errors in the log; answers exit code and output."""
    output, theirs = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_become, args=(arguments, environment, log, theirs), daemon=True)
    process.start()
    theirs.close()
    with output, os.fdopen(os.dup(output.fileno()), "rb") as stream:
        told = stream.read().decode()
    process.join()
    return process.exitcode or 0, told


def _become(arguments: tuple[str, ...], environment: dict[str, str], log: Path, output: Connection) -> None:
    """Become what `python -m ARGUMENTS` is, in a process that was just forked."""
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as stream, Path(os.devnull).open("rb") as nothing:
        for ours, theirs in ((nothing.fileno(), 0), (output.fileno(), 1), (stream.fileno(), 2)):
            os.dup2(ours, theirs)
    output.close()
    module, *rest = arguments
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
