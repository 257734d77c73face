"""The form in which a row leaves with its proof: a line of JSON that holds the canonical bytes as they are."""

import re

from syncline.core.personal import MARK

_SEALED = re.compile(MARK + r"[\w-]+:[\w=-]+")


def line(position: int, content: bytes, digest: bytes, extra: bytes = b"") -> bytes:
    """Answer the line of a row, without an end; what was hashed stands in it, so that it can be proved from the file.

    `extra` is more of the object, beginning with a comma.
    """
    return b'{"position":%d,"hash":"%b","row":%b%b}' % (position, digest.hex().encode(), content, extra)


def sealed_texts(content: bytes) -> list[str]:
    """List what looks sealed in the canonical bytes of a row, each once, in order."""
    return list(dict.fromkeys(_SEALED.findall(content.decode(errors="replace"))))


def hidden_line(position: int, digest: bytes) -> bytes:
    """Answer the line of a row that is not shown: its hash alone, which the proof of its neighbours needs."""
    return b'{"position":%d,"hash":"%b"}' % (position, digest.hex().encode())
