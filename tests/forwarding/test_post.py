"""Batches by HTTP POST, against a server over TLS: what acknowledges, what does not, and what is told of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from syncline.errors import ProviderError, RejectedError, UnreachableError
from syncline.forwarding.carrier import BatchRefusedError
from syncline.forwarding.destination import read_destinations
from syncline.forwarding.message import messages
from syncline.forwarding.post import Post
from tests.acceptance.certificates import Authority
from tests.forwarding.rows import row

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
TOKEN = "canary-token-of-the-siem"


class Collector:
    """A server that keeps what it is sent and answers as a test says."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs yet."""
        self.authority = Authority(folder)
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Answer = self.thank
        self.over = asyncio.Event()
        self.server: TestServer

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Keep a body and answer."""
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        return await self.answer(request)

    async def thank(self, _request: web.Request) -> web.StreamResponse:
        """Answer that it is kept."""
        return web.Response(status=202)

    def post(self, options: str = "") -> Post:
        """What posts to it."""
        url = f"https://localhost:{self.server.port}/in?source=ours#ca={self.authority.file}{options}"
        (destination,) = read_destinations([url])
        return Post(destination)


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[Collector]:
    """A collector on a port of its own."""
    made = Collector(tmp_path)
    app = web.Application()
    app.router.add_post("/in", made.take)
    made.server = TestServer(app, host="localhost", scheme="https")
    await made.server.start_server(ssl=made.authority.certify("localhost"))
    yield made
    made.over.set()
    await made.server.close()


async def deliver(post: Post, count: int = 3) -> None:
    """Deliver some rows, and let go."""
    try:
        await post.deliver(await messages([row(number) for number in range(1, count + 1)], "rows", None))
    finally:
        await post.close()


async def test_batch_is_a_body_of_lines_with_the_token(collector: Collector, tmp_path: Path) -> None:
    """The query reaches the receiver, the options do not; the token is read anew for each batch."""
    (tmp_path / "token").write_text(TOKEN)
    post = collector.post(f"&token-file={tmp_path}/token")
    batch = await messages([row(1), row(2)], "rows", None)
    await post.deliver(batch)
    (tmp_path / "token").write_text("another")
    await deliver(post)
    assert collector.bodies[0] == batch[0].body + b"\n" + batch[1].body + b"\n"
    first, second = collector.headers
    assert first["Authorization"] == f"Bearer {TOKEN}"
    assert second["Authorization"] == "Bearer another"
    assert first["Content-Type"] == "application/x-ndjson"
    assert (first["Syncline-Positions"], second["Syncline-Positions"]) == ("1-2", "1-3")


def say(status: int, **headers: str) -> Answer:
    """Make an answer."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return answer


@pytest.mark.parametrize(
    ("answer", "kind", "asked"),
    [
        (say(503), UnreachableError, None),
        (say(503, Retry_After="7"), UnreachableError, 7.0),
        (say(429, Retry_After="12"), UnreachableError, 12.0),
        (say(500), UnreachableError, None),
        (say(408), UnreachableError, None),
        (say(401), RejectedError, None),
        (say(404), RejectedError, None),
        (say(400), BatchRefusedError, None),
        (say(413), BatchRefusedError, None),
        (say(422), BatchRefusedError, None),
        (say(302, Location="https://elsewhere.example.com"), RejectedError, None),
    ],
)
async def test_nothing_but_a_success_acknowledges(
    collector: Collector, answer: Answer, kind: type[ProviderError], asked: float | None
) -> None:
    """A redirect neither: the token must not travel to where another server points."""
    collector.answer = answer
    with pytest.raises(kind) as caught:
        await deliver(collector.post())
    assert getattr(caught.value, "retry_after", None) == asked
    assert len(collector.bodies) == 1


async def test_answer_without_end_and_silence_are_no_acknowledgement(collector: Collector) -> None:
    """Neither is waited for, nor read, without a limit."""

    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * 300_000)
        return response

    collector.answer = flood
    with pytest.raises(UnreachableError, match="more than 262144 bytes"):
        await deliver(collector.post())

    async def sleep(_request: web.Request) -> web.StreamResponse:
        await collector.over.wait()
        return web.Response()

    collector.answer = sleep
    with pytest.raises(UnreachableError, match=r"within 0\.3 seconds"):
        await deliver(collector.post("&timeout=0.3"))


async def test_server_has_to_show_who_it_is(collector: Collector, tmp_path: Path) -> None:
    """A certificate of an authority that is not known, or for another name, gets no row."""
    (folder := tmp_path / "other").mkdir()
    stranger = Authority(folder)
    port = collector.server.port
    for url in (
        f"https://localhost:{port}/in",
        f"https://localhost:{port}/in#ca={stranger.file}",
        f"https://127.0.0.1:{port}/in#ca={collector.authority.file}",
    ):
        (destination,) = read_destinations([url])
        with pytest.raises(UnreachableError, match="Certificate"):
            await deliver(Post(destination))
    assert collector.bodies == []


async def test_error_tells_neither_token_nor_query(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors are logged and shown."""
    monkeypatch.setenv("SIEM_TOKEN", TOKEN)
    post = collector.post("&token-env=SIEM_TOKEN")
    await collector.server.close()
    with pytest.raises(UnreachableError) as caught:
        await deliver(post)
    assert TOKEN not in str(caught.value)
    assert "source=ours" not in str(caught.value)


async def test_another_authority_is_taken_without_a_restart(collector: Collector, tmp_path: Path) -> None:
    """Certificates are exchanged now and then; the file that is named is read again after a failure."""
    (folder := tmp_path / "other").mkdir()
    named = tmp_path / "named.pem"
    named.write_bytes(Authority(folder).file.read_bytes())
    (destination,) = read_destinations([f"https://localhost:{collector.server.port}/in#ca={named}"])
    post, batch = Post(destination), await messages([row(1)], "rows", None)
    with pytest.raises(UnreachableError, match="Certificate"):
        await post.deliver(batch)
    named.write_bytes(collector.authority.file.read_bytes())
    await post.deliver(batch)
    await post.close()
    assert len(collector.bodies) == 1
