"""The vault: what is sealed opens in its own place only, and what can be seen of it says nothing."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from syncline.core.brought import DataKey, SealedSecret
from syncline.errors import ConfigurationError
from syncline.key_ring import KeyRing
from syncline.vault import Safe, Vault

RING = KeyRing("mk_1", {"mk_1": b"1" * 32})
SECRET = SecretStr("correct horse battery staple")


def make(integration: str = "in_1") -> tuple[Safe, DataKey]:
    """Make a safe."""
    return Vault(RING).create_safe(integration)


@given(text=st.text())
def test_what_is_sealed_can_be_opened(text: str) -> None:
    """Any text comes back as it was, also through the wrapped key."""
    safe, key = make()
    sealed = safe.seal("client_secret", SecretStr(text))
    again = Vault(RING).open_safe("in_1", key)
    assert again.open("client_secret", sealed.blob, sealed.key_id).get_secret_value() == text


def test_sealing_twice_gives_other_bytes() -> None:
    """A nonce is never used again, and the fingerprint stays."""
    safe, _ = make()
    one, two = safe.seal("code", SECRET), safe.seal("code", SECRET)
    assert one.blob != two.blob
    assert one.blob[:12] != two.blob[:12]
    assert one.fingerprint == two.fingerprint


def flip(sealed: SealedSecret, at: int) -> bytes:
    """Change one bit."""
    blob = bytearray(sealed.blob)
    blob[at] ^= 1
    return bytes(blob)


def test_a_sealed_value_cannot_be_moved_or_changed() -> None:
    """Another field, another key, another integration, a changed bit, a cut end: nothing opens."""
    safe, _ = make()
    sealed = safe.seal("access_token", SECRET)
    twin = Safe("in_2", safe.key_id, safe._key)
    attempts = [
        (safe, "refresh_token", sealed.blob, sealed.key_id),
        (safe, "access_token", sealed.blob, "dk_other"),
        (twin, "access_token", sealed.blob, sealed.key_id),
        (make()[0], "access_token", sealed.blob, sealed.key_id),
        *((safe, "access_token", flip(sealed, at), sealed.key_id) for at in (0, 12, -1)),
        *((safe, "access_token", sealed.blob[:length], sealed.key_id) for length in (0, 5, 12, 20)),
    ]
    for opener, field, blob, key_id in attempts:
        with pytest.raises(ConfigurationError) as raised:
            opener.open(field, blob, key_id)
        assert raised.value.code == "vault.sealed_elsewhere"
        assert SECRET.get_secret_value() not in str(raised.value)


def test_a_data_key_belongs_to_its_integration() -> None:
    """A wrapped key that was copied to another row is of no use there."""
    _, key = make()
    with pytest.raises(ConfigurationError) as raised:
        Vault(RING).open_safe("in_2", key)
    assert raised.value.code == "vault.sealed_elsewhere"


@pytest.mark.parametrize("blob", [b"", b"short", b"x" * 60])
def test_a_broken_data_key_is_named(blob: bytes) -> None:
    """Whatever lies in the row, the operator gets a sentence."""
    with pytest.raises(ConfigurationError) as raised:
        Vault(RING).open_safe("in_1", DataKey(blob, "mk_1"))
    assert raised.value.code == "vault.sealed_elsewhere"


def test_without_its_master_key_nothing_opens() -> None:
    """The key that is missing is named."""
    _, key = make()
    with pytest.raises(ConfigurationError) as raised:
        Vault(KeyRing("mk_2", {"mk_2": b"2" * 32})).open_safe("in_1", key)
    assert raised.value.code == "vault.key_missing"
    assert "mk_1" in raised.value.detail


def test_old_keys_stay_good_after_a_rotation() -> None:
    """New safes use the current master key, old ones still open with theirs."""
    safe, key = make()
    sealed = safe.seal("code", SECRET)
    rotated = Vault(KeyRing("mk_2", {**RING.keys, "mk_2": b"2" * 32}))
    assert rotated.open_safe("in_1", key).open("code", sealed.blob, sealed.key_id) == SECRET
    assert rotated.create_safe("in_2")[1].key_id == "mk_2"


def test_a_data_key_changes_its_wrapping_only() -> None:
    """What was sealed opens as before, looks as before, and the old master key is not needed for it any more."""
    safe, key = make()
    sealed = safe.seal("code", SECRET)
    vault = Vault(RING)
    vault.use(KeyRing("mk_2", {**RING.keys, "mk_2": b"2" * 32}))
    fresh = vault.rewrap("in_1", key)
    assert fresh.key_id == "mk_2"
    again = Vault(KeyRing("mk_2", {"mk_2": b"2" * 32})).open_safe("in_1", fresh)
    assert again.open("code", sealed.blob, sealed.key_id) == SECRET
    assert again.fingerprint("code", SECRET) == sealed.fingerprint
    with pytest.raises(ConfigurationError):
        vault.rewrap("in_2", key)


def test_a_ring_that_lost_a_key_is_not_changed_to() -> None:
    """What is wrapped by the lost one could never be opened again."""
    vault = Vault(RING)
    with pytest.raises(ConfigurationError) as raised:
        vault.use(KeyRing("mk_2", {"mk_2": b"2" * 32}))
    assert raised.value.code == "vault.key_missing"
    assert vault.ring is RING


def test_ten_thousand_swaps_are_all_refused() -> None:
    """Each sealed value opens in its own row, and in none of ten thousand others."""
    drawn = random.Random(20261125)  # noqa: S311  a seed, so that a failure can be seen again
    vault = Vault(RING)
    rows = []
    for number in range(100):
        safe, key = vault.create_safe(f"in_{number}")
        rows += [(safe, key, safe.seal(field, SECRET)) for field in ("access_token", "refresh_token")]
    for _ in range(10_000):
        (one, _, mine), (other, other_key, theirs) = drawn.sample(rows, 2)
        with pytest.raises(ConfigurationError):
            one.open(mine.field, theirs.blob, theirs.key_id)
        if one is not other:
            with pytest.raises(ConfigurationError):
                one.open(mine.field, theirs.blob, mine.key_id)
            with pytest.raises(ConfigurationError):
                vault.open_safe(one.integration, other_key)
    for safe, key, sealed in rows:
        opened = vault.open_safe(safe.integration, key).open(sealed.field, sealed.blob, sealed.key_id)
        assert opened == SECRET


def test_a_fingerprint_is_keyed() -> None:
    """The same secret looks different in another integration and another field, so that nobody can try guesses."""
    (one, _), (two, _) = make("in_1"), make("in_2")
    seen = {one.fingerprint("a", SECRET), one.fingerprint("b", SECRET), two.fingerprint("a", SECRET)}
    assert len(seen) == 3
    assert all(len(fingerprint) == 16 for fingerprint in seen)


def test_keys_are_not_shown() -> None:
    """Neither a ring nor a safe shows its keys when it is printed."""
    safe, _ = make()
    shown = f"{RING!r} {safe!r} {Vault(RING)!r}"
    assert "1111" not in shown
    assert repr(safe._key) not in shown
