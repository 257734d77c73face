"""Addresses that other people name and that we call: which of them may be called, and one bounded call to them.

Law: what is judged is the address that a connection is about to be made to, by the socket's own maker. A name that
resolves to something else by then, a number written in another way, a second answer of a name server: all of them end
there. No redirect is followed. No exception holds the address that was called, for its path may be a secret.

The libraries that do this wrap other HTTP clients; aiohttp has the two places where a guard belongs, the resolver and
the socket factory. What is public is said by the IANA registries (RFC 6890).
"""

import asyncio
import ipaddress
import re
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from syncline.errors import InputError
from syncline.wire import KIBIBYTE, Reply

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Of https, without being allowed by the operator: its own, and the one that is commonly used beside it.
_PORTS = frozenset({443, 8443})
_LONGEST_URL = 2048
#: Of an answer nothing is used but the status, so little is read of it, and not for long.
_LONGEST_ANSWER = 16 * KIBIBYTE
_READ_SECONDS = 1.0
_MOST_HEADERS, _LONGEST_HEADER = 64, 8 * KIBIBYTE
#: A host whose last part is one of these is read as a number by some parsers and as a name by others.
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_PRINTABLE = re.compile(r"[!-\[\]-~]+")

#: Not public though `is_global` says so, or not in every version of it: relays and translators, which lead to an IPv4
#: address of the caller's choice, and the address that one cloud answers its machines' questions at.
_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
#: All that is routed on the internet; translators (64:ff9b::/96), mapped and local addresses are outside.
_UNICAST = ipaddress.ip_network("2000::/3")


class PrivateAddressError(OSError):
    """A connection was about to be made to an address that is not public."""


class CallError(Exception):
    """No answer came; `code` is that of the catalogue, the text may be shown."""

    def __init__(self, code: str, text: str) -> None:
        """Keep both."""
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call was answered."""

    status: int
    retry_after: float | None  #: seconds
    milliseconds: int


def is_public(text: str) -> bool:
    """Whether an address belongs to the internet at large; anything that is no address does not."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or (address.version == 6 and address not in _UNICAST):  # noqa: PLR2004
        return False
    return not any(address in network for network in _REFUSED if network.version == address.version)


class Destinations:
    """Calls addresses that other people name."""

    def __init__(self, allowed: Iterable[str], timeout: float) -> None:
        """Take the origins that the operator vouches for, and how many seconds a call may take."""
        self._allowed = frozenset(URL(origin).origin() for origin in allowed)
        self._timeout = timeout
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    def check(self, text: str) -> str:
        """Answer an address as it will be called; raises `InputError` for one that will never be."""
        url = _read(text)
        if url.origin() in self._allowed:
            return str(url)
        if url.scheme != "https":
            raise InputError("destination.not_https", facts={"field": "url"})
        if url.port not in _PORTS:
            raise InputError("destination.port", f"the port is {url.port}", facts={"field": "url"})
        host = (url.host or "").rstrip(".").lower()
        literal = _is_literal(host)
        if (literal and not is_public(host)) or (not literal and _NUMBER.fullmatch(host.rpartition(".")[2])):
            raise InputError("destination.private", facts={"field": "url"})
        return str(url)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Make one call; raises `CallError` when no answer came within the time."""
        target = URL(url)
        http = self._session(guarded=target.origin() not in self._allowed)
        begun = time.perf_counter()
        try:
            response = await http.post(target, headers=headers, data=body, allow_redirects=False)
        except TimeoutError:
            raise CallError("destination.slow", f"gave no answer within {self._timeout:g} seconds") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _reason(error) from None
        spent = int((time.perf_counter() - begun) * 1000)
        await _finish(response)
        return Answer(response.status, Reply(response.status, response.headers, b"").retry_after(), spent)

    async def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    def _session(self, *, guarded: bool) -> aiohttp.ClientSession:
        if guarded not in self._sessions:
            # No limits here: one that is slow must not use up what another needs. Whoever calls has limits of its own.
            connector = aiohttp.TCPConnector(
                limit=0,
                resolver=Resolver(guarded=guarded),
                socket_factory=guarded_socket if guarded else None,
                ttl_dns_cache=30,
            )
            self._sessions[guarded] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                auto_decompress=False,
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
                max_headers=_MOST_HEADERS,
                read_bufsize=_LONGEST_ANSWER,
                trust_env=False,
            )
        return self._sessions[guarded]


def guarded_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
    """Make the socket for an address that is connected to next; raises `PrivateAddressError`."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddressError("the address is not public")
    return socket.socket(family, kind, protocol)


class Resolver(AbstractResolver):
    """Asks the system, on a thread for each question: a name that nobody answers for holds up no other."""

    def __init__(self, *, guarded: bool) -> None:
        """Say whether a name that leads to a private address is refused already here."""
        self._guarded = guarded

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Answer the addresses of a name; raises `OSError`, `PrivateAddressError` if any of them is not public."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[ResolveResult]] = loop.create_future()

        def settle(answers: list[ResolveResult], failure: str) -> None:
            if found.done():  # Nobody waits any more.
                return
            if failure:
                found.set_exception(OSError(failure))
            else:
                found.set_result(answers)

        def ask() -> None:
            try:
                answers, failure = _look_up(host, port, family), ""
            except (OSError, UnicodeError) as error:
                answers, failure = [], str(error) or type(error).__name__
            with suppress(RuntimeError):  # The service has ended meanwhile.
                loop.call_soon_threadsafe(settle, answers, failure)

        threading.Thread(target=ask, name="look up", daemon=True).start()  # Never waited for at the end.
        answers = await found
        if self._guarded and not all(is_public(answer["host"]) for answer in answers):
            raise PrivateAddressError("the name leads to an address that is not public")
        return answers

    async def close(self) -> None:
        """Nothing is held."""


def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=kind,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for kind, _, protocol, _, address in socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    ]


def _read(text: str) -> URL:
    wrong = InputError("destination.malformed", facts={"field": "url"})
    if len(text) > _LONGEST_URL or not _PRINTABLE.fullmatch(text):
        raise wrong
    try:
        url = URL(text)
        port = url.port
    except (ValueError, TypeError):
        raise wrong from None
    named = "@" in text.partition("://")[2].partition("/")[0]
    if url.scheme not in {"https", "http"} or not url.host or not port or named or url.user or url.password:
        raise wrong
    return url.with_fragment(None)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _finish(response: aiohttp.ClientResponse) -> None:
    """Read what little is allowed, so that the connection can be used again; otherwise give it up."""
    try:
        async with asyncio.timeout(_READ_SECONDS):
            size = 0
            async for part in response.content.iter_any():
                size += len(part)
                if size > _LONGEST_ANSWER:
                    break
            else:
                return
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass
    finally:
        if response.content.at_eof():
            response.release()
        else:
            response.close()


def _reason(error: Exception) -> CallError:
    """The texts of these can hold the address; what is said is the kind only."""
    cause = getattr(error, "os_error", None)
    if isinstance(cause, PrivateAddressError):
        return CallError("destination.private", str(cause))
    if isinstance(error, aiohttp.ClientSSLError):
        return CallError("destination.unreachable", "has no certificate that is trusted here")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return CallError("destination.unreachable", "has a name that leads nowhere")
    if isinstance(error, aiohttp.ClientConnectorError):
        return CallError("destination.unreachable", "cannot be connected to")
    return CallError("destination.unreachable", f"broke off or answered outside HTTP ({type(error).__name__})")
