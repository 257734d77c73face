"""Where a request comes from: its peer, or what proxies that the operator trusts say of it (`X-Forwarded-For`).

Law: a header counts only as far as somebody wrote it who is trusted. Each proxy adds its peer at the end, so it is read
from there, and the first address that is no trusted proxy is the client; what stands before it anybody may write.
"""

import ipaddress
from collections.abc import Iterable
from functools import cache

from aiohttp import web

from syncline.web.site import SITE

_HEADER = "X-Forwarded-For"

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(request: web.Request) -> str:
    """Answer the address that a request comes from; empty where there is none, as on a Unix socket."""
    peer, trusted = request.remote or "", request.app[SITE].settings.trusted_proxies
    if not trusted:
        return peer
    written = ",".join(request.headers.getall(_HEADER, ()))
    return _client(peer, [*written.split(","), peer] if written else [peer], _networks(trusted))


def _client(peer: str, hops: list[str], trusted: Iterable[_Network]) -> str:
    found = peer
    for hop in reversed(hops):
        address = _read(hop)
        if address is None:  # Not written by a proxy that does it right: the one that passed it on is all there is.
            break
        found = str(address)
        if not any(address in network for network in trusted):
            break
    return found


def _read(hop: str) -> _Address | None:
    """Read an address, which some proxies write with a port, `192.0.2.1:4711` or `[2001:db8::1]:4711`."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if "%" in text:  # The name of a line of some machine's own; it may be any text.
        return None
    mapped = getattr(address, "ipv4_mapped", None)  # What a socket for both kinds calls a client by IPv4.
    return mapped or address


@cache
def _networks(words: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(word) for word in words)
