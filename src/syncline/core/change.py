"""What an event replaces: what was there before and what is there now, by digest, and which parts of it are different.

Pure. Names of parts only, never what is in them.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from syncline.core.documents import CHANGES, FIELD_SYNC, OBJECT_SYNC, RUN
from syncline.core.personal import impersonal

#: Parts that are named; of more only the number is said.
MOST_PARTS = 100
_encode = msgspec.json.Encoder(order="sorted").encode


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was replaced by another."""

    before: str  #: `sha256=` and the digest of a document, or the fingerprint of a secret
    after: str
    #: The parts of a document that are different, with dots between the levels, in order.
    parts: tuple[str, ...] = ()
    more: int = 0


def digest(body: object) -> str:
    """Answer the digest of a document, over its JSON with sorted keys and no white space, without what is personal."""
    plain = impersonal(msgspec.to_builtins(body))
    return f"sha256={hashlib.sha256(_encode(plain)).hexdigest()}"


def is_configuration(document: str) -> bool:
    """Whether a document says how things are set up, and not how far some work has come."""
    return document not in {RUN, FIELD_SYNC, CHANGES} and not document.startswith(OBJECT_SYNC)


def compare(before: object, after: object) -> Change | None:
    """Say what is different between a document and the one that takes its place; None when nothing is."""
    old, new = (msgspec.json.decode(_encode(body)) for body in (before, after))
    if old == new:
        return None
    parts = sorted(_differences(old, new, ""))
    return Change(digest(old), digest(new), tuple(parts[:MOST_PARTS]), max(0, len(parts) - MOST_PARTS))


def _differences(old: Any, new: Any, place: str) -> Iterator[str]:  # noqa: ANN401  JSON
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() | new.keys():
            if name not in old or name not in new or old[name] != new[name]:
                yield from _differences(old.get(name), new.get(name), f"{place}.{name}" if place else str(name))
    elif place:
        yield place
