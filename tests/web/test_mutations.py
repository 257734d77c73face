"""A right request, changed in one place or several: none is accepted at any door, and nothing follows from it.

`SYNCLINE_MUTANTS=1000000` sends as many to each door; the normal run is smaller. The seed makes the same mutants.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from syncline.config import CALLBACK_PATH
from syncline.web.site import now
from tests.web.doors import Doors, signed
from tests.web.raw import Connection, Request, offer
from tests.web.senders import HOOK_BODY, ORG, caller, message, notification

MUTANTS = int(os.environ.get("SYNCLINE_MUTANTS", "1500"))
CONNECTIONS = 8
LETTERS = "".join(map(chr, range(0x21, 0x7F)))
Mutation = Callable[[random.Random, Request], Request]


def altered(dice: random.Random, text: str) -> str:
    """Change a text in a place: another letter, one less, one more, two exchanged, the case of all."""
    at = dice.randrange(len(text)) if text else 0
    match dice.randrange(6):
        case 0:
            return text[:at] + dice.choice(LETTERS) + text[at + 1 :]
        case 1:
            return text[:at] + text[at + 1 :]
        case 2:
            return text[:at] + dice.choice(LETTERS) + text[at:]
        case 3:
            return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
        case 4:
            return text.swapcase()
        case _:
            return text[: at + 1] * dice.randrange(3)


def other_bytes(dice: random.Random, request: Request) -> Request:
    """Flip bits of the body, cut it, or add to it."""
    body = bytearray(request.body)
    for _ in range(dice.randrange(1, 4)):
        body = body or bytearray(b" ")
        body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
    cut = dice.randrange(len(body))
    return replace(request, body=dice.choice((bytes(body), bytes(body[:cut]), request.body + bytes(body[: cut + 1]))))


def header(name: str) -> Mutation:
    """Answer what changes a header, or leaves it out."""

    def mutate(dice: random.Random, request: Request) -> Request:
        return request.put(name, altered(dice, request.get(name)) if dice.random() < 0.9 else None)

    return mutate


def token(dice: random.Random, request: Request) -> Request:
    """Change the secret part of an address, or whose it is."""
    start, _, secret = request.path.rpartition("/")
    if dice.random() < 0.2:
        start = start.replace("in_", "in_0")
    else:
        secret = altered(dice, secret).replace("/", "").replace("?", "").replace("#", "").replace("%", "")
    return replace(request, path=f"{start}/{secret}")


def within(old: bytes, *new: bytes) -> Mutation:
    """Answer what puts something else in the place of a part of the body."""
    return lambda dice, request: replace(request, body=request.body.replace(old, dice.choice(new)))


def org(dice: random.Random, request: Request) -> Request:
    """Name another org."""
    return replace(request, body=request.body.replace(ORG.encode(), altered(dice, ORG).replace("<", "").encode()))


def cut(dice: random.Random, request: Request) -> Request:
    """Break off in the middle, at the latest before the last bracket."""
    return replace(request, body=request.body[: dice.randrange(max(1, len(request.body) - 1))])


def query(dice: random.Random, request: Request) -> Request:
    """Change the parameters of a callback: the state, or one too many."""
    path, _, text = request.path.partition("?")
    state = dict(parse_qsl(text)).get("state", "x")
    wrong = "".join(letter for letter in altered(dice, state) if letter not in "&#%+? ")
    choices = (f"code=c&state={wrong}", "code=c", f"{text}&state={wrong}", f"{text}&code=d", f"{text}&error=x")
    return replace(request, path=f"{path}?{dice.choice((choices[0], *choices))}")


def mutants(base: Request, mutations: tuple[Mutation, ...], same: Callable[[Request], bool]) -> Iterator[Request]:
    """Answer that many requests, none of which says the same as the right one."""
    # What a reader may overlook, such as the media type's letter case, does not make another request.
    dice = random.Random(6)  # noqa: S311  the same ones each time
    left = MUTANTS
    while left:
        mutant = dice.choice(mutations)(dice, base)
        for _ in range(dice.choice((0, 0, 0, 1, 2))):
            mutant = dice.choice(mutations)(dice, mutant)
        if not same(mutant):
            left -= 1
            yield mutant


async def none_accepted(doors: Doors, base: Request, requests: Iterator[Request], id_: str, right: int) -> Counter[int]:
    """Send all mutants, then the right request; answers the statuses of the mutants."""
    statuses: Counter[int] = Counter()
    accepted: list[Any] = []
    begun = doors.clock()

    def heard(request: Request, status: int) -> None:
        doors.clock.ahead = begun - now()  # Time stands still, or all would be refused for their age in the end.
        statuses[status] += 1
        if status < 400:
            accepted.append(request)

    before = await doors.read(id_)
    await offer(_port(doors), requests, heard, connections=CONNECTIONS)
    assert accepted == []
    assert sum(statuses.values()) == MUTANTS
    assert max(statuses) < 500, statuses
    after = await doors.read(id_)
    assert (after.state, after.state_seq, after.context) == (before.state, before.state_seq, before.context)
    connection = Connection(_port(doors))
    assert await connection.ask(base) == right
    await connection.close()
    return statuses


def _port(doors: Doors) -> int:
    port = doors.client.server.port
    assert port is not None
    return port


pytestmark = [pytest.mark.slow, pytest.mark.timeout(14_400)]


@pytest.mark.case("webhooks", 3)
async def test_mutated_events(doors: Doors) -> None:
    """Every letter of id, time, signature and body counts."""
    created = await doors.create()
    id_, secret = created["id"], created["hook"]["secret"]
    headers = signed(secret, "msg_right", HOOK_BODY)
    base = Request(f"/hooks/{id_}/events", tuple(headers.items()), HOOK_BODY)
    signed_by = ("webhook-id", "webhook-timestamp", "webhook-signature")
    mutations: tuple[Mutation, ...] = (other_bytes, *map(header, signed_by), within(b"{", b"[", b" {", b"{{"))

    def same(mutant: Request) -> bool:
        own = all(mutant.get(name) == base.get(name) for name in signed_by[:2])
        return own and mutant.body == base.body and base.get(signed_by[2]) in mutant.get(signed_by[2]).split(" ")

    await none_accepted(doors, base, mutants(base, mutations, same), id_, 200)


@pytest.mark.case("webhooks", 18)
async def test_mutated_outbound_messages(doors: Doors) -> None:
    """Another address, another org, or no message at all."""
    one = await caller(doors, "salesforce")
    base = Request(one.path, (("content-type", "text/xml"),), message([notification(1), notification(2)]))
    doctype = within(b"?>\n", b'?><!DOCTYPE a [<!ENTITY e "x">]>', b"?><!DOCTYPE a>", b"?>&e;", b"?>x")
    envelope = within(
        b"notifications xmlns", b"notification xmlns", b"Notifications xmlns", b"x xmlns", b"notifications x"
    )

    def same(mutant: Request) -> bool:
        return mutant.path == base.path and mutant.body in {
            base.body,
            base.body.replace(ORG.encode(), ORG[:15].encode()),
        }

    mutations: tuple[Mutation, ...] = (token, org, cut, doctype, envelope, header("content-type"))
    await none_accepted(doors, base, mutants(base, mutations, same), one.id, 200)
    assert [told for _, _, told in await one.rows()] == ["handled", "handled"]


@pytest.mark.case("webhooks", 26)
async def test_mutated_webhooks(doors: Doors) -> None:
    """Address and header both count, and a body that is no call is none."""
    one = await caller(doors, "marketo")
    headers = (("content-type", "application/json"), ("x-syncline-secret", one.secret))
    base = Request(one.path, headers, b'{"event":"sync","person":7,"record":"00QHs0000000001"}')

    def same(mutant: Request) -> bool:
        own = mutant.get("x-syncline-secret") == one.secret and mutant.path == base.path
        return own and mutant.body == base.body

    mutations: tuple[Mutation, ...] = (token, header("x-syncline-secret"), cut, header("content-type"))
    await none_accepted(doors, base, mutants(base, mutations, same), one.id, 200)
    assert [told for _, _, told in await one.rows()] == ["handled"]


async def test_mutated_callbacks(doors: Doors) -> None:
    """Another state, another browser, or more than one answer at once."""
    id_ = await doors.at_login()
    doors.client.session.cookie_jar.clear()
    state = await doors.start_login(id_)
    (cookie,) = doors.client.session.cookie_jar
    base = Request(f"{CALLBACK_PATH}?code=c&state={state}", (("cookie", f"{cookie.key}={cookie.value}"),), method="GET")

    def same(mutant: Request) -> bool:
        return mutant.path == base.path and f"{cookie.key}={cookie.value}" in mutant.get("cookie")

    await none_accepted(doors, base, mutants(base, (query, query, header("cookie")), same), id_, 303)
