"""Addresses that other people name: which are called, and what becomes of a call whatever is at the other end."""

import asyncio
import socket
from typing import Any

import pytest

from syncline.destinations import CallError, Destinations, PrivateAddressError, guarded_socket, is_public
from syncline.errors import InputError
from tests.endpoints import calling, listening

OPEN = "https://hooks.example.com/a/b?c=d"


def refused(url: str, *allowed: str) -> str:
    """Answer the code that an address is refused with at the door."""
    with pytest.raises(InputError) as caught:
        Destinations(allowed, 1).check(url)
    assert caught.value.facts == {"field": "url"}
    return caught.value.code


@pytest.mark.parametrize("url", [OPEN, "https://hooks.example.com", "https://1.1.1.1/x", "https://[2606:4700::1]:8443"])
def test_public_address_is_taken(url: str) -> None:
    """By name or by number, at the two ports."""
    assert Destinations((), 1).check(url).startswith("https://")


PRIVATE = {
    "this machine": ["127.0.0.1", "127.8.9.10", "0.0.0.0", "::1", "::"],  # noqa: S104  not to listen on
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "link-local and metadata": ["169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%1", "fd00:ec2::254"],
    "other clouds' own": ["168.63.129.16", "100.100.100.200", "192.0.0.192"],
    "CGNAT": ["100.64.0.1", "100.127.255.255"],
    "ULA and site-local": ["fc00::1", "fdff::1", "fec0::1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b:1::a00:1"],
    "6to4 and Teredo": ["2002:7f00:1::", "2001:0:a00:1::", "192.88.99.1"],
    "mapped and compatible": ["::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::7f00:1"],
    "benchmarks, documentation, reserved": ["198.18.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "240.0.0.1"],
    "documentation of IPv6": ["2001:db8::1", "3fff::1", "100::1"],
    "to many": ["224.0.0.1", "255.255.255.255", "ff02::1"],
}


@pytest.mark.case("webhooks", 28)
@pytest.mark.case("webhooks", 31)
@pytest.mark.parametrize("address", [each for some in PRIVATE.values() for each in some])
def test_private_address_is_refused_at_the_door_and_at_the_socket(address: str) -> None:
    """Metadata, CGNAT, ULA, NAT64 and all the others that are not the internet's."""
    assert not is_public(address)
    host = f"[{address}]" if ":" in address else address
    if "%" not in address:
        assert refused(f"https://{host}/latest/meta-data") == "destination.private"
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(PrivateAddressError):
        guarded_socket((family, socket.SOCK_STREAM, 6, "", (address, 443)))


@pytest.mark.case("webhooks", 28)
@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "017700000001",
        "2852039166",
        "127.0.0.1.",
        "0xA9FEA9FE",
    ],
)
def test_number_in_another_form_is_refused(host: str) -> None:
    """Decimal, octal, hexadecimal, short: what some parser takes for an address is no name."""
    assert refused(f"https://{host}/") == "destination.private"


@pytest.mark.case("webhooks", 28)
@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"])
async def test_name_that_the_system_takes_for_this_machine_is_never_connected_to(host: str) -> None:
    """Also when the check at the door is left out."""
    async with calling() as opened:
        with pytest.raises(CallError) as caught:
            await opened.post(f"https://{host}/", {}, b"")
    assert caught.value.code in {"destination.private", "destination.unreachable"}
    if host == "localhost":
        assert caught.value.code == "destination.private"


@pytest.mark.case("webhooks", 29)
async def test_name_that_is_bound_to_another_address_after_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """The door sees a name, the first look-up a public address, the second this machine: nothing is sent there."""
    reached: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.read(1))

    async with listening(serve) as origin:
        port = int(origin.rpartition(":")[2])
        look_up = socket.getaddrinfo
        asked: list[str] = []

        def rebind(host: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401  as the function it stands for
            asked.append(host)
            return look_up("127.0.0.1" if host == "rebind.example.com" else host, port, *rest[1:], **more)

        monkeypatch.setattr(socket, "getaddrinfo", rebind)
        async with calling() as opened:
            url = opened.check("https://rebind.example.com/")
            with pytest.raises(CallError) as caught:
                await opened.post(url, {}, b"secret")
    assert caught.value.code == "destination.private"
    assert asked == ["rebind.example.com"]
    assert reached == []


@pytest.mark.case("webhooks", 29)
async def test_resolver_that_lies_does_not_get_past_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is judged in the end is the address that is connected to: the resolver's own check may be passed by."""
    monkeypatch.setattr("syncline.destinations.Resolver.__init__", lambda self, **_: setattr(self, "_guarded", False))
    async with calling() as opened:
        with pytest.raises(CallError) as caught:
            await opened.post("https://localhost/", {}, b"")
    assert caught.value.code == "destination.private"


@pytest.mark.case("webhooks", 32)
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example.com/", "destination.not_https"),
        ("https://hooks.example.com:22/", "destination.port"),
        ("https://hooks.example.com:80/", "destination.port"),
        ("https://hooks.example.com:0/", "destination.malformed"),
        ("https://hooks.example.com:99999/", "destination.malformed"),
        ("https://user@hooks.example.com/", "destination.malformed"),
        ("https://user:word@hooks.example.com/", "destination.malformed"),
        ("https://@hooks.example.com/", "destination.malformed"),
        ("https://:@hooks.example.com/", "destination.malformed"),
        ("https://hooks.example.com\\@127.0.0.1/", "destination.malformed"),
        ("https://hooks.example.com /", "destination.malformed"),
        ("https://hooks.example.com/\r\nHost: a", "destination.malformed"),
        ("https://höoks.example.com/", "destination.malformed"),
        ("ftp://hooks.example.com/", "destination.malformed"),
        ("file:///etc/passwd", "destination.malformed"),
        ("gopher://hooks.example.com:443/", "destination.malformed"),
        ("//hooks.example.com/", "destination.malformed"),
        ("hooks.example.com", "destination.malformed"),
        ("https://", "destination.malformed"),
        ("https://[::1", "destination.malformed"),
        ("", "destination.malformed"),
        (f"https://hooks.example.com/{'a' * 2048}", "destination.malformed"),
    ],
)
def test_odd_address_is_refused_at_the_door(url: str, code: str) -> None:
    """Another scheme, an odd port, somebody's name and password, and what parsers read differently."""
    assert refused(url) == code


@pytest.mark.case("webhooks", 32)
def test_operator_allows_an_origin_and_no_more_than_that() -> None:
    """Scheme, host and port, all three; still without a name and a password."""
    allowed = "http://10.0.0.5:9000"
    assert Destinations([allowed], 1).check(f"{allowed}/hook#part") == f"{allowed}/hook"
    assert refused("http://10.0.0.5/", allowed) == "destination.not_https"
    assert refused("https://10.0.0.5:9000/", allowed) == "destination.port"
    assert refused("http://10.0.0.6:9000/", allowed) == "destination.not_https"
    assert refused("http://user@10.0.0.5:9000/", allowed) == "destination.malformed"
