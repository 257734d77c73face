"""The places outside: where a checkpoint is out of reach of whoever could rewrite the database.

Law: what a place has taken is on its disk, or was answered for; nothing else counts as taken. A place gets a line of
JSON for each checkpoint (`core/proof.py`), perhaps more than once.
"""

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from syncline.config import Settings
from syncline.wire import Wire, WireError

_MODE = 0o600
_SECONDS = 15.0
_LARGEST_ANSWER = 64 * 1024
_STANDARD_OUTPUT = 1


class PlaceError(Exception):
    """A place did not take what it was given; the text says why, and may be shown."""


class Place(Protocol):
    """Somewhere that checkpoints are taken to."""

    kind: str  #: `file`, `url` or `stdout`
    id: str  #: tells places apart over restarts
    most: int  #: lines at once

    async def put(self, lines: Sequence[bytes]) -> None:
        """Take lines there; raises `PlaceError` unless all have arrived for good."""


class FilePlace:
    """A file that lines are appended to, best one on another disk or machine."""

    kind, most = "file", 100

    def __init__(self, path: Path) -> None:
        """Take the path; the file is made when the first line comes."""
        self._path, self._aside = path, Aside()
        self.id = f"file:{path.absolute()}"

    async def put(self, lines: Sequence[bytes]) -> None:
        """Append, and wait for the disk."""
        await self._aside.run(lambda: self._append(b"".join(lines)))

    def _append(self, data: bytes) -> None:
        new = not self._path.exists()
        file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                data = b"\n" + data  # A line was cut off by a crash: it stays as it is, ours is a line of its own.
            write_all(file, data)
            os.fsync(file)
        finally:
            os.close(file)
        if new:
            folder = os.open(self._path.absolute().parent, os.O_RDONLY)
            try:
                os.fsync(folder)  # Else the file's name may be lost, and the file with it.
            finally:
                os.close(folder)


class EndpointPlace:
    """An address that each line is sent to as the body of an HTTPS POST."""

    kind, most = "url", 1

    def __init__(self, url: str, wire: Wire) -> None:
        """Take the address, of which only a hash is kept: it may hold a secret."""
        self._url, self._wire = url, wire
        self.id = f"url:{hashlib.sha256(url.encode()).hexdigest()[:16]}"

    async def put(self, lines: Sequence[bytes]) -> None:
        """Send the lines one after the other; any answer of the class 2xx means that it was taken."""
        headers = {"Content-Type": "application/json"}
        for line in lines:
            try:
                reply = await self._wire.call(
                    "POST", self._url, headers=headers, body=line, limit=_LARGEST_ANSWER, timeout=_SECONDS
                )
            except WireError as error:
                raise PlaceError(str(error)) from None
            if not 200 <= reply.status < 300:  # noqa: PLR2004  the class of status
                raise PlaceError(f"answered {reply.status}")


class OutputPlace:
    """Standard output, for those who collect what programs write."""

    kind, id, most = "stdout", "stdout", 1

    def __init__(self) -> None:
        """A thread of its own: whoever reads may have stopped reading."""
        self._aside = Aside()

    async def put(self, lines: Sequence[bytes]) -> None:
        """Write lines, each in one piece."""
        await self._aside.run(lambda: write_all(_STANDARD_OUTPUT, b"".join(lines)))


def places_of(settings: Settings, wire: Wire) -> list[Place]:
    """Answer the places that the operator has named."""
    found: list[Place] = []
    if settings.checkpoint_file:
        found.append(FilePlace(Path(settings.checkpoint_file)))
    if settings.checkpoint_url:
        found.append(EndpointPlace(settings.checkpoint_url, wire))
    if settings.checkpoint_stdout:
        found.append(OutputPlace())
    return found


class Aside:
    """Runs what may block for ever, such as a disk that has gone away, where nobody waits for it but the caller.

    The loop's own threads would keep the process from ending.
    """

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._blocked = False

    async def run(self, work: Callable[[], None], seconds: float = _SECONDS) -> None:
        """Run it and wait for its end; raises `PlaceError` when it fails, lasts too long, or an earlier one does."""
        if self._blocked:
            raise PlaceError("still blocks since an earlier try")
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def settle(error: Exception | None) -> None:
            if not ended.done():
                ended.set_result(None) if error is None else ended.set_exception(error)

        def run() -> None:
            failure: Exception | None = None
            try:
                work()
            except Exception as error:  # noqa: BLE001  it belongs to the caller
                failure = error
            self._blocked = False  # Before anybody is told: who waited may begin with the next at once.
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, failure)

        self._blocked = True
        threading.Thread(target=run, name="checkpoint place", daemon=True).start()
        try:
            await asyncio.wait_for(ended, seconds)
        except TimeoutError:
            raise PlaceError(f"has not taken it within {seconds:g} seconds") from None
        except OSError as error:
            raise PlaceError(error.strerror or type(error).__name__) from None


def write_all(file: int, data: bytes) -> None:
    """Write all of it to an open file."""
    while data:
        data = data[os.write(file, data) :]
