"""Speaks to the running service over its HTTP API."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import aiohttp
import typer
from yarl import URL

from syncline.cli.exits import UNREACHABLE, USAGE, CommandError

#: `--url` and `--key`, the same for every command that speaks to the service.
ServiceUrl = Annotated[
    str, typer.Option("--url", envvar="SYNCLINE_URL", help="Where the service answers.", metavar="URL")
]
ServiceKey = Annotated[
    str,
    typer.Option(
        "--key",
        envvar="SYNCLINE_KEY",
        help="An API key; better given by the environment, since other users can see a command line.",
        metavar="KEY",
        show_envvar=True,
    ),
]
DEFAULT_URL = "http://127.0.0.1:8080"

_TIMEOUT = 30.0
_LARGEST_ANSWER = 64 * 1024 * 1024


class Client:
    """A caller of the API who has a key."""

    def __init__(self, http: aiohttp.ClientSession, url: str, key: str) -> None:
        """Take an open session, the origin of the service, and a key that is sent with every call."""
        self._http = http
        self._who = {"Authorization": f"Bearer {key}"}
        self.url = url.rstrip("/")

    async def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401  JSON
        """Read something; parameters that are empty are left out."""
        wanted = {name: str(value) for name, value in query.items() if value not in {"", 0}}
        return await self.call("GET", path, query=wanted)

    async def post(self, path: str, body: object, *, idempotency_key: str = "") -> Any:  # noqa: ANN401
        """Send something."""
        return await self.call("POST", path, body=body, headers={"Idempotency-Key": idempotency_key})

    async def delete(self, path: str) -> Any:  # noqa: ANN401
        """Take something away."""
        return await self.call("DELETE", path)

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:  # noqa: ANN401  JSON
        """Call the API; raises `CommandError` with the problem document's own words."""
        try:
            async with self._http.request(
                method,
                f"{self.url}{path}",
                json=body,
                params=query,
                headers={**self._who, **{name: value for name, value in (headers or {}).items() if value}},
                allow_redirects=False,
            ) as response:
                raw = await response.content.read(_LARGEST_ANSWER)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(self.url, error) from None
        return _answer(status, raw)

    async def lines(self, path: str, **query: str) -> AsyncIterator[bytes]:
        """Read an export as it comes; raises `CommandError`, also when it breaks off: then what came is not whole."""
        wanted = {name: value for name, value in query.items() if value}
        size = 0
        try:
            async with self._http.get(
                f"{self.url}{path}", params=wanted, headers=self._who, allow_redirects=False
            ) as response:
                if response.status != 200:  # noqa: PLR2004
                    _answer(response.status, await response.content.read(_LARGEST_ANSWER))
                async for chunk in response.content.iter_any():
                    yield chunk
                    size += len(chunk)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if size:
                raise CommandError(f"the export broke off after {size:,} bytes: it is not whole") from None
            raise unreachable(self.url, error) from None


@asynccontextmanager
async def connect(url: str, key: str) -> AsyncIterator[Client]:
    """Open a client for the length of a block; raises `CommandError` when the key or the address cannot be right."""
    if not key:
        raise CommandError("no API key: set SYNCLINE_KEY or give --key", code=USAGE)
    if URL(url).scheme not in {"http", "https"}:
        raise CommandError(f"{url} is no http address", code=USAGE)
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_TIMEOUT, sock_read=_TIMEOUT),
    ) as http:
        yield Client(http, url, key)


def unreachable(url: str, error: BaseException) -> CommandError:
    """Answer the error for a service that does not answer."""
    text = f"no answer from {url} ({type(error).__name__}); is `syncline serve` running there?"
    return CommandError(text, code=UNREACHABLE)


def _answer(status: int, raw: bytes) -> Any:  # noqa: ANN401
    try:
        document = json.loads(raw) if raw else None
    except ValueError:
        raise CommandError(f"the service answered {status} with something that is not JSON") from None
    if status < 400:  # noqa: PLR2004
        return document
    problem = document if isinstance(document, dict) else {}
    words = [problem.get("code"), problem.get("detail") or problem.get("title"), problem.get("remedy")]
    text = " — ".join(str(word) for word in words if word)
    raise CommandError(text or f"the service answered {status}", problem=problem or None)
