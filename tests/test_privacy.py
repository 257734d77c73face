"""Personal data: never in a row in the clear, shown while its key lives, gone for ever when the key is destroyed."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from syncline.core.brought import DataKey, Document, ErasedSubject
from syncline.core.documents import CHECKS, IDENTITY, CheckResult, ChecksDocument, IdentityDocument
from syncline.core.event import SERVICE, Actor, Event
from syncline.core.personal import ERASED
from syncline.credentials import open_safe
from syncline.engine import Engine
from syncline.errors import ConfigurationError, NotFoundError, UnavailableError
from syncline.key_ring import KeyFile, KeyRing
from syncline.privacy import Privacy
from syncline.rotation import Rotation
from syncline.service_log import ServiceLog
from syncline.store import log
from syncline.store.integrations import documents
from syncline.store.log import Filter, LogRow
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.subjects import subjects
from syncline.store.transaction import Transaction
from syncline.store.verify import verify
from syncline.vault import Vault
from tests.store.events import NOW, RULES, birth, event, lead
from tests.store.groups import Gate, Statements

ADA = Actor("person", "ak_1", via="bearer", address="192.0.2.7")
GRACE, LIN = (msgspec.structs.replace(ADA, id=f"ak_{number}", address=f"192.0.2.{number}") for number in (2, 3))


class House:
    """A store with a service's log, and an engine that seals."""

    def __init__(self, store: SQLiteStore, folder: Path) -> None:
        """Read the master key and put the parts together."""
        self.store = store
        self.vault = Vault(KeyFile(folder).read())
        self.privacy = Privacy(store, self.vault)
        self.engine = Engine(store, RULES, self.privacy.seal)
        self.service = ServiceLog(store, self.vault, self.engine.handle, lambda: NOW)

    async def rows(self, integration: str = "in_1") -> list[LogRow]:
        """Answer the log of an integration."""
        return await self.store.read(partial(log.rows, wanted=Filter(integration)))

    async def erase(self, subject: str) -> str:
        """Destroy the key of a subject; answers what became of that."""
        outcome = await self.service.note("subject.erased", {}, ErasedSubject(subject), actor=ADA)
        return outcome.disposition


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """An installation with one integration, made by Ada."""
    store = await open_store(tmp_path / "syncline.sqlite3")
    house = House(store, tmp_path)
    await house.service.open()
    await house.service.note("service.started", {})
    await house.engine.handle(msgspec.structs.replace(birth(), actor=ADA))
    yield house
    await store.close()


def of_ada(event_type: str, **data: Any) -> Event:  # noqa: ANN401  JSON
    """Make an event that Ada sends."""
    return msgspec.structs.replace(event(event_type, data=data), actor=ADA)


async def test_no_row_holds_it_and_every_reader_sees_it(house: House) -> None:
    """An address, a user's name, a text of a provider."""
    await house.engine.handle(event("checks.passed", data={"user_id": "005", "username": "ada@example.com"}))
    await house.engine.handle(event("checks.failed", data={"problem": "x", "detail": "ada@example.com is away"}))
    stored = await house.rows()
    assert not [row for row in stored if b"ada@" in row.content or b"192.0.2.7" in row.content]
    first, passed, failed = await house.privacy.reveal([row.row for row in stored])
    assert first.actor == ADA
    assert passed.data["username"] == "ada@example.com"
    assert failed.data["detail"] == "ada@example.com is away"
    assert (await house.store.read(verify)).proved


async def test_the_memory_keeps_a_sealed_text(house: House) -> None:
    """A blocking problem's detail is remembered by the integration; its line in the database names nobody."""
    for type_ in ("app.registered", "credentials.saved"):
        await house.engine.handle(event(type_))
    await house.engine.handle(event("credentials.rejected", data={"problem": "p", "detail": "ada@example.com"}))
    row = (await house.rows())[-1]
    assert (row.row.to, b"ada@" in row.content) == ("app_registered.credentials_rejected", False)
    assert (await house.privacy.reveal(row.row.context)).detail == "ada@example.com"
    assert (await house.store.read(verify)).proved


async def test_the_same_is_sealed_the_same(house: House) -> None:
    """So that a repetition is one, and is not taken for a key that comes with another payload."""
    once = of_ada("app.registered", detail="words")
    first = await house.engine.handle(once)
    await house.store.write(Transaction.forget)  # As after a restart.
    again = await house.engine.handle(once)
    assert (again.disposition, again.repeats) == ("duplicate", first.seq)


async def test_an_erased_subject_is_gone_and_everything_proves(house: House, tmp_path: Path) -> None:
    """In the log of today and in a copy of before; another subject's data stays; what comes later has a new key."""
    await house.engine.handle(of_ada("app.registered"))
    await house.engine.handle(event("checks.passed", data={"user_id": "005", "username": "grace@example.com"}))
    before = [(row.content, row.hash) for row in await house.rows()]
    copy = tmp_path / "copy.sqlite3"
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"syncline.sqlite3{suffix}", f"{copy}{suffix}")
    assert await house.erase("person:ak_1") == "handled"
    assert [(row.content, row.hash) for row in await house.rows()] == before
    born, registered, passed = await house.privacy.reveal([row.row for row in await house.rows()])
    assert (born.actor.address, registered.actor.address) == (ERASED, ERASED)
    assert passed.data["username"] == "grace@example.com"
    assert (await house.store.read(verify)).proved
    backup = await open_store(copy, read_only=True)
    assert (await backup.read(verify)).proved
    await backup.close()
    await house.engine.handle(of_ada("checks.requested"))
    assert (await house.privacy.reveal((await house.rows())[-1].row)).actor.address == ADA.address
    keys = [key for key in await house.store.read(subjects) if key.subject == "person:ak_1"]
    assert sorted((bool(key.blob), key.erased_at is None) for key in keys) == [(False, False), (True, True)]


async def test_after_a_rotation_an_old_backup_opens_nothing(house: House, tmp_path: Path) -> None:
    """Not with all that the installation still has: its database, its new master key. It proves as before."""
    await house.engine.handle(of_ada("app.registered"))
    copy = tmp_path / "copy.sqlite3"
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"syncline.sqlite3{suffix}", f"{copy}{suffix}")
    await house.erase("person:ak_1")
    keys = KeyFile(tmp_path)
    rotation = Rotation(house.store, house.engine.handle, house.vault, keys, lambda: NOW)
    await rotation.begin(ADA)
    await rotation.wait()
    ring = keys.read()
    left = Vault(KeyRing(ring.current, {ring.current: ring.keys[ring.current]}))
    backup = await open_store(copy, read_only=True)
    assert (await backup.read(verify)).proved
    (old,) = [key for key in await backup.read(subjects) if key.subject == "person:ak_1"]
    with pytest.raises(ConfigurationError, match="is not in the key ring"):
        left.unwrap(old.id, old.wrapped)
    # The safe of the service is the same as then, and was never what seals this key.
    safe = await open_safe(house.store, left, SERVICE)
    with pytest.raises(ConfigurationError):
        safe.open(old.id, old.blob, safe.key_id)
    await backup.close()
    assert (await Privacy(house.store, left).reveal((await house.rows())[0].row)).actor.address == ERASED


async def test_a_key_is_made_with_the_row_that_it_seals(house: House) -> None:
    """An event that is not recorded leaves none behind, and its neighbours of the same group are sealed by theirs."""
    lost = msgspec.structs.replace(of_ada("app.registered"), integration="in_0", actor=GRACE)
    kept = [msgspec.structs.replace(of_ada("sync.finished"), key=f"{number}", actor=LIN) for number in range(3)]
    events = [kept[0], lost, *kept[1:]]
    outcomes = await asyncio.gather(*map(house.engine.handle, events), return_exceptions=True)
    assert [isinstance(outcome, NotFoundError) for outcome in outcomes] == [False, True, False, False]
    assert {key.subject for key in await house.store.read(subjects)} == {"person:ak_1", "person:ak_3"}
    shown = await house.privacy.reveal([row.row.actor for row in await house.rows()])
    assert shown == [ADA, LIN, LIN, LIN]


async def test_a_key_that_was_taken_back_seals_nothing(house: House) -> None:
    """The group could not be committed: its keys are not in the database, and what comes next must not use them."""
    await house.engine.handle(of_ada("app.registered"))
    async with Statements(house.store) as statements:
        statements.fails = lambda sql: sql == "COMMIT"
        with pytest.raises(UnavailableError):
            await house.engine.handle(msgspec.structs.replace(of_ada("sync.finished"), actor=GRACE))
        statements.fails = lambda _: False
        await house.engine.handle(msgspec.structs.replace(of_ada("sync.finished"), actor=GRACE))
    assert (await house.privacy.reveal((await house.rows())[-1].row)).actor == GRACE


async def test_the_group_of_an_erasure_seals_by_the_new_key(house: House) -> None:
    """What Ada sends right behind the erasure is hers to erase again, and can be read until then."""
    await house.engine.handle(of_ada("app.registered"))
    gate = await Gate().close(house.store)
    erasure = asyncio.create_task(house.service.note("subject.erased", {}, ErasedSubject("person:ak_1"), actor=GRACE))
    behind = asyncio.create_task(house.engine.handle(of_ada("checks.requested")))
    await gate.open()
    assert [(await erasure).accepted, (await behind).seq] == [True, 3]
    shown = await house.privacy.reveal([row.row.actor.address for row in await house.rows()])
    assert shown == [ERASED, ERASED, ADA.address]


async def test_what_speaks_of_somebody_is_sealed_for_them(house: House) -> None:
    """Also when its sender has a key of their own, which seals their address."""
    await house.engine.handle(of_ada("checks.passed", user_id="005", username="grace@example.com"))
    row, keys = (await house.rows())[-1].row, {key.subject: key.id for key in await house.store.read(subjects)}
    assert row.actor.address.startswith(f"sealed:{keys['person:ak_1']}:")
    assert row.data["username"].startswith(f"sealed:{keys['source_user:005']}:")


async def test_an_erased_user_is_gone_from_what_its_integration_shows(house: House) -> None:
    """And from that of no other; ids and verdicts stay, and the log still proves."""
    both = ("in_1", "in_2")
    for number, id_ in enumerate(both, 1):
        if number == 2:
            await house.engine.handle(birth(integration=id_))
        await lead(house.engine, "authorized.checking", id_)
        identity = IdentityDocument(
            org_id="00D1",
            org_name="Acme",
            edition="EE",
            sandbox=False,
            user_id=f"005{number}",
            username="grace@acme.example",
            display_name="Grace",
            email="grace@acme.example",
        )
        results = CheckResult("identity", "passed", "Grace of Acme"), CheckResult("quota", "passed", "")
        checks = ChecksDocument(NOW, results)
        brings = (Document(IDENTITY, identity), Document(CHECKS, checks))
        told = {"user_id": identity.user_id, "username": identity.username}
        outcome = await house.engine.handle(event("checks.passed", *brings, integration=id_, data=told))
        assert outcome.accepted
    before = await house.store.read(partial(documents, integration="in_2"))

    assert await house.erase("source_user:0051") == "handled"
    known = await house.store.read(partial(documents, integration="in_1"))
    names = {"username": ERASED, "display_name": ERASED, "email": ERASED}
    assert known[IDENTITY] == {**before[IDENTITY], "user_id": "0051", **names}
    assert known[CHECKS]["results"] == [
        {"id": "identity", "verdict": "passed", "seen": ERASED, "problem": ""},
        {"id": "quota", "verdict": "passed", "seen": "", "problem": ""},
    ]
    assert await house.store.read(partial(documents, integration="in_2")) == before
    assert (await house.store.read(verify)).proved


async def test_only_what_has_a_key_can_be_erased(house: House) -> None:
    """Once; a second time and for a stranger it is a refusal on the service's log."""
    assert await house.erase("person:stranger") == "refused"
    assert await house.erase("person:ak_1") == "handled"
    # Ada's second order came from an address, so that she has a key again.
    assert await house.erase("person:ak_1") == "handled"
    rows = [row.row for row in await house.rows(SERVICE)]
    assert [(row.type, row.disposition, bool(row.bar)) for row in rows[2:]] == [
        ("subject.erased", "refused", True),
        ("subject.erased", "handled", False),
        ("subject.erased", "handled", False),
    ]


@pytest.mark.parametrize("text", ["sealed:", "sealed:sk_0:AAAA", "sealed:sk_0:%", "sealed:a:b:c"])
async def test_what_only_looks_sealed_stays_as_it_is(house: House, text: str) -> None:
    """A sender may send such a text; it is shown as it came."""
    await house.engine.handle(event("sync.requested", sender="hook", data={"sent": {"note": text}}))
    row = (await house.rows())[-1].row
    assert (await house.privacy.reveal(row)).data == {"sent": {"note": text}}
    assert await house.privacy.reveal({"a": [text]}) == {"a": [text]}


async def test_a_moved_text_does_not_open(house: House) -> None:
    """A value that is put under another subject's key id is no value."""
    await house.engine.handle(event("checks.passed", data={"user_id": "005", "username": "grace"}))
    keys = {key.subject: key.id for key in await house.store.read(subjects)}
    sealed = (await house.rows())[-1].row.data["username"]
    moved = sealed.replace(keys["source_user:005"], keys["person:ak_1"])
    assert await house.privacy.reveal(moved) == moved


async def test_the_service_is_installed_once(house: House) -> None:
    """A second start finds its safe and makes no second one."""
    safe = await house.store.read(lambda tx: DataKey(*tx.find_data_key(integration=SERVICE)))
    await house.service.open()
    assert await house.store.read(lambda tx: DataKey(*tx.find_data_key(integration=SERVICE))) == safe
    assert [row.row.type for row in await house.rows(SERVICE)] == ["service.installed", "service.started"]
