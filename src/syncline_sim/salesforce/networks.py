"""Where calls come from, and ranges of addresses: `10.0.0.0/8`, `10.0.0.1-10.0.0.9` or one address."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from syncline_sim.world import World

_Address = IPv4Address | IPv6Address
_NOWHERE = "127.0.0.1"


def source(world: "World", request: web.Request) -> str:
    """Answer the address from which a request comes, or the one from which all are said to come."""
    return str(world.switches["salesforce"]["client_address"]) or request.remote or _NOWHERE


def inside(address: str, ranges: Iterable[str]) -> bool:
    """Whether an address is in one of these ranges."""
    where = ip_address(address)
    return any(
        first.version == where.version and int(first) <= int(where) <= int(last) for first, last in map(_ends, ranges)
    )


def check(ranges: Iterable[str], *, most: int = 0, widest: int = 0) -> None:
    """Refuse what is no list of ranges, or has too many or too wide ones; raises `ValueError`."""
    found = [_ends(text) for text in ranges]
    if most and len(found) > most:
        raise ValueError(f"there may be {most} ranges of addresses")
    if widest and any(int(last) - int(first) >= widest for first, last in found):
        raise ValueError(f"a range may have {widest} addresses")


def _ends(text: str) -> tuple[_Address, _Address]:
    if "/" in text:
        network = ip_network(text.strip(), strict=False)
        return network[0], network[-1]
    first, _, last = text.partition("-")
    ends = ip_address(first.strip()), ip_address((last or first).strip())
    if ends[0].version != ends[1].version or int(ends[0]) > int(ends[1]):
        raise ValueError(f"{text} is no range of addresses; send for example 10.0.0.1-10.0.0.9")
    return ends
