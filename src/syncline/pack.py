"""The auditor's pack: a zip with the log, what was signed for it, and a program that checks it; written as it is read.

Law: memory does not grow with the log. Rows are read page by page, and each page is sent before the next is read.
"""

import asyncio
import zipfile
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, cast

import msgspec

import syncline
from syncline import verifier
from syncline.core.audit import UNREADABLE
from syncline.core.chart import parse_chart
from syncline.core.chart_table import write_table
from syncline.core.event import SERVICE
from syncline.core.lines import hidden_line, line, sealed_texts
from syncline.core.merkle import Range
from syncline.core.note import VerifierKey
from syncline.core.pack_report import Occasion, write_report
from syncline.core.pack_tally import Tally, Told
from syncline.core.proof import Noted, write_noted
from syncline.errors import ConfigurationError
from syncline.privacy import Privacy
from syncline.store.packing import Extent, Head, Packed, Start, measure, packed_checkpoints, packed_rows
from syncline.store.transaction import Store

_PAGE = 2000
#: Sealed values that are remembered as told already; one that comes again much later is told again.
_MOST_TOLD = 65_536
_encode = msgspec.json.Encoder(order="sorted").encode


class _Owner(msgspec.Struct):
    integration: str


_OWNER = msgspec.json.Decoder(_Owner)


class Wanted(msgspec.Struct, frozen=True):
    """What is to be packed."""

    #: One integration, or `service`; empty for all.
    integration: str = ""
    #: The integrations that whoever asks may see; empty for all, and then the service's own log, too.
    only: tuple[str, ...] = ()
    revealed: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return not (self.integration or self.only)

    def shows(self, integration: str) -> bool:
        """Whether the rows of an integration are in it; of others there is only the hash."""
        return self.integration in {"", integration} and (not self.only or integration in self.only)


class Pack:
    """A pack that is being made."""

    def __init__(self, store: Store, privacy: Privacy, wanted: Wanted, now: Callable[[], int]) -> None:
        """Take where the log is; nothing is read yet."""
        self._store, self._privacy, self._wanted, self._now = store, privacy, wanted, now
        self._at = 0
        self._extent = Extent()
        self._start: Start | None = None
        self._heads: tuple[Head, ...] = ()
        self._tally = Tally(Range(), {}, ())
        self._zip = _Zip(0)

    @property
    def rows(self) -> int:
        """How many rows there are in it so far."""
        return self._tally.rows

    @property
    def through(self) -> int:
        """The last position of the log when it was begun."""
        return self._extent.end

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Make it, piece by piece; raises `UnavailableError` when rows are let go meanwhile."""
        await self._begin()
        for name, body in self._known():
            yield await self._zip.add(name, body)
        for part in (self._rows, self._checkpoints, *((self._personal,) if self._wanted.revealed else ())):
            async with aclosing(part()) as pieces:
                async for piece in pieces:
                    yield piece
        yield await self._zip.add("report.txt", self._report())
        yield self._zip.end()

    async def _begin(self) -> None:
        self._at = self._now()
        extent = self._extent = await self._store.read(measure)
        self._zip = _Zip(self._at)
        self._heads = tuple(head for head in extent.heads if self._wanted.shows(head.id))
        start = self._start = extent.start and _shown(extent.start, self._wanted)
        bases = start.bases if start else ()
        chains = {name: Told(seq, bytes.fromhex(hash_), state) for name, seq, hash_, state, _, _ in bases}
        tree = Range(start.through, map(bytes.fromhex, start.nodes)) if start else Range()
        self._tally = Tally(tree, chains, map(VerifierKey.read, extent.keys))

    def _known(self) -> Iterator[tuple[str, bytes]]:
        """Answer the files that are known before the first row is read."""
        yield "verify.py", Path(verifier.__file__).read_bytes()
        yield "heads.json", _encode({"at": self._at, "chains": self._heads})
        yield "keys.txt", "".join(f"{key}\n" for key in self._extent.keys).encode()
        for reference, source in self._extent.charts.items():
            with suppress(ConfigurationError):  # One that this version cannot compile; the verifier says it is missing.
                yield f"charts/{reference}.json", write_table(parse_chart(source, reference))
        yield "truncations.ndjson", b"".join(_encode(record) + b"\n" for record in self._extent.truncations)
        if self._start:
            yield "start.json", _encode(self._start)

    async def _rows(self) -> AsyncGenerator[bytes, None]:
        """Write the rows; answers piece by piece what is to be sent."""
        with self._zip.open("rows.ndjson") as file:
            async for after, rows in self._pages():
                until = rows[-1].position
                signed = await self._store.read(partial(packed_checkpoints, after=after, until=until))
                await asyncio.to_thread(self._write, file, rows, signed)
                yield self._zip.take()
        self._tally.end({head.id: (head.seq, head.head, head.state) for head in self._heads})

    async def _checkpoints(self) -> AsyncGenerator[bytes, None]:
        """Write what was signed, as the places outside have it."""
        with self._zip.open("checkpoints.ndjson") as file:
            for after in range(self._extent.begin - 1, self._extent.end, _PAGE):
                until = min(after + _PAGE, self._extent.end)
                signed = await self._store.read(partial(packed_checkpoints, after=after, until=until))
                file.write(b"".join(write_noted(Noted(at, note)) for _, at, note in signed))
                yield self._zip.take()

    async def _personal(self) -> AsyncGenerator[bytes, None]:
        """Write what is sealed in the rows that are shown, and what it is."""
        told: OrderedDict[str, None] = OrderedDict()
        with self._zip.open("personal.json") as file:
            file.write(b"{")
            between = b"\n"
            async for _, rows in self._pages():
                found = {
                    text for row in rows if self._is_shown(row) for text in sealed_texts(row.content)
                } - told.keys()
                texts = sorted(found)
                for text, value in zip(texts, await self._privacy.reveal(texts), strict=True):
                    file.write(between + _encode(text) + b":" + _encode(value))
                    between = b",\n"
                    told[text] = None
                while len(told) > _MOST_TOLD:
                    told.popitem(last=False)
                yield self._zip.take()
            file.write(b"\n}\n")

    def _report(self) -> bytes:
        """Answer the first page, which is written last."""
        cuts = tuple((record.through, record.at) for record in self._extent.truncations)
        occasion = Occasion(
            self._at,
            syncline.__version__,
            self._wanted.integration or ", ".join(self._wanted.only),
            self._wanted.revealed,
            self._extent.keys,
            cuts,
        )
        return write_report(occasion, self._tally).encode()

    async def _pages(self) -> AsyncIterator[tuple[int, list[Packed]]]:
        """Answer the rows, some at a time, with the position before them."""
        after = self._extent.begin
        while rows := await self._store.read(partial(packed_rows, extent=self._extent, after=after, most=_PAGE)):
            yield after, rows
            after = rows[-1].position

    def _write(self, file: IO[bytes], rows: list[Packed], signed: list[tuple[int, int, str]]) -> None:
        notes: dict[int, list[str]] = {}
        for size, _, note in signed:
            notes.setdefault(size, []).append(note)
        lines = []
        for row in rows:
            shown = self._is_shown(row)
            self._tally.read(row.position, row.hash, row.content if shown else None)
            lines.append(line(row.position, row.content, row.hash) if shown else hidden_line(row.position, row.hash))
            for note in notes.get(row.position, ()):
                self._tally.hold(note)
        file.write(b"\n".join(lines) + b"\n")

    def _is_shown(self, row: Packed) -> bool:
        try:
            return self._wanted.whole or self._wanted.shows(_OWNER.decode(row.content).integration)
        except UNREADABLE:
            return False  # Somebody has been at it; nobody can say whose it is.


class _Pipe:
    """What the zip is written to: it cannot be sought, and gives away what it has."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Hold what was written."""
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing: what is held is taken."""

    def take(self) -> bytes:
        """Answer what was written since the last time."""
        held = bytes(self._held)
        self._held.clear()
        return held


class _Zip:
    """A zip that is sent while it is written. What packs is done on another thread: it takes its time."""

    def __init__(self, at: int) -> None:
        self._pipe = _Pipe()
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._pipe), "w", zipfile.ZIP_DEFLATED)
        self._at = datetime.fromtimestamp(at // 1_000_000, UTC).timetuple()[:6]

    def open(self, name: str) -> IO[bytes]:
        """Begin a file; one after the other."""
        entry = zipfile.ZipInfo(name, self._at)
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        return self._zip.open(entry, "w", force_zip64=True)

    async def add(self, name: str, body: bytes) -> bytes:
        """Write a whole file; answers what is to be sent."""

        def write() -> bytes:
            with self.open(name) as file:
                file.write(body)
            return self._pipe.take()

        return await asyncio.to_thread(write)

    def take(self) -> bytes:
        """Answer what is to be sent by now."""
        return self._pipe.take()

    def end(self) -> bytes:
        """Write the directory; answers the last that is to be sent."""
        self._zip.close()
        return self._pipe.take()


def _shown(start: Start, wanted: Wanted) -> Start:
    """Leave out where other logs go on; of the service's own all is needed for the proof."""
    if wanted.shows(SERVICE):
        return start
    return msgspec.structs.replace(start, bases=tuple(base for base in start.bases if wanted.shows(base[0])))
