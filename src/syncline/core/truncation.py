"""The record that the oldest rows were let go: a text that is signed as a note, as checkpoints are (core/note.py)."""

import base64
import binascii
from typing import Self

import msgspec

from syncline.core.merkle import HASH_BYTES
from syncline.core.note import NoteError

_TITLE = "syncline truncation v1"
_LINES = 6


class Record(msgspec.Struct, frozen=True):
    """Up to where the rows went, and what is needed to prove the others without them."""

    origin: str  #: names the log
    through: int  #: the last position that was let go
    root: bytes  #: of the tree over the rows up to there, 32 bytes (core/merkle.py)
    bases: str  #: SHA-256 over where each chain goes on, in hexadecimal (store/truncations.py)

    @property
    def text(self) -> str:
        """What is signed: a title, origin, position, root and digest, a line each."""
        return f"{_TITLE}\n{self.origin}\n{self.through}\n{base64.b64encode(self.root).decode()}\n{self.bases}\n"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what was signed; raises `NoteError`."""
        lines = text.split("\n")
        if len(lines) != _LINES or lines[0] != _TITLE or lines[-1] or not all(lines[:-1]):
            raise NoteError("this is no record of a truncation")
        _, origin, through, root, bases, _ = lines
        try:
            record = cls(origin, int(through), base64.b64decode(root, validate=True), bases)
        except (ValueError, binascii.Error):
            raise NoteError("this is no record of a truncation") from None
        if record.text != text or len(record.root) != HASH_BYTES:
            raise NoteError("the record of a truncation is not written as it has to be")
        return record
