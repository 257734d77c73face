"""HTTP calls that the vendors make by themselves, with an end to waiting and to reading.

Law: nothing leaves this machine unless whoever started the world allowed it. An address is judged when it is connected
to, so that no name leads elsewhere; no redirect is followed, no proxy is asked, and no cookie is kept.
"""

import errno
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

LONGEST_ANSWER = 2**20
_ELSEWHERE = "only this machine is called, unless the world was started with --send-anywhere"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the called server said."""

    status: int
    reason: str
    body: bytes


class UndeliverableError(Exception):
    """No answer came; the message says why."""


class Letters:
    """Makes the calls of one world."""

    def __init__(self, *, anywhere: bool = False) -> None:
        self._anywhere = anywhere

    async def send(
        self, method: str, address: str, *, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> Answer:
        """Make one call, to an address that is taken as it is written; raises `UndeliverableError`."""
        timeout = aiohttp.ClientTimeout(total=seconds)
        # A connection for each call, so that none is left open by a world that ends.
        connector = aiohttp.TCPConnector(force_close=True, use_dns_cache=False, socket_factory=self._socket)
        plain = {"Accept-Encoding": "identity", **headers}
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
                ) as session,
                session.request(
                    method,
                    URL(address, encoded=True),
                    headers=plain,
                    skip_auto_headers=("Accept", "Content-Type", "User-Agent"),
                    data=body,
                    allow_redirects=False,
                ) as response,
            ):
                return Answer(response.status, response.reason or "", await _read(response))
        except TimeoutError:
            raise UndeliverableError("Read timed out") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UndeliverableError(str(error) or type(error).__name__) from None

    def _socket(self, where: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = where
        # The zone of a link-local address is no part of what is judged.
        if not self._anywhere and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
            raise PermissionError(errno.EACCES, _ELSEWHERE)
        return socket.socket(family, kind, protocol)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise UndeliverableError(f"The answer has more than {LONGEST_ANSWER} bytes")
    return bytes(body)
