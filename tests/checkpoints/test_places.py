"""The places outside: a file, an address, standard output; each takes lines for good or says why not."""

import asyncio
import os
import stat
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from syncline.checkpoints.places import Aside, EndpointPlace, FilePlace, OutputPlace, PlaceError, places_of
from syncline.config import Settings
from syncline.core.proof import Noted, read_noted, write_noted
from syncline.wire import Wire

LINES = [write_noted(Noted(number, f"note {number}\n\n— a b\n")) for number in range(3)]


async def test_a_file_is_appended_to(tmp_path: Path) -> None:
    """Line by line, for its owner only, and never from its beginning."""
    file = tmp_path / "checkpoints.ndjson"
    for line in LINES:
        await FilePlace(file).put([line])
    await FilePlace(file).put(LINES)
    assert file.read_bytes() == b"".join(LINES * 2)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_file_is_on_its_disk_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synchronised after the last byte, and its folder once it is new."""
    done: list[str] = []
    write, fsync = os.write, os.fsync

    def note_write(file: int, data: bytes) -> int:
        done.append("write")
        return write(file, data[:100])  # A disk may take less than it is given.

    def note_fsync(file: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")
        fsync(file)

    monkeypatch.setattr(os, "write", note_write)
    monkeypatch.setattr(os, "fsync", note_fsync)
    place = FilePlace(tmp_path / "new.ndjson")
    long = write_noted(Noted(1, "x" * 250))
    await place.put([long])
    assert done == ["write"] * 3 + ["file", "folder"]
    done.clear()
    await place.put([LINES[0]])
    assert done == ["write", "file"]


async def test_a_line_that_a_crash_has_cut_off_spoils_no_other(tmp_path: Path) -> None:
    """What follows stands on a line of its own."""
    file = tmp_path / "checkpoints.ndjson"
    file.write_bytes(LINES[0] + LINES[1][:20])
    await FilePlace(file).put(LINES[1:])
    read = [read_noted(line) for line in file.read_bytes().splitlines()]
    assert read == [Noted(0, "note 0\n\n— a b\n"), None, *(Noted(n, f"note {n}\n\n— a b\n") for n in (1, 2))]


async def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """In the words of the system."""
    with pytest.raises(PlaceError, match="No such file or directory"):
        await FilePlace(tmp_path / "nowhere" / "file").put(LINES)
    with pytest.raises(PlaceError, match="Is a directory"):
        await FilePlace(tmp_path).put(LINES)


async def test_what_blocks_is_left_behind_and_not_begun_again() -> None:
    """The caller goes on, and one thread hangs at most; when it comes back, so does the place."""
    gate, begun = threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        gate.wait(30)

    aside = Aside()
    with pytest.raises(PlaceError, match=r"has not taken it within 0\.05 seconds"):
        await aside.run(block, 0.05)
    with pytest.raises(PlaceError, match="still blocks since an earlier try"):
        await aside.run(block, 0.05)
    assert begun.is_set()
    gate.set()
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "checkpoint place"]
    assert thread.daemon
    await asyncio.to_thread(thread.join)
    await aside.run(lambda: None)


async def test_standard_output_gets_whole_lines(capfd: pytest.CaptureFixture[str]) -> None:
    """For those who collect what programs write."""
    await OutputPlace().put(LINES)
    assert capfd.readouterr().out.encode() == b"".join(LINES)


class Receiver:
    """A place outside that speaks HTTP and answers as a test wants."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.kinds: set[str] = set()
        self.answer: Callable[[], web.Response] = lambda: web.Response(status=204)

    async def take(self, request: web.Request) -> web.Response:
        """Note what came."""
        self.bodies.append(await request.read())
        self.kinds.add(f"{request.method} {request.content_type}")
        return self.answer()


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, EndpointPlace]]:
    """A receiver and the place that stands for it."""
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.take)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        yield made, EndpointPlace(str(server.make_url("/in?token=secret")), Wire(http, 5))


async def test_an_address_gets_each_line_by_itself(receiver: tuple[Receiver, EndpointPlace]) -> None:
    """By POST, as JSON; a hash is all that is kept of the address."""
    made, place = receiver
    await place.put(LINES)
    assert made.bodies == LINES
    assert made.kinds == {"POST application/json"}
    assert "secret" not in place.id
    assert "token" not in place.id


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda: web.Response(status=500, text="no"), "answered 500"),
        (lambda: web.Response(status=302, headers={"Location": "/elsewhere"}), "answered 302"),
        (lambda: web.Response(status=404), "answered 404"),
        (lambda: web.Response(body=b"x" * 100_000), "answered with more than 65536 bytes"),
    ],
    ids=["failure", "elsewhere", "nobody", "endless"],
)
async def test_only_a_success_counts(
    receiver: tuple[Receiver, EndpointPlace], answer: Callable[[], web.Response], reason: str
) -> None:
    """Nothing is followed, and no answer is read without end."""
    made, place = receiver
    made.answer = answer
    with pytest.raises(PlaceError, match=reason):
        await place.put(LINES[:1])
    assert len(made.bodies) == 1


def test_the_operator_names_the_places(tmp_path: Path) -> None:
    """None by itself; an address has to be safe on its way."""
    wire = Wire.__new__(Wire)
    assert places_of(Settings(), wire) == []
    settings = Settings(
        checkpoint_file=str(tmp_path / "f"), checkpoint_url="https://elsewhere.example/in", checkpoint_stdout=True
    )
    assert [place.kind for place in places_of(settings, wire)] == ["file", "url", "stdout"]
    for url in ("http://elsewhere.example", "ftp://elsewhere.example", "https://", "elsewhere"):
        with pytest.raises(ValueError, match="must be an https address"):
            Settings(checkpoint_url=url)
    assert Settings(checkpoint_url="http://127.0.0.1:9/in").checkpoint_url
    for name in ("a b", "a+b", "a\nb"):
        with pytest.raises(ValueError, match="without spaces and plus signs"):
            Settings(checkpoint_origin=name)
