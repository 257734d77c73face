"""Rotation of the master key while everything else goes on."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from syncline.core.brought import DataKey, ErasedSubject, Erasure
from syncline.core.event import BIRTH, SERVICE, SERVICE_BIRTH, Actor, Event
from syncline.core.personal import ERASED
from syncline.core.rules import Rules
from syncline.credentials import open_secret
from syncline.engine import Engine
from syncline.errors import UnavailableError
from syncline.key_ring import KeyFile, KeyVariable
from syncline.privacy import Privacy
from syncline.rotation import _SUBJECTS_TOGETHER, Handle, Rotation
from syncline.store import log
from syncline.store.record import Outcome
from syncline.store.secrets import data_key
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.verify import verify
from syncline.vault import Vault
from tests.core.chart_file import chart, service_chart

COUNT = 300
PERSON = Actor("person", "k1")
SECRET = "correct horse"
DELAYS = dict.fromkeys(("login_lifetime", "cycle_interval", "throttle_wait", "failure_wait"), 300.0)


class House:
    """A store with sealed secrets, and what rotates its key."""

    def __init__(self, store: SQLiteStore, keys: KeyFile) -> None:
        """Read the ring."""
        self.store, self.keys = store, keys
        self.engine = Engine(store, Rules(chart(), DELAYS, service_chart()))
        self.vault = Vault(keys.read())

    def rotation(self, handle: Handle | None = None) -> Rotation:
        """Answer a rotation, as each start of the service makes one."""
        return Rotation(self.store, handle or self.engine.handle, self.vault, self.keys, lambda: 7)

    async def fill(self, count: int = COUNT) -> None:
        """Make integrations with a secret each."""
        await asyncio.gather(*(self.add(f"in_{number:04d}") for number in range(count)))

    async def add(self, name: str) -> None:
        """Make one."""
        safe, key = self.vault.create_safe(name)
        brings = (key, safe.seal("client_secret", SecretStr(SECRET)))
        await self.engine.handle(Event(name, BIRTH, "birth", PERSON, 5, {"name": name}, brings=brings))

    async def key_of(self, name: str) -> DataKey:
        """Answer a data key as it is stored."""
        return await self.store.read(partial(data_key, integration=name))

    async def wrapped(self, rotation: Rotation) -> dict[str, int]:
        """Answer what each master key wraps once nothing runs any more."""
        async with asyncio.timeout(30):
            await rotation.wait()
        return (await rotation.progress()).wrapped

    async def is_whole(self, vault: Vault, count: int = COUNT) -> bool:
        """Look whether every secret opens with a ring."""
        names = [f"in_{number:04d}" for number in range(count)]
        return {(await open_secret(self.store, vault, name, "client_secret")).get_secret_value() for name in names} == {
            SECRET
        }


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Open one."""
    store = await open_store(tmp_path / "test.sqlite3")
    made = House(store, KeyFile(tmp_path))
    birth = Event(SERVICE, SERVICE_BIRTH, "birth", Actor("service", "serve"), 5, {"name": SERVICE})
    await made.engine.handle(birth)
    yield made
    await store.close()


async def test_every_data_key_is_wrapped_by_the_new_key(house: House) -> None:
    """Each by an event on its log; the secrets open with the new key alone; the log is whole."""
    await house.fill()
    old = house.vault.ring.current
    rotation = house.rotation()
    begun = await rotation.begin(PERSON)
    assert begun.current != old
    assert await house.wrapped(rotation) == {old: 0, begun.current: COUNT}
    ring = house.keys.read()
    assert ring.current == begun.current
    assert await house.is_whole(Vault(type(ring)(ring.current, {ring.current: ring.keys[ring.current]})))
    row = (await house.store.read(partial(log.rows, wanted=log.Filter("in_0007"), limit=9)))[-1].row
    assert (row.type, row.disposition) == ("data_key.rewrapped", "handled")
    assert row.data == {"from": old, "to": begun.current, "asked_by": "k1"}
    assert (await house.store.read(verify)).faults == ()


async def test_the_next_start_finishes_what_was_cut_off(house: House) -> None:
    """A rotation that stopped anywhere leaves each data key under one key of the ring; nothing is lost."""
    await house.fill()
    old, taken = house.vault.ring.current, 0

    async def die(event: Event) -> Outcome:
        nonlocal taken
        taken += event.type == "data_key.rewrapped"
        if taken > 100:
            raise UnavailableError("store.closed", "as at a shutdown")
        return await house.engine.handle(event)

    cut = house.rotation(die)
    await cut.begin(PERSON)
    wrapped = await house.wrapped(cut)
    assert wrapped[old] == COUNT - 100
    assert await house.is_whole(house.vault)
    again = house.rotation()
    again.resume()
    assert (await house.wrapped(again))[old] == 0
    assert await house.is_whole(Vault(house.keys.read()))


async def test_no_key_is_made_while_one_is_still_being_changed_to(house: House) -> None:
    """Asking twice, or after a stop, goes on with the same key."""
    await house.fill()
    rotation = house.rotation()
    asked = await asyncio.gather(*(rotation.begin(Actor("person", f"k{number}")) for number in range(5)))
    assert len({each.current for each in asked}) == 1
    assert len(house.keys.read().keys) == 2
    await house.wrapped(rotation)
    assert (await rotation.begin(PERSON)).current != asked[0].current
    await house.wrapped(rotation)


async def change(house: House) -> None:
    """Make fifty integrations and erase the secrets of fifty others."""
    erased = (Event(f"in_{n:04d}", "account.saved", "gone", PERSON, 6, brings=(Erasure(),)) for n in range(50, 100))
    await asyncio.gather(
        *(house.add(f"in_{number:04d}") for number in range(COUNT, COUNT + 50)),
        *(house.engine.handle(event) for event in erased),
    )


async def test_the_service_goes_on_meanwhile(house: House) -> None:
    """What is made and erased during a rotation is neither missed nor brought back."""
    await house.fill()
    old, rotation = house.vault.ring.current, house.rotation()
    begun, _ = await asyncio.gather(rotation.begin(PERSON), change(house))
    await house.wrapped(rotation)
    await rotation.begin(PERSON)
    wrapped = await house.wrapped(rotation)
    assert sum(wrapped.values()) == COUNT
    assert wrapped[old] == 0
    assert begun.current in wrapped


async def test_a_data_key_that_does_not_open_is_left_and_told(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """One broken row holds up no other, and the rotation ends."""
    await house.fill(10)
    spoilt = Event("in_0003", "account.saved", "x", PERSON, 6, brings=(DataKey(b"no key", house.vault.ring.current),))
    await house.engine.handle(spoilt)
    old, rotation = house.vault.ring.current, house.rotation()
    begun = await rotation.begin(PERSON)
    assert await house.wrapped(rotation) == {old: 1, begun.current: 9}
    # Nor does it hold up the next rotation, in this process or, once its start has looked, in another.
    again = await rotation.begin(PERSON)
    assert await house.wrapped(rotation) == {old: 1, begun.current: 0, again.current: 9}
    other = house.rotation()
    other.resume()
    await house.wrapped(other)
    assert (await other.begin(PERSON)).current not in {old, begun.current, again.current}
    await house.wrapped(other)
    told = capsys.readouterr()
    assert "data_key_not_rewrapped" in told.out + told.err
    assert "in_0003" in told.out + told.err


async def test_keys_of_subjects_are_wrapped_anew_as_well(house: House) -> None:
    """Many by one event on the log of the service; a log without its old master key can be read as before."""
    privacy = Privacy(house.store, house.vault)
    many = _SUBJECTS_TOGETHER + 100
    sealed = await house.store.write(lambda tx: [privacy.seal(tx, sent_by(number)) for number in range(many)])
    old, rotation = house.vault.ring.current, house.rotation()
    begun = await rotation.begin(PERSON)
    await house.wrapped(rotation)
    assert (await rotation.progress()).subjects == {old: 0, begun.current: many}
    ring = house.keys.read()
    reader = Privacy(house.store, Vault(type(ring)(begun.current, {begun.current: ring.keys[begun.current]})))
    assert await reader.reveal(sealed) == [sent_by(number) for number in range(many)]
    rows = [row.row for row in await house.store.read(partial(log.rows, wanted=log.Filter(SERVICE), limit=9))]
    told = [row.data for row in rows if row.type == "data_key.rewrapped"]
    assert told == [{"to": begun.current, "subjects": n, "asked_by": "k1"} for n in (_SUBJECTS_TOGETHER, 100)]


async def test_a_subject_erased_meanwhile_stays_erased(house: House) -> None:
    """A rotation that has read its key before puts nothing back."""
    privacy = Privacy(house.store, house.vault)
    sealed, _ = await house.store.write(lambda tx: [privacy.seal(tx, sent_by(number)) for number in (1, 2)])

    async def erase_first(event: Event) -> Outcome:
        if event.type == "data_key.rewrapped":
            gone = ErasedSubject("person:k1")
            await house.engine.handle(Event(SERVICE, "subject.erased", "gone", PERSON, 6, brings=(gone,)))
        return await house.engine.handle(event)

    old, rotation = house.vault.ring.current, house.rotation(erase_first)
    begun = await rotation.begin(PERSON)
    await house.wrapped(rotation)
    assert (await rotation.progress()).subjects == {old: 0, begun.current: 1}
    assert (await privacy.reveal(sealed)).actor.address == ERASED


def sent_by(number: int) -> Event:
    """Make an event that somebody has sent from somewhere."""
    who = Actor("person", f"k{number}", "bearer", f"192.0.2.{number}")
    return Event("in_0001", "sync.requested", "key", who, 6)


async def test_a_ring_from_outside_is_changed_to_at_the_start(house: House, tmp_path: Path) -> None:
    """The operator puts a line at its end and starts the service again: the rest happens by itself."""
    await house.fill(20)
    old = house.vault.ring.current
    text = (tmp_path / "master.key").read_text()
    other = "mk_new " + text.split()[1][::-1].lstrip("=")
    ring = KeyVariable(SecretStr(text + other.ljust(len(other) + -len(other.split()[1]) % 4, "=")))
    vault = Vault(ring.read([old]))
    rotation = Rotation(house.store, house.engine.handle, vault, ring, lambda: 7)
    rotation.resume()
    assert await house.wrapped(rotation) == {old: 0, "mk_new": 20}
    assert await house.is_whole(vault, 20)


async def test_it_stops_when_the_service_does(house: House) -> None:
    """In the middle, and without waiting for the rest."""
    await house.fill()
    reached = asyncio.Event()

    async def hang(event: Event) -> Outcome:
        if event.type == "data_key.rewrapped":
            reached.set()
            await asyncio.Event().wait()
        return await house.engine.handle(event)

    rotation = house.rotation(hang)
    await rotation.begin(PERSON)
    await reached.wait()
    async with asyncio.timeout(5):
        await rotation.stop()
    assert not (await rotation.progress()).running
