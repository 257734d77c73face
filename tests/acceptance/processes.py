"""Our programs in processes of their own: they say where they answer in one line of JSON, and end on SIGTERM."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0


class Program:
    """One program, running."""

    def __init__(self, *arguments: str, log: Path, settings: Mapping[str, str] | None = None) -> None:
        """Start `python -m ARGUMENTS` and wait until it is ready."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SYNCLINE_")}
        self.log = log
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
                env={**inherited, **(settings or {})},
            )
        self.facts = self._hear()

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def stop(self) -> int:
        """Ask it to end; answers its exit code, which is -9 if it had to be killed."""
        self._process.terminate()
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return self.kill()
        finally:
            self._close()

    def kill(self) -> int:
        """End it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        code = self._process.wait()
        self._close()
        return code

    def _close(self) -> None:
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _hear(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None
        deadline = time.monotonic() + _START_SECONDS
        while not select.select([stream], [], [], 0.1)[0]:
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(f"not ready after {_START_SECONDS} seconds; its log ends with:\n{self.tail()}")
        line = stream.readline()
        try:
            facts: dict[str, Any] = json.loads(line)
        except ValueError:
            code = self.kill()
            raise RuntimeError(f"it ended with {code} instead of starting:\n{self.tail()}") from None
        return facts

    def tail(self) -> str:
        """Answer the last lines of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
