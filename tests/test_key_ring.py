"""The key ring: where it is kept, who may read it, and how it gets a new key."""

import base64
import shlex
import stat
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from syncline import key_ring
from syncline.errors import ConfigurationError, ConflictError
from syncline.key_ring import KEY_FILE, KeyCommand, KeyFile, KeyRing, KeyVariable, choose_provider


def line(number: int) -> str:
    """Answer the line of a key."""
    return f"mk_{number} {base64.b64encode(bytes([number]) * 32).decode()}\n"


def test_a_new_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """Mode 0600, one key, and the same key at the next start."""
    ring = KeyFile(tmp_path).read()
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert KeyFile(tmp_path).read() == ring
    assert len(ring.keys[ring.current]) == 32


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The service does not start, and the sentence says what to do."""
    KeyFile(tmp_path).read()
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(ConfigurationError) as raised:
        KeyFile(tmp_path).read()
    assert raised.value.code == "vault.key_file_open"
    assert "chmod 600" in raised.value.detail


def write(folder: Path, text: str) -> None:
    """Write a key file with the right mode."""
    (folder / KEY_FILE).write_text(text)
    (folder / KEY_FILE).chmod(0o600)


def test_the_last_line_is_the_current_key(tmp_path: Path) -> None:
    """A ring is read line by line; a rotation appends one."""
    write(tmp_path, line(1) + line(2))
    assert KeyFile(tmp_path).read() == KeyRing("mk_2", {"mk_1": b"\x01" * 32, "mk_2": b"\x02" * 32})


def test_no_key_takes_the_place_of_one_that_is_needed(tmp_path: Path) -> None:
    """What was sealed could never be opened again, and new things would be sealed with another key."""
    with pytest.raises(ConfigurationError) as raised:
        KeyFile(tmp_path).read(["mk_1"])
    assert raised.value.code == "vault.key_missing"
    assert list(tmp_path.iterdir()) == []
    ring = KeyFile(tmp_path).read()
    assert KeyFile(tmp_path).read([ring.current]) == ring
    with pytest.raises(ConfigurationError) as raised:
        KeyFile(tmp_path).read(["mk_1", ring.current])
    assert raised.value.code == "vault.key_missing"
    assert raised.value.detail.endswith(" mk_1")


@pytest.mark.parametrize(
    "text", ["", "mk_1 !!!\n", "mk_1 c2hvcnQ=\n", "no-space\n", " AAAA\n", "\n", line(1) + line(1), "mk_\xe9 AA\n"]
)
def test_a_broken_key_file_is_refused(tmp_path: Path, text: str) -> None:
    """Nothing of its content is shown."""
    write(tmp_path, text)
    with pytest.raises(ConfigurationError) as raised:
        KeyFile(tmp_path).read()
    assert raised.value.code == "vault.key_file_broken"
    assert "c2hvcnQ" not in str(raised.value)


def test_a_new_key_goes_to_the_end_of_the_file(tmp_path: Path) -> None:
    """It is current, the old ones stay, and nobody else may read the file."""
    keys = KeyFile(tmp_path)
    before = keys.read()
    after = keys.renew(before)
    assert after.current != before.current
    assert {**after.keys, **before.keys} == after.keys
    assert keys.read([before.current]) == after
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [keys.path]


def test_a_crash_while_the_file_is_replaced_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next rotation is not held up by what it left."""
    keys = KeyFile(tmp_path)
    before = keys.read()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            keys.renew(before)
    assert keys.read() == before
    assert keys.renew(before).current != before.current


def test_a_variable_holds_the_ring() -> None:
    """It is read as the file is; a new key needs a new start."""
    keys = KeyVariable(SecretStr(line(1) + line(2).strip()))
    ring = keys.read(["mk_1"])
    assert (ring.current, ring.keys) == ("mk_2", {"mk_1": b"\x01" * 32, "mk_2": b"\x02" * 32})
    with pytest.raises(ConflictError) as refused:
        keys.renew(ring)
    assert refused.value.code == "vault.no_new_key"
    with pytest.raises(ConfigurationError) as raised:
        keys.read(["mk_3"])
    assert raised.value.code == "vault.key_missing"


def command(code: str) -> KeyCommand:
    """Answer a command that is a few lines of Python."""
    return KeyCommand(shlex.join([sys.executable, "-c", code]))


def test_a_command_prints_the_ring(tmp_path: Path) -> None:
    """It is asked again for a rotation, and has to have another last line then."""
    ring_file = tmp_path / "ring"
    ring_file.write_text(line(1))
    keys = command(f"print(open({str(ring_file)!r}).read(), end='')")
    ring = keys.read()
    assert ring.current == "mk_1"
    with pytest.raises(ConflictError) as refused:
        keys.renew(ring)
    assert refused.value.code == "vault.no_new_key"
    ring_file.write_text(line(1) + line(2))
    assert keys.renew(ring).current == "mk_2"
    ring_file.write_text(line(3))
    with pytest.raises(ConfigurationError) as raised:
        keys.renew(ring)
    assert raised.value.code == "vault.key_missing"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (command("import sys; print('canary-key'); sys.exit('canary-key')"), "ended with 1"),
        (command("print('canary-key ' * 10_000)"), "more than"),
        (command("import time; time.sleep(60)"), "did not end"),
        (KeyCommand("/nowhere/canary"), "cannot be run"),
        (KeyCommand("'open"), "cannot be run"),
    ],
)
def test_a_command_that_does_not_is_named(keys: KeyCommand, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it printed is shown to nobody: it may be a key."""
    monkeypatch.setattr(key_ring, "_COMMAND_SECONDS", 2)
    with pytest.raises(ConfigurationError) as raised:
        keys.read()
    assert raised.value.code == "vault.key_command_failed"
    assert told in raised.value.detail
    assert "canary-key" not in str(raised.value)


def test_one_place_for_the_keys(tmp_path: Path) -> None:
    """The file unless something else is named, and never two."""
    nothing, ring = SecretStr(""), SecretStr(line(1))
    assert choose_provider(tmp_path, variable=nothing, command="") == KeyFile(tmp_path)
    assert choose_provider(tmp_path, variable=ring, command="") == KeyVariable(ring)
    assert choose_provider(tmp_path, variable=nothing, command="ring") == KeyCommand("ring")
    with pytest.raises(ConfigurationError) as raised:
        choose_provider(tmp_path, variable=ring, command="ring")
    assert raised.value.code == "vault.two_key_sources"
