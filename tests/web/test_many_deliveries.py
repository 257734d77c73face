"""Many events, each delivered one to five times, shuffled, up to a day late, while the database fails now and then.

A sender that tries again signs anew, with the same id. `SYNCLINE_EVENTS=100000` is the whole of it; the normal run is
smaller. The seed makes the same deliveries.
"""

import json
import os
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.web.doors import Doors, signed
from tests.web.raw import Request, offer
from tests.web.senders import rotate, syncing
from tests.web.stores import failing_store

EVENTS = int(os.environ.get("SYNCLINE_EVENTS", "1500"))
INTEGRATIONS, CONNECTIONS, STEPS = 10, 32, 40
DAY = 86_400_000_000
TYPES = ("pause.requested", "resume.requested", "sync.requested", "checks.requested")


@dataclass(frozen=True, slots=True)
class Planned:
    """One delivery: of which event, to whom, and when."""

    at: int
    number: int


def plan(dice: random.Random) -> list[Planned]:
    """Answer all deliveries in the order of their time; each event has one to five of them."""
    return sorted(
        (Planned(dice.randrange(DAY), number) for number in range(EVENTS) for _ in range(dice.randint(1, 5))),
        key=lambda one: one.at,
    )


class Sender:
    """Holds the secrets of all hooks, and what was acknowledged."""

    def __init__(self, doors: Doors, secrets: dict[str, str]) -> None:
        """Take the secrets by integration."""
        self._doors, self._secrets, self._ids = doors, secrets, list(secrets)
        self.acknowledged: Counter[str] = Counter()
        self.refused: list[Planned] = []
        self.statuses: Counter[int] = Counter()

    def requests(self, due: list[Planned]) -> Iterator[Request]:
        """Sign what is due, now."""
        for one in due:
            id_ = self._ids[one.number % INTEGRATIONS]
            event = {"type": TYPES[one.number // INTEGRATIONS % len(TYPES)], "data": {"number": one.number}}
            body = json.dumps(event).encode()
            headers = signed(self._secrets[id_], f"ev_{one.number}", body, stamp=self._doors.clock() // 1_000_000)
            yield Request(f"/hooks/{id_}/events", tuple(headers.items()), body)

    def hear(self, request: Request, status: int) -> None:
        """Remember what was said."""
        self.statuses[status] += 1
        if status < 300:
            self.acknowledged[request.get("webhook-id")] += 1
        else:
            number = int(request.get("webhook-id").removeprefix("ev_"))
            self.refused.append(Planned(0, number))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.case("webhooks", 7)
async def test_every_effect_exactly_once_and_no_false_acknowledgement(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event owns one row, each effect has one cause, and what was acknowledged is there."""
    dice = random.Random(100)  # noqa: S311  the same ones each time
    hooks = [await syncing(doors) for _ in range(INTEGRATIONS)]
    sender = Sender(doors, {id_: (await rotate(doors, id_, "events", hours=0))["secret"] for id_ in hooks})
    deliveries = plan(dice)
    port = doors.client.server.port
    assert port is not None
    for step in range(STEPS):
        due = [one for one in deliveries if one.at * STEPS // DAY == step] + sender.refused
        sender.refused = []
        dice.shuffle(due)
        doors.clock.ahead += DAY // STEPS
        broken = due[: len(due) // 20] if step % 4 == 1 else []
        if broken:
            with failing_store(doors, monkeypatch):
                await offer(port, sender.requests(broken), sender.hear, connections=CONNECTIONS)
            assert len(sender.refused) == len(broken)
        await offer(port, sender.requests(due[len(broken) :]), sender.hear, connections=CONNECTIONS)
    await offer(port, sender.requests(sender.refused), sender.hear, connections=CONNECTIONS)

    assert set(sender.statuses) == {200, 503}
    assert len(sender.acknowledged) == EVENTS
    assert sum(sender.acknowledged.values()) == len(deliveries)
    found = sqlite3.connect(f"file:{doors.store.path}?mode=ro", uri=True)
    rows = "SELECT key, owns_key, disposition, content FROM audit WHERE key LIKE 'hook:ev!_%' ESCAPE '!'"
    owners: Counter[str] = Counter()
    caused: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for key, owns, disposition, content in found.execute(rows):
        owners[key.removeprefix("hook:")] += owns
        told[disposition] += 1
        effects = json.loads(content).get("effects", ())
        assert bool(owns) or (disposition, effects) == ("duplicate", ())
        caused.update(effects)
    assert owners == Counter(sender.acknowledged.keys())
    assert sum(told.values()) == len(deliveries)
    assert told["duplicate"] == len(deliveries) - EVENTS
    assert told["transitioned"] > EVENTS / 10
    stored = Counter(id_ for (id_,) in found.execute("SELECT id FROM effects"))
    assert caused
    assert max(stored.values()) == max(caused.values()) == 1
    assert set(caused) <= set(stored)
    found.close()
    figures = (
        f"{EVENTS} events, {len(deliveries)} deliveries, {dict(sender.statuses)}, {dict(told)}, {len(caused)} effects"
    )
    sys.stdout.write(f"{figures}\n")
