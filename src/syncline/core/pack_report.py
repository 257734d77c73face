"""The first page of an auditor's pack, in plain words: what this is, what is in it, how to check it oneself."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from syncline.core.event import ALL_EVENTS, SERVICE
from syncline.core.pack_tally import Tally

_MINE = (
    ("sign_in.", "signing in"),
    ("session.", "signing out"),
    ("access.", "requests that were refused"),
    ("key.", "API keys"),
    ("master_key.", "the master key"),
    ("checkpoint", "checkpoints and their keys"),
    ("log.", "this log: exports, rows that were let go"),
    ("subject.", "people who were erased from the log"),
    ("configuration.", "settings and versions"),
    ("service.", "starts and stops"),
)


class Occasion(msgspec.Struct, frozen=True):
    """What a report says besides what was counted."""

    at: int  #: when the pack was made (µs)
    software: str
    #: The integration that it is about, empty for the whole log.
    integration: str = ""
    revealed: bool = False
    keys: tuple[str, ...] = ()
    #: For each time that rows were let go: up to which position, and when (µs).
    truncations: tuple[tuple[int, int], ...] = ()


def write_report(occasion: Occasion, tally: Tally) -> str:
    """Answer the text, lines of at most 100 letters or so."""
    parts = (
        _what(occasion),
        _extent(occasion, tally),
        _service(tally),
        _chains(tally),
        _found(tally),
        _check(occasion),
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _what(occasion: Occasion) -> Iterator[str]:
    title = f"Audit log of Syncline: {occasion.integration or 'all that is on it'}"
    yield title
    yield "=" * len(title)
    yield f"Packed {_moment(occasion.at)} by Syncline {occasion.software}."
    yield ""
    yield "Every row says who did what, when, to which integration, and what came of it. Rows are bound to one another"
    yield "by hashes, and the hashes are signed for once a minute or every thousand rows, whichever comes first."
    yield "Names, addresses and texts of people are sealed in the rows ('sealed:…'), each person's under a key of their"
    yield "own; where a person was erased that key is destroyed, and the rows stay as they were."
    if occasion.revealed:
        yield "personal.json says what the sealed values are. Handle it as what it is: personal data."


def _extent(occasion: Occasion, tally: Tally) -> Iterator[str]:
    yield from _heading("What is in it")
    span = f", from {_moment(tally.since)} to {_moment(tally.until)}" if tally.rows else ""
    yield f"{_count(tally.rows, 'row')} of {_count(len(tally.chains), 'log')}{span}."
    if tally.hidden:
        yield f"{_count(tally.hidden, 'row')} of logs that are not shown: only their hashes, which the proof needs."
    for through, at in occasion.truncations:
        yield f"Rows up to position {through:,} were let go {_moment(at)}, as the retention of this service asks."
    yield f"{_count(tally.checkpoints, 'signed checkpoint')}, the last over the rows up to position {tally.signed:,}."


def _service(tally: Tally) -> Iterator[str]:
    yield from _heading("What happened to the service")
    if not tally.service:
        yield "Its own log is not part of this pack."
    left = dict(tally.service)
    for start, title in _MINE:
        mine = {key: left.pop(key) for key in sorted(left) if key[0].startswith(start)}
        if mine:
            yield f"- {title}: {_told(mine)}"
    if left:
        yield f"- other: {_told(left)}"


def _chains(tally: Tally) -> Iterator[str]:
    yield from _heading("Integrations and where they stand")
    names = sorted(tally.chains.keys() - {SERVICE})
    for name in names:
        told = tally.chains[name]
        last = f", last {_moment(told.last)}" if told.last else ""
        yield f"- {name}: {told.state}, {_count(told.rows, 'row')}{last}"
    if not names:
        yield "None."
    elif tally.others:
        yield "What came of their events: " + ", ".join(
            f"{what} {count:,}" for what, count in sorted(tally.others.items())
        )


def _found(tally: Tally) -> Iterator[str]:
    yield from _heading("What was checked when it was packed")
    if tally.fault:
        yield f"NOT TRUE: {tally.fault}."
        yield "The pack was made all the same, so that it can be looked at."
    else:
        yield "True: no position is missing, each row is bound to the one before it, every checkpoint is signed and the"
        yield "rows lead to it, and each log ends where its integration stands. Do not take our word for it:"


def _check(occasion: Occasion) -> Iterator[str]:
    yield from _heading("How to check it yourself")
    yield "With Python 3.8 or later and nothing else; read verify.py first, it is short:"
    yield ""
    yield "    python verify.py PACK.zip --key KEY --checkpoints FILE"
    yield ""
    yield "FILE has checkpoints that were kept where the operator of this service cannot change them: the options"
    yield "--checkpoint-file and --checkpoint-url are for that. KEY is the key as you were told it, not on this page."
    yield "The keys in this pack are:"
    yield from (f"    {key}" for key in occasion.keys)
    yield ""
    yield "It checks besides that each step is one that its chart allows (charts/)."
    yield from _heading("What it does not prove")
    yield "- that what is written is what happened: a service can be made to write something else from the start;"
    yield "- anything against an operator who has the signing key, where no checkpoint was kept outside: such a one can"
    yield "  write the whole log anew. Up to the last checkpoint that was kept outside, nobody can;"
    yield "- anything about rows after the last checkpoint but that they follow from one another;"
    yield "- that times are right: they are those of the machine's clock. A checkpoint that was kept outside shows that"
    yield "  the rows before it were there when it came."
    if occasion.integration:
        yield "- that this log has no later rows: only a pack of the whole log shows where each of them ends."


def _heading(title: str) -> Sequence[str]:
    return "", title, "-" * len(title)


def _told(counts: dict[tuple[str, str], int]) -> str:
    return "; ".join(_happened(type_, what, count) for (type_, what), count in counts.items())


def _happened(type_: str, what: str, count: int) -> str:
    title = ALL_EVENTS[type_].title if type_ in ALL_EVENTS else type_
    return f"{title} {count:,}" + ("" if what in {"handled", "transitioned"} else f" ({what})")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
