"""The HTTP clients of the service, and how many connections they may hold."""

import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from syncline.config import Settings

#: What open connections to providers may cost: sockets in all, and to one host.
_CALLS, _CALLS_PER_HOST = 200, 40
#: Files, and so connections, that the system is asked for; most begin with 1,024 and allow many more.
_FILES = 65_536


@dataclass(frozen=True, slots=True)
class Clients:
    """What others are called over."""

    calls: aiohttp.ClientSession
    #: Apart from the calls, whose room they would take: each connection is held for as long as somebody listens.
    listening: aiohttp.ClientSession


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Clients]:
    """Open both for the length of a block."""
    async with (
        _open(settings, _CALLS, _CALLS_PER_HOST) as calls,
        _open(settings, settings.change_streams, 0) as listening,  # An org's host is its own.
    ):
        yield Clients(calls, listening)


@asynccontextmanager
async def _open(settings: Settings, most: int, most_per_host: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a client: it keeps no cookies and takes neither proxies nor passwords from its surroundings."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=most, limit_per_host=most_per_host),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=settings.http_timeout),
        trust_env=False,
    ) as http:
        yield http


def allow_many() -> None:
    """Ask the system for as many open files as it lets us have, within reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
