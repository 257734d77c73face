"""Everything that somebody who owns the files can do to a log, at random: rows, numbers, hashes, heads, checkpoints.

A tampering changes a `Copy` and says nothing of what it did; where the first row differs is found by comparing.
"""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec


@dataclass(frozen=True)
class Row:
    """A row of the log."""

    position: int
    content: bytes
    hash: bytes
    owner: str  #: whose chain it was in at first

    @property
    def json(self) -> dict[str, object]:
        """What it says."""
        return dict(json.loads(self.content))

    @property
    def chain(self) -> str:
        """Whose it says that it is; of one that says nothing, whose it was."""
        try:
            return str(self.json["integration"])
        except (ValueError, KeyError, TypeError):
            return self.owner


@dataclass
class Copy:
    """A log with all that lies beside it."""

    rows: list[Row]
    heads: dict[str, tuple[int, str, str]]  #: seq, hash, state
    checkpoints: list[tuple[int, int, str]]  #: size, moment, note

    def again(self) -> "Copy":
        """Answer a copy to be tampered with."""
        return Copy(list(self.rows), dict(self.heads), list(self.checkpoints))


Tampering = Callable[[Copy, random.Random], None]


def encode(row: dict[str, object]) -> bytes:
    """Write a row as the log does."""
    return msgspec.json.encode(row, order="sorted")


def chain_again(copy: Copy, start: int) -> None:
    """Compute every hash from a row on, of each chain, and the heads with them."""
    heads: dict[str, bytes] = {}
    for number, row in enumerate(copy.rows):
        chain = row.chain
        if number >= start:
            link = hashlib.sha256(heads.get(chain, bytes(32)) + row.content).digest()
            copy.rows[number] = replace(row, hash=link)
        heads[chain] = copy.rows[number].hash
    set_heads(copy)


def set_heads(copy: Copy) -> None:
    """Make the heads those that the rows lead to."""
    found = {}
    for row in copy.rows:
        try:
            said = row.json
            found[row.chain] = (int(str(said["seq"])), row.hash.hex(), str(said["to"]))
        except (ValueError, KeyError, TypeError):
            continue  # It says nothing that could be read.
    copy.heads = found


def renumber(copy: Copy) -> None:
    """Let no gap between the positions be seen."""
    copy.rows = [replace(row, position=number) for number, row in enumerate(copy.rows, 1)]


def edit(copy: Copy, chance: random.Random) -> None:
    """Change a few bytes of a row."""
    flip(copy, chance.randrange(len(copy.rows)), chance)


def garble(copy: Copy, chance: random.Random) -> None:
    """Change a few bytes of a row, and compute everything anew from there on."""
    place = chance.randrange(len(copy.rows))
    flip(copy, place, chance)
    chain_again(copy, place)


def edit_a_value(copy: Copy, chance: random.Random) -> None:
    """Say something else in a row, which is still a row; often with a hash that fits."""
    place = chance.randrange(len(copy.rows))
    say_something_else(copy, place, chance)
    if chance.random() < 0.5:
        before = [row for row in copy.rows[:place] if row.chain == copy.rows[place].chain]
        link = hashlib.sha256((before[-1].hash if before else bytes(32)) + copy.rows[place].content).digest()
        copy.rows[place] = replace(copy.rows[place], hash=link)


def edit_a_hash(copy: Copy, chance: random.Random) -> None:
    """Change the hash of a row."""
    place = chance.randrange(len(copy.rows))
    copy.rows[place] = replace(copy.rows[place], hash=chance.randbytes(32))


def delete(copy: Copy, chance: random.Random) -> None:
    """Take rows out, with or without a gap that is left, and sometimes with every hash made anew."""
    place = chance.randrange(len(copy.rows) - 1)
    del copy.rows[place : place + chance.randint(1, 3)]
    if chance.random() < 0.7:
        renumber(copy)
        if chance.random() < 0.5:
            mend_numbers(copy)
            chain_again(copy, place)


def swap(copy: Copy, chance: random.Random) -> None:
    """Let two rows change places, in the order of the log or in all but that."""
    one, other = sorted(chance.sample(range(len(copy.rows)), 2))
    rows = copy.rows
    if chance.random() < 0.5:
        rows[one], rows[other] = rows[other], rows[one]
        renumber(copy)
    else:
        first, second = rows[one], rows[other]
        rows[one], rows[other] = replace(first, content=second.content), replace(second, content=first.content)


def insert(copy: Copy, chance: random.Random) -> None:
    """Put a row in that was not there: a second of one that is, or one that says something else."""
    place = chance.randrange(len(copy.rows))
    copy.rows.insert(place, chance.choice(copy.rows))
    if chance.random() < 0.5:
        say_something_else(copy, place, chance)
    renumber(copy)
    if chance.random() < 0.5:
        mend_numbers(copy)
        chain_again(copy, place)


def truncate(copy: Copy, chance: random.Random) -> None:
    """Cut the end off, and set back what stands beside it as if it had never been; also what was signed for it."""
    size = chance.randrange(1, len(copy.rows))
    del copy.rows[size:]
    set_heads(copy)
    if chance.random() < 0.5:
        copy.checkpoints = [one for one in copy.checkpoints if one[0] <= size]


def chain_anew(copy: Copy, chance: random.Random) -> None:
    """Change a row and compute everything anew from there on; sometimes without what was signed since."""
    place = chance.randrange(len(copy.rows))
    say_something_else(copy, place, chance)
    chain_again(copy, place)
    if chance.random() < 0.3:
        copy.checkpoints = [one for one in copy.checkpoints if one[0] <= place]


def set_a_head(copy: Copy, chance: random.Random) -> None:
    """Let an integration be elsewhere than its log says."""
    name = chance.choice(sorted(copy.heads))
    seq, head, state = copy.heads[name]
    change = chance.randrange(3)
    copy.heads[name] = (seq + (change == 0), head, f"{state}{'x' if change == 1 else ''}")
    if change == 2:
        copy.heads[name] = (seq, chance.randbytes(32).hex(), state)


def edit_a_checkpoint(copy: Copy, chance: random.Random) -> None:
    """Change what was signed: its size, its root or its signature."""
    place = chance.randrange(len(copy.checkpoints))
    size, at, note = copy.checkpoints[place]
    name, said, root, empty, signature, end = note.split("\n")
    letter = "A" if root[3] != "A" else "B"
    lines = chance.choice(
        (
            [name, str(int(said) + 1), root, empty, signature, end],
            [name, said, root[:3] + letter + root[4:], empty, signature, end],
            [name, said, root, empty, signature[:-9] + ("A" if signature[-9] != "A" else "B") + signature[-8:], end],
        )
    )
    copy.checkpoints[place] = (size, at, "\n".join(lines))


ALL: tuple[Tampering, ...] = (
    edit,
    garble,
    edit_a_value,
    edit_a_hash,
    delete,
    swap,
    insert,
    truncate,
    chain_anew,
    set_a_head,
    edit_a_checkpoint,
)


def flip(copy: Copy, place: int, chance: random.Random) -> None:
    """Turn a few bits of a row round."""
    content = bytearray(copy.rows[place].content)
    for _ in range(chance.randint(1, 3)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    copy.rows[place] = replace(copy.rows[place], content=bytes(content).replace(b"\n", b" ").replace(b"\r", b" "))


def say_something_else(copy: Copy, place: int, chance: random.Random) -> None:
    """Change a value of a row; the kind of thing that somebody would want to have been otherwise."""
    row = copy.rows[place].json
    actor = dict(row["actor"])  # type: ignore[call-overload]
    changes: tuple[dict[str, object], ...] = (
        {"actor": actor | {"id": "mallory"}},
        {"at": int(str(row["at"])) - 1},
        {"to": "syncing.paused"},
        {"from": "syncing.paused"},
        {"disposition": chance.choice(("refused", "handled", "stale", "transitioned"))},
        {"type": "pause.requested"},
        {"data": {"turn": -1}},
        {"seq": int(str(row["seq"])) + 1},
        {"chart": "integration@1#000000000000"},
        {"state_seq": 1},
        {"integration": "in_2"},
        {"effects": ["in_1.1.0"]},
        {"software": "9.9.9"},
    )
    changed = row | chance.choice(changes)
    copy.rows[place] = replace(copy.rows[place], content=encode(changed if changed != row else row | {"at": 1}))


def mend_numbers(copy: Copy) -> None:
    """Count the rows of each chain anew, and the rows that entered their states."""
    seqs: dict[str, int] = {}
    since: dict[str, int] = {}
    for number, each in enumerate(copy.rows):
        row, chain = each.json, each.chain
        row["seq"] = seqs[chain] = seqs.get(chain, 0) + 1
        if row["disposition"] == "transitioned":
            since[chain] = seqs[chain]
        if chain in since:
            row["state_seq"] = since[chain]
        copy.rows[number] = replace(each, content=encode(row))
