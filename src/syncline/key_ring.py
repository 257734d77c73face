"""Where the master keys come from: a file beside the database, the environment, or a command of the operator's.

All three hold a ring: one line a key, its id, a space, 32 bytes in base64. The last one is current, the others still
open what was wrapped by them. A key service in the cloud fits behind `KeyProvider`, or behind a command that asks it.
"""

import base64
import os
import secrets
import shlex
import stat
import subprocess
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from syncline.errors import ConfigurationError, ConflictError

KEY_BYTES = 32
KEY_FILE = "master.key"
_COMMAND_SECONDS = 30
_LARGEST_RING = 64 * 1024


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The master keys by id; new data keys are wrapped by the current one."""

    current: str
    keys: dict[str, bytes] = field(repr=False)


class KeyProvider(Protocol):
    """Somewhere that the ring is kept. Both calls block, and raise `ConfigurationError` with what to do."""

    def read(self, needed: Collection[str] = ()) -> KeyRing:
        """Answer the ring; one without a key that is needed, since something was wrapped by it, is refused."""

    def renew(self, ring: KeyRing) -> KeyRing:
        """Answer the ring with another current key than before; raises `ConflictError` when there is none."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file of mode 0600 in the data directory, made at the first start."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / KEY_FILE

    def read(self, needed: Collection[str] = ()) -> KeyRing:
        """Read the file. It is made when there is none, but never where keys are needed that it could not hold."""
        if not needed and not self.path.exists():
            self._write(_new_line())
        try:
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except FileNotFoundError:
            raise ConfigurationError("vault.key_missing", f"there is no {KEY_FILE} beside the database") from None
        if mode & 0o077:
            raise ConfigurationError("vault.key_file_open", f"{KEY_FILE} has mode {mode:04o}; run chmod 600 on it")
        return _parse(self._text(), KEY_FILE, needed)

    def renew(self, ring: KeyRing) -> KeyRing:
        """Put a new key at the end; the file is replaced in one step, so that no crash leaves half of it."""
        text = self._text()
        self._write(text + ("" if text.endswith("\n") else "\n") + _new_line())
        return self.read(ring.keys)

    def _text(self) -> str:
        return self.path.read_text(encoding="ascii", errors="replace")

    def _write(self, text: str) -> None:
        beside = self.path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # The name must survive a power failure as well, before anything is wrapped by the key.
        finally:
            os.close(folder)


@dataclass(frozen=True, slots=True)
class KeyVariable:
    """The value of an environment variable, as orchestrators hand secrets over."""

    value: SecretStr
    name: str = "SYNCLINE_MASTER_KEYS"

    def read(self, needed: Collection[str] = ()) -> KeyRing:
        """Take the lines apart."""
        return _parse(self.value.get_secret_value(), self.name, needed)

    def renew(self, ring: KeyRing) -> KeyRing:
        """Refuse: a process keeps the environment that it was started with."""
        detail = f"{self.name} has no newer key than {ring.current}: put one at its end and start the service again"
        raise ConflictError("vault.no_new_key", detail)


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """A command that prints the ring, such as one that asks a key service. It is run without a shell."""

    command: str

    def read(self, needed: Collection[str] = ()) -> KeyRing:
        """Run it and take what it printed apart; nothing of that is ever shown."""
        name = "the command for the master keys"
        try:
            done = subprocess.run(  # noqa: S603  the operator's own command, from the operator's configuration
                shlex.split(self.command),
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_COMMAND_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise _no_command(f"{name} did not end within {_COMMAND_SECONDS} seconds") from None
        except (OSError, ValueError) as error:
            raise _no_command(f"{name} cannot be run: {getattr(error, 'strerror', None) or error}") from None
        if done.returncode:
            raise _no_command(f"{name} ended with {done.returncode}; run it by hand to see why")
        if len(done.stdout) > _LARGEST_RING:
            raise _no_command(f"{name} printed more than {_LARGEST_RING} bytes")
        return _parse(done.stdout.decode("ascii", "replace"), name, needed)

    def renew(self, ring: KeyRing) -> KeyRing:
        """Run it again: whoever keeps the keys has put a new one at the end."""
        found = self.read(ring.keys)
        if found.current == ring.current:
            detail = f"the command for the master keys still ends with {ring.current}: put a new key after it first"
            raise ConflictError("vault.no_new_key", detail)
        return found


def choose_provider(folder: Path, *, variable: SecretStr, command: str) -> KeyProvider:
    """Answer where the operator keeps the keys; raises `ConfigurationError` when two places are named."""
    if variable.get_secret_value() and command:
        raise ConfigurationError("vault.two_key_sources", "both a variable and a command for the master keys are set")
    if command:
        return KeyCommand(command)
    return KeyVariable(variable) if variable.get_secret_value() else KeyFile(folder)


def _new_line() -> str:
    return f"mk_{secrets.token_hex(4)} {base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"


def _parse(text: str, name: str, needed: Collection[str]) -> KeyRing:
    keys = {}
    for line in text.strip("\n").split("\n") if text else ():
        id_, _, encoded = line.partition(" ")
        if id_ in keys:
            raise ConfigurationError("vault.key_file_broken", f"{name} names {id_} twice")
        try:
            keys[id_] = base64.b64decode(encoded.rstrip("\r"), validate=True)
        except ValueError:
            keys[id_] = b""
        if not id_ or len(keys[id_]) != KEY_BYTES:
            raise ConfigurationError("vault.key_file_broken", f"{name} has a line that is no key")
    if not keys:
        raise ConfigurationError("vault.key_file_broken", f"{name} is empty")
    if missing := sorted(set(needed) - keys.keys()):
        raise ConfigurationError("vault.key_missing", f"{name} does not hold {', '.join(missing)}")
    return KeyRing(next(reversed(keys)), keys)


def _no_command(detail: str) -> ConfigurationError:
    return ConfigurationError("vault.key_command_failed", detail)
