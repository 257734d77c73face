"""The keys that checkpoints are signed with, as the service's own log tells of them.

Law: a key is on the log before it signs, and from its row on no other key does. A new key is endorsed by the one before
it, so whoever trusts a key can trust all that followed, without having been told.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from syncline.core.note import NoteError, Signer, VerifierKey, open_note

#: The events that tell of keys.
MADE, ROTATED = "checkpoint_key.made", "checkpoint_key.rotated"

#: The document of the service that lists the keys, and the field that the private key is sealed under.
KEYS, FIELD = "checkpoint_keys", "checkpoint_key"

#: The first line of an endorsement. No checkpoint has only two lines, so neither can be taken for the other.
_ENDORSEMENT = "syncline: the next key for checkpoints"


class KnownKey(msgspec.Struct, frozen=True):
    """A public key, and since when it signs (µs)."""

    key: str
    at: int


class KnownKeys(msgspec.Struct, frozen=True):
    """The document: all keys there ever were, the present one last."""

    keys: tuple[KnownKey, ...]


def endorse(old: Signer, new: VerifierKey) -> str:
    """Answer the note in which a key names the one that follows it."""
    return old.sign(f"{_ENDORSEMENT}\n{new}\n")


class KeyTrail:
    """The keys, as far as the log was read."""

    def __init__(self, before: Sequence[VerifierKey] = (), given: Sequence[VerifierKey] = ()) -> None:
        """Begin before the first key; or, where the first rows were let go, with the keys that they may have named.

        Those that were `given` from elsewhere are trusted, and so is each that one of them endorses, and no other.
        """
        self._before = tuple(before)
        self._since: list[tuple[int, VerifierKey]] = []
        #: By key, which of the given ones vouch for it; and by given key, the most rows that were signed for by one.
        self._vouched = {key: {key} for key in given}
        self.signed = dict.fromkeys(given, 0)

    @property
    def keys(self) -> list[VerifierKey]:
        """All keys so far, the oldest first."""
        return list(dict.fromkeys((*self._before, *(key for _, key in self._since))))

    def read(self, type_: str, data: Mapping[str, Any], position: int) -> str:
        """Read a row that tells of a key; answers what cannot be true of it, empty when nothing."""
        try:
            key = VerifierKey.read(str(data.get("key", "")))
            before = self.at(position - 1)
            if type_ == MADE and (self._since or self._before[:1] not in {(), (key,)}):
                return "it makes a first key for checkpoints, and there was one"
            if type_ == ROTATED:
                if not before:
                    return "it replaces a key for checkpoints, and there was none"
                text, signed = open_note(str(data.get("endorsement", "")), before)
                if (text, key.name) != (f"{_ENDORSEMENT}\n{key}\n", signed[0].name):
                    return "its new key for checkpoints is not the one that the key before it endorses"
                self._vouched.setdefault(key, set()).update(*(self._vouched.get(old, ()) for old in signed))
        except NoteError as error:
            return f"its new key for checkpoints cannot be trusted: {error}"
        self._since.append((position, key))
        return ""

    def vouches(self, key: VerifierKey) -> bool:
        """Whether a key was given, or follows from one that was."""
        return bool(self._vouched.get(key))

    def note(self, key: VerifierKey, size: int) -> None:
        """Remember that a key has signed for so many rows."""
        for given in self._vouched.get(key, ()):
            self.signed[given] = max(self.signed[given], size)

    def at(self, size: int) -> tuple[VerifierKey, ...]:
        """Answer the key that signs for the first `size` rows; before the first row that told of one, all it may be."""
        found = [key for position, key in self._since if position <= size]
        return (found[-1],) if found else self._before
