"""The vault: what is sealed opens in its own place only, and what can be seen of it says nothing."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from syncline.core.event import DataKey, SealedSecret
from syncline.errors import ConfigurationError
from syncline.vault import KEY_FILE, KeyRing, Safe, Vault, open_key_file

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


def test_a_new_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """Mode 0600, one key, and the same key at the next start."""
    ring = open_key_file(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert open_key_file(tmp_path) == ring
    assert len(ring.keys[ring.current]) == 32


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The service does not start, and the sentence says what to do."""
    open_key_file(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(ConfigurationError) as raised:
        open_key_file(tmp_path)
    assert raised.value.code == "vault.key_file_open"
    assert "chmod 600" in raised.value.detail


def write(folder: Path, text: str) -> None:
    """Write a key file with the right mode."""
    (folder / KEY_FILE).write_text(text)
    (folder / KEY_FILE).chmod(0o600)


def test_the_last_line_is_the_current_key(tmp_path: Path) -> None:
    """A ring is read line by line; a rotation appends one."""
    lines = [f"mk_{n} {base64.b64encode(bytes([n]) * 32).decode()}\n" for n in (1, 2)]
    write(tmp_path, "".join(lines))
    assert open_key_file(tmp_path) == KeyRing("mk_2", {"mk_1": b"\x01" * 32, "mk_2": b"\x02" * 32})


def test_no_key_takes_the_place_of_one_that_is_needed(tmp_path: Path) -> None:
    """What was sealed could never be opened again, and new things would be sealed with another key."""
    with pytest.raises(ConfigurationError) as raised:
        open_key_file(tmp_path, needed=["mk_1"])
    assert raised.value.code == "vault.key_missing"
    assert list(tmp_path.iterdir()) == []
    ring = open_key_file(tmp_path)
    assert open_key_file(tmp_path, needed=[ring.current]) == ring
    with pytest.raises(ConfigurationError) as raised:
        open_key_file(tmp_path, needed=["mk_1", ring.current])
    assert raised.value.code == "vault.key_missing"
    assert raised.value.detail.endswith(" mk_1")


@pytest.mark.parametrize("text", ["", "mk_1 !!!\n", "mk_1 c2hvcnQ=\n", "no-space\n", " AAAA\n", "\n"])
def test_a_broken_key_file_is_refused(tmp_path: Path, text: str) -> None:
    """Nothing of its content is shown."""
    write(tmp_path, text)
    with pytest.raises(ConfigurationError) as raised:
        open_key_file(tmp_path)
    assert raised.value.code == "vault.key_file_broken"
    assert "c2hvcnQ" not in str(raised.value)
