"""Each kind of thing that an event can bring or consume."""

from functools import partial

import pytest

from syncline.core.brought import (
    DataKey,
    Document,
    Erasure,
    LoginAttempt,
    RefusedRecords,
    RewrappedKey,
    SealedSecret,
    SentRecords,
    SettledEffect,
    SpentAttempt,
)
from syncline.engine import Engine
from syncline.errors import NotFoundError
from syncline.store import effects, integrations, records, secrets
from syncline.store.effects import EffectRow
from syncline.store.secrets import OpenAttempt, SealedRow
from syncline.store.transaction import Store
from tests.store.events import NOW, birth, event, walk

ATTEMPT = LoginAttempt("state hash", "browser hash", SealedSecret("verifier", b"sealed", "dk_1", "f"), NOW + 600)


async def read_sealed(store: Store, integration: str = "in_1") -> dict[str, SealedRow]:
    """Answer the sealed secrets of an integration."""
    return await store.read(partial(secrets.sealed, integration=integration))


async def read_attempt(store: Store) -> OpenAttempt | None:
    """Answer the login attempt of these tests, if it is still open."""
    return await store.read(partial(secrets.login_attempt, state_hash="state hash"))


async def claim(store: Store, now: int = NOW * 2) -> EffectRow:
    """Take the one effect that is due."""
    (taken,) = await store.write(partial(effects.claim, now=now, lease="mine", lease_until=now + 60, limit=9))
    return taken


async def test_a_secret_takes_the_place_of_the_one_before(store: Store, engine: Engine) -> None:
    """One sealed value per field, with the event that brought it."""
    await engine.handle(birth(SealedSecret("client_secret", b"one", "dk_1", "f1")))
    await engine.handle(event("account.saved", SealedSecret("client_secret", b"two", "dk_2", "f2"), at=NOW))
    assert await read_sealed(store) == {"client_secret": SealedRow("client_secret", b"two", "dk_2", "f2", 2, NOW)}


async def test_secrets_belong_to_their_integration(store: Store, engine: Engine) -> None:
    """Two integrations may have a secret of the same name."""
    await engine.handle(birth(SealedSecret("client_secret", b"one", "dk_1", "f1")))
    await engine.handle(birth(SealedSecret("client_secret", b"two", "dk_1", "f2"), integration="in_2"))
    assert (await read_sealed(store))["client_secret"].blob == b"one"
    assert (await read_sealed(store, "in_2"))["client_secret"].blob == b"two"


async def test_a_data_key_is_exchanged_in_its_place_only(store: Store, engine: Engine) -> None:
    """Not when it was exchanged by somebody else, and never when it was erased: that would bring it back."""
    first, second = DataKey(b"wrapped", "mk_1"), DataKey(b"wrapped anew", "mk_2")
    await engine.handle(birth(first))
    assert (await engine.handle(event("data_key.rewrapped", RewrappedKey(second, first), key="a"))).accepted
    late = await engine.handle(event("data_key.rewrapped", RewrappedKey(DataKey(b"late", "mk_3"), first), key="b"))
    assert late.disposition == "refused"
    assert await store.read(partial(secrets.data_key, integration="in_1")) == second
    await engine.handle(event("account.saved", Erasure(), key="c"))
    gone = await engine.handle(event("data_key.rewrapped", RewrappedKey(first, second), key="d"))
    assert gone.disposition == "refused"
    with pytest.raises(NotFoundError):
        await store.read(partial(secrets.data_key, integration="in_1"))


async def test_a_data_key_is_kept(store: Store, engine: Engine) -> None:
    """The wrapped key comes with the birth and can be replaced by a later event."""
    await engine.handle(birth(DataKey(b"wrapped", "mk_1")))
    assert await store.read(partial(secrets.data_key, integration="in_1")) == DataKey(b"wrapped", "mk_1")
    await engine.handle(event("account.saved", DataKey(b"wrapped anew", "mk_2")))
    assert await store.read(partial(secrets.data_key, integration="in_1")) == DataKey(b"wrapped anew", "mk_2")


async def test_a_document_takes_the_place_of_the_one_before(store: Store, engine: Engine) -> None:
    """One document per name; others stay."""
    await engine.handle(birth(Document("settings", {"a": 1}), Document("grant", [1])))
    await engine.handle(event("account.saved", Document("settings", {"b": None})))
    read = await store.read(partial(integrations.documents, integration="in_1"))
    assert read == {"settings": {"b": None}, "grant": [1]}


async def test_erasing_some_leaves_the_others(store: Store, engine: Engine) -> None:
    """Only the fields that are named are erased."""
    sealed = [SealedSecret(name, b"sealed", "dk_1", "f") for name in ("code", "verifier", "consumer_key")]
    await engine.handle(birth(*sealed))
    await engine.handle(event("account.saved", Erasure(("code", "verifier"))))
    assert set(await read_sealed(store)) == {"consumer_key"}


async def test_erasing_everything_erases_the_key_too(store: Store, engine: Engine) -> None:
    """Without names all secrets, the data key and the open logins go; another integration keeps its own."""
    for name in ("in_1", "in_2"):
        sealed = SealedSecret("consumer_key", b"sealed", "dk_1", "f")
        await engine.handle(birth(DataKey(b"wrapped", "mk_1"), sealed, integration=name))
    await engine.handle(event("account.saved", ATTEMPT))
    await engine.handle(event("account.saved", Erasure()))
    assert await read_sealed(store) == {}
    assert await read_attempt(store) is None
    assert set(await read_sealed(store, "in_2")) == {"consumer_key"}
    with pytest.raises(NotFoundError) as raised:
        await store.read(partial(secrets.data_key, integration="in_1"))
    assert raised.value.code == "secret.unknown"


async def test_a_login_attempt_is_kept_and_spent_once(store: Store, engine: Engine) -> None:
    """The event that spends it wins; a second one under another key is refused, and the verifier is gone."""
    await walk(engine, "credentials_saved.ready")
    await engine.handle(event("login.started", ATTEMPT, at=NOW))
    assert await read_attempt(store) == OpenAttempt(
        "state hash", "in_1", "browser hash", ATTEMPT.verifier, ATTEMPT.expires_at
    )
    first = await engine.handle(event("login.returned", SpentAttempt("state hash"), at=NOW + 1))
    second = await engine.handle(event("login.returned", SpentAttempt("state hash"), at=NOW + 2))
    assert (first.disposition, second.disposition) == ("transitioned", "refused")
    assert "used before" in second.reason
    assert await read_attempt(store) is None


async def test_an_expired_attempt_cannot_be_spent(store: Store, engine: Engine) -> None:
    """A login that comes back too late is refused, at the very microsecond."""
    await walk(engine, "credentials_saved.ready")
    await engine.handle(event("login.started", ATTEMPT, at=NOW))
    late = await engine.handle(event("login.returned", SpentAttempt("state hash"), at=ATTEMPT.expires_at))
    assert (late.disposition, late.to) == ("refused", "credentials_saved.awaiting_login")


async def test_an_attempt_of_another_integration_cannot_be_spent(store: Store, engine: Engine) -> None:
    """A state value opens only the integration that it was made for."""
    await walk(engine, "credentials_saved.awaiting_login", "in_2")
    await walk(engine, "credentials_saved.ready")
    await engine.handle(event("login.started", ATTEMPT, at=NOW))
    stolen = event("login.returned", SpentAttempt("state hash"), integration="in_2", at=NOW + 1)
    assert (await engine.handle(stolen)).disposition == "refused"
    assert await read_attempt(store) is not None


async def test_an_effect_is_settled_by_its_result(store: Store, engine: Engine) -> None:
    """The result and the end of the effect are one."""
    await walk(engine, "app_registered.probing_credentials")
    effect = await claim(store)
    result = event("credentials.accepted", SettledEffect(effect.id, "mine"), at=NOW, state_seq=effect.state_seq)
    assert (await engine.handle(result)).disposition == "transitioned"
    ended = await store.read(partial(effects.find, effect=effect.id))
    assert (ended.status, ended.ended_at) == ("done", NOW)


async def test_a_result_without_the_lease_changes_nothing(store: Store, engine: Engine) -> None:
    """A worker that lost its effect to another one is not believed any more."""
    await walk(engine, "app_registered.probing_credentials")
    effect = await claim(store)
    result = await engine.handle(event("credentials.accepted", SettledEffect(effect.id, "another's")))
    assert (result.disposition, result.to) == ("stale", "app_registered.probing_credentials")
    assert (await store.read(partial(effects.find, effect=effect.id))).status == "running"


async def test_a_result_that_comes_too_late_still_ends_its_effect(store: Store, engine: Engine) -> None:
    """When the state was left meanwhile the result is stale, and the effect is not run again."""
    await walk(engine, "app_registered.probing_credentials")
    effect = await claim(store)
    await engine.handle(event("credentials.saved"))
    late = event("credentials.accepted", SettledEffect(effect.id, "mine"), state_seq=effect.state_seq)
    assert (await engine.handle(late)).disposition == "stale"
    assert (await store.read(partial(effects.find, effect=effect.id))).status == "done"


async def test_an_exhausted_effect_is_a_dead_letter(store: Store, engine: Engine) -> None:
    """What was given up is not done, and says so."""
    await walk(engine, "app_registered.probing_credentials")
    effect = await claim(store)
    await engine.handle(event("effect.exhausted", SettledEffect(effect.id, "mine")))
    assert (await store.read(partial(effects.find, effect=effect.id))).status == "dead"


async def test_a_sign_of_life_extends_the_lease(store: Store, engine: Engine) -> None:
    """Progress keeps the effect running and forgets the failures before it."""
    await walk(engine, "syncing.initial_sync")
    first = await claim(store)
    await store.write(partial(effects.postpone, effect=first.id, lease="mine", due_at=NOW, error="x: y"))
    again = await claim(store)
    alive = SettledEffect(again.id, "mine", done=False, lease_until=NOW * 5)
    assert (await engine.handle(event("sync.progressed", alive))).disposition == "handled"
    now = await store.read(partial(effects.find, effect=again.id))
    assert (now.status, now.lease_until, now.attempts, now.last_error) == ("running", NOW * 5, 1, "")


async def test_sent_records_are_remembered_and_forgotten(store: Store, engine: Engine) -> None:
    """The newest stamp of each record is kept until the look-back has passed it."""
    await walk(engine, "syncing.initial_sync")
    await engine.handle(event("sync.progressed", SentRecords("Lead", (("1", "s1"), ("2", "s2"), ("3", "s3")))))
    await engine.handle(event("sync.progressed", SentRecords("Lead", (("2", "s9"),), forget_before="s3")))
    await engine.handle(event("sync.progressed", SentRecords("Contact", ())))

    found = await store.read(partial(records.known, integration="in_1", object="Lead", ids=("1", "2", "3", "4")))
    assert found.sent == {"2": "s9", "3": "s3"}


async def test_refused_records_are_listed_until_they_are_accepted(store: Store, engine: Engine) -> None:
    """A reason replaces the one before; an accepted record leaves the list."""
    await walk(engine, "syncing.initial_sync")
    refused = RefusedRecords("Lead", (("1", "no email"), ("2", "too long")))
    await engine.handle(event("sync.progressed", refused, at=NOW))
    await engine.handle(event("sync.progressed", RefusedRecords("Lead", (("2", "no email"),), cleared=("1",)), at=NOW))

    listed = await store.read(partial(records.refused, integration="in_1"))
    assert [(row.object, row.id, row.reason) for row in listed] == [("Lead", "2", "no email")]
    found = await store.read(partial(records.known, integration="in_1", object="Lead", ids=("1", "2")))
    assert found.refused == {"2"}
