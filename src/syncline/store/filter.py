"""Which rows of the audit log are wanted, and whether one is: judged by its canonical bytes alone.

Law: whatever finds rows (an index, a column, a scan), this module has the last word, so that no two ways of finding
can answer differently.
"""

import re
from collections.abc import Callable, Iterator

import msgspec

#: Beyond every position and every moment.
END = 2**62

#: Parts of a row in which free text is not looked for: the memory is that of the rows before, a digest is no word.
WORDLESS = frozenset({"context", "digest"})

#: A word, in UTF-8: letters and digits, and whatever is not ASCII. As FTS5's tokenizer `ascii` sees them
#: (https://www.sqlite.org/fts5.html#ascii_tokenizer); only the letters A to Z lose their case.
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]+")


class Filter(msgspec.Struct, frozen=True):
    """Which rows are wanted; what is empty does not matter. Times are microseconds since the epoch."""

    integration: str = ""
    type: str = ""
    disposition: str = ""
    since: int = 0
    until: int = END  #: that moment is not in it
    #: The only integrations whose rows may be seen; none: all of them.
    only: tuple[str, ...] = ()
    #: Integrations whose rows may not be seen.
    without: tuple[str, ...] = ()
    actor_kind: str = ""
    actor: str = ""  #: the actor's id
    #: The state before or after, or one that it lies in (`syncing` for `syncing.waiting`).
    state: str = ""
    origin: str = ""  #: as `state`, but before only
    target: str = ""  #: as `state`, but after only
    request: str = ""
    cause: str = ""
    #: Words that all have to be in the row, whole, in any order and in either case.
    text: str = ""


class _Actor(msgspec.Struct, frozen=True, gc=False):
    kind: str
    id: str


class _Told(msgspec.Struct, frozen=True, gc=False, rename={"origin": "from"}):
    """What a filter asks of a row."""

    integration: str
    at: int
    type: str
    disposition: str
    origin: str
    to: str
    actor: _Actor
    request: str = ""
    cause: str = ""


_TOLD = msgspec.json.Decoder(_Told)


def matcher(wanted: Filter) -> Callable[[bytes], bool]:
    """Answer a function that says whether a row is wanted, by its canonical bytes."""
    needed = frozenset(words(wanted.text))
    unspeakable = bool(wanted.text) and not needed  # No word can be found in it, so it is in no row.
    only, without = frozenset(wanted.only), frozenset(wanted.without)

    def matches(content: bytes) -> bool:
        try:
            row = _TOLD.decode(content)
        except msgspec.DecodeError:  # Somebody has written over it; `verify` names it, and no filter finds it.
            return False
        return (
            wanted.integration in {"", row.integration}
            and (not only or row.integration in only)
            and row.integration not in without
            and wanted.since <= row.at < wanted.until
            and wanted.type in {"", row.type}
            and wanted.disposition in {"", row.disposition}
            and wanted.actor_kind in {"", row.actor.kind}
            and wanted.actor in {"", row.actor.id}
            and (lies_in(row.origin, wanted.state) or lies_in(row.to, wanted.state))
            and lies_in(row.origin, wanted.origin)
            and lies_in(row.to, wanted.target)
            and wanted.request in {"", row.request}
            and wanted.cause in {"", row.cause}
            and not unspeakable
            and (not needed or needed <= words_of(content))
        )

    return matches


def is_plain(wanted: Filter) -> bool:
    """Whether nothing is asked but whose rows they are; then a row need not even be readable."""
    return wanted == Filter(wanted.integration, only=wanted.only, without=wanted.without)


def lies_in(state: str, wanted: str) -> bool:
    """Whether a state is the one that is wanted, or nested in it; nothing wanted: any."""
    return not wanted or state == wanted or state.startswith(f"{wanted}.")


def words(text: str) -> list[str]:
    """Answer the words of a text, as the index keeps them."""
    # What follows a NUL is not seen by the index: SQLite's JSON functions end a text there.
    found = _WORD.findall(text.partition("\0")[0].encode().lower())
    return [word.decode() for word in found]


def words_of(content: bytes) -> frozenset[str]:
    """Answer the words in all texts of a row, from its canonical bytes."""
    row = msgspec.json.decode(content)
    return frozenset(
        word for name, value in row.items() if name not in WORDLESS for text in _texts(value) for word in words(text)
    )


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
