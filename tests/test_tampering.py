# ruff: noqa: S608  the tampering is SQL of our own
"""Random tampering with a copy of a real log: all of it is found, by both verifiers, and the first bad row is named.

`SYNCLINE_TEST_TAMPERINGS` says how many times, `SYNCLINE_TEST_SEED` which ones.
"""

import asyncio
import json
import os
import random
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from syncline import verifier
from syncline.core.audit import GENESIS, chain
from syncline.core.note import VerifierKey
from syncline.core.proof import Noted
from syncline.store.evidence import Evidence
from syncline.store.share import Share, fold_share
from syncline.store.transaction import Transaction, named_queries
from syncline.store.verify import Report, verify
from tests.installation import DATABASE, installed
from tests.tampering import ALL, Copy, Row, Tampering, chain_again, edit, edit_a_hash
from tests.verifying import unpack

TIMES = int(os.environ.get("SYNCLINE_TEST_TAMPERINGS", "200"))
SEED = int(os.environ.get("SYNCLINE_TEST_SEED", "20"))

#: What `syncline audit verify` says of an integration as a whole; the row that it names is the last of its log.
OF_THE_END = re.compile("its head|its log|it is in |its memory is|its rows|something came")


class Near:
    """A share that is folded here instead of in another process, which would not see what is not committed."""

    def __init__(self, tx: Transaction, _: Path, *, after: int, through: int) -> None:
        self._tx, self._after, self._through = tx, after, through

    def result(self) -> Share:
        """Fold it, and pass it on as a process would."""
        found = fold_share(self._tx, after=self._after, through=self._through)
        return msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Share)

    def stop(self) -> None:
        """Nothing runs."""


class Bench:
    """A log, and what an auditor has from elsewhere."""

    def __init__(self, folder: Path, database: Path, outside: list[Any], key: str) -> None:
        """Read the export and the database once."""
        self.folder, self.outside, self.key = folder, outside, key
        rows = [json.loads(line) for line in (folder / "rows.ndjson").read_text().splitlines()]
        lines = (folder / "rows.ndjson").read_bytes().splitlines()
        contents = [line[line.index(b'"row":') + 6 : -1] for line in lines]
        heads = json.loads((folder / "heads.json").read_bytes())["chains"]
        self.true = Copy(
            [
                Row(row["position"], content, bytes.fromhex(row["hash"]), row["row"]["integration"])
                for row, content in zip(rows, contents, strict=True)
            ],
            {one["id"]: (one["seq"], one["head"], one["state"]) for one in heads},
            [(int(one["checkpoint"].split("\n")[1]), one["at"], one["checkpoint"]) for one in outside],
        )
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        with sqlite3.connect(database) as file:
            file.backup(self.connection)
        file.close()
        for kind, name in self.connection.execute(
            "SELECT type, name FROM sqlite_master WHERE type = 'trigger' OR name IN ('audit_by_seq', 'audit_by_key')"
        ).fetchall():
            self.connection.execute(f"DROP {kind} {name}")
        self.evidence = Evidence(
            tuple(Noted(one["at"], one["checkpoint"]) for one in outside), (VerifierKey.read(key),)
        )

    def by_file(self, copy: Copy) -> str:
        """Write the copy as an export; answer what the single-file verifier says of it, empty when all is true."""
        lines = [
            b'{"position":%d,"hash":"%b","row":%b}\n' % (r.position, r.hash.hex().encode(), r.content)
            for r in copy.rows
        ]
        (self.folder / "rows.ndjson").write_bytes(b"".join(lines))
        heads = [
            {"id": name, "seq": seq, "head": head, "state": state} for name, (seq, head, state) in copy.heads.items()
        ]
        at = json.loads((self.folder / "heads.json").read_bytes())["at"]
        (self.folder / "heads.json").write_text(json.dumps({"at": at, "chains": heads}))
        notes = [json.dumps({"at": at, "checkpoint": note}) + "\n" for _, at, note in copy.checkpoints]
        (self.folder / "checkpoints.ndjson").write_text("".join(notes))
        log = verifier.Log(verifier.Pack(self.folder), [verifier.Key(self.key)], self.outside, some_chains=False)
        try:
            log.read()
        except verifier.Fault as fault:
            return f"{log.where}: {fault}"
        return ""

    def by_database(self, copy: Copy) -> tuple[Report, Report]:
        """Write the copy into the database for a moment; answer what `syncline audit verify` says of it.

        Also what it says when a part of the rows is folded apart from the others, as in a long log.
        """
        self.connection.execute("BEGIN")
        try:
            self._write(copy)
            transaction = Transaction(self.connection, named_queries("sqlite3"))
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr("syncline.store.verify.SHARED_FROM", 1)
                patched.setattr("syncline.store.verify.Running", partial(Near, transaction))
                patched.setattr("os.cpu_count", lambda: 2)
                shared = verify(transaction, evidence=self.evidence, file=Path("here"))
            return verify(transaction, evidence=self.evidence), shared
        finally:
            self.connection.execute("ROLLBACK")

    def _write(self, copy: Copy) -> None:
        start = first_difference(self.true.rows, copy.rows)
        self.connection.execute("DELETE FROM audit WHERE position >= ?", (start,))
        self.connection.executemany(
            f"INSERT INTO audit VALUES ({', '.join('?' * 13)})",
            [columns(row, self.true) for row in copy.rows if row.position >= start],
        )
        self.connection.execute("DELETE FROM checkpoints")
        self.connection.executemany("INSERT INTO checkpoints (size, at, note) VALUES (?, ?, ?)", copy.checkpoints)
        for name, (seq, head, state) in copy.heads.items():
            last = next((row.json for row in reversed(copy.rows) if reads(row) and row.chain == name), {})
            self.connection.execute(
                "UPDATE integrations SET seq = ?, head = ?, state = ?, state_seq = ?, context = ? WHERE id = ?",
                (seq, bytes.fromhex(head), state, last.get("state_seq", 0), json.dumps(last.get("context", {})), name),
            )
        for name in self.true.heads.keys() - copy.heads.keys():
            self.connection.execute("DELETE FROM integrations WHERE id = ?", (name,))


def reads(row: Row) -> bool:
    """Whether the bytes of a row are a row at all."""
    try:
        return isinstance(row.json["integration"], str)
    except (ValueError, KeyError, TypeError):
        return False


def columns(row: Row, true: Copy) -> tuple[object, ...]:
    """Answer the columns that the row says; of one that cannot be read, those that it had."""
    said = row.json if reads(row) else true.rows[row.position - 1].json
    names = ("integration", "seq", "at", "type", "key")
    digest = said.get("digest", "")
    return (
        row.position,
        *(said.get(name, "") for name in names),
        0 if said.get("repeats") else 1,
        bytes.fromhex(digest) if isinstance(digest, str) and re.fullmatch("([0-9a-f]{2})*", digest) else b"",
        *(said.get(name, "") for name in ("disposition", "from", "to")),
        row.content,
        row.hash,
    )


def first_difference(true: list[Row], other: list[Row]) -> int:
    """Answer the first position at which two logs differ."""
    for one, two in zip(true, other, strict=False):
        if one != two:
            return one.position
    return min(len(true), len(other)) + 1


def first_break(rows: list[Row]) -> int:
    """Answer the first position where a hash does not fit or a row is missing; past the end when there is none."""
    links: dict[str, bytes] = {}
    for number, row in enumerate(rows, 1):
        if row.position != number:
            return number
        if chain(links.get(row.chain, GENESIS), row.content) != row.hash:
            return number
        links[row.chain] = row.hash
    return len(rows) + 1


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A log of a few hundred rows, closed by a checkpoint."""
    made = asyncio.run(make(tmp_path_factory.mktemp("tampering")))
    yield made
    made.connection.close()


async def make(base: Path) -> Bench:
    """Let an installation live for a while, and take what an auditor takes."""
    async with installed(base / "data") as house:
        await house.live(5, 120)
        outside = [{"at": one.at, "checkpoint": one.note} for one in await house.signed()]
        folder = unpack(await house.pack(base / "pack.zip"), base / "folder")
        return Bench(folder, base / "data" / DATABASE, outside, await house.trusted())


@pytest.fixture(autouse=True)
def signatures_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most signatures are the same in each try, and the verifier takes a millisecond for one."""
    asked = verifier.Key.has_signed
    once = cache(lambda key, text, signature: asked(verifier.Key(key), text, signature))
    monkeypatch.setattr(verifier.Key, "has_signed", lambda self, text, signature: once(self.text, text, signature))
    monkeypatch.setattr(verifier, "Key", cache(verifier.Key))


def test_nothing_is_found_where_nothing_was_done(bench: Bench) -> None:
    """The copy as it is."""
    assert bench.by_file(bench.true) == ""
    alone, shared = bench.by_database(bench.true)
    assert alone.proved
    assert alone == shared


@pytest.mark.parametrize("tampering", ALL, ids=lambda tampering: tampering.__name__)
def test_each_way_is_found(bench: Bench, tampering: Tampering) -> None:
    """Once, always the same."""
    judge(bench, tampering, random.Random(1), tampering.__name__)  # noqa: S311  the same for the same seed


@pytest.mark.parametrize("again", [False, True], ids=["as they are", "with hashes that fit"])
def test_bytes_that_are_no_text(bench: Bench, again: bool) -> None:  # noqa: FBT001
    """Also in the row that names the key of checkpoints."""

    def spoil(copy: Copy, _: random.Random) -> None:
        place = next(number for number, row in enumerate(copy.rows) if b"checkpoint_key.made" in row.content)
        content = copy.rows[place].content.replace(b"key:first", b"k\xe8y:first")
        copy.rows[place] = replace(copy.rows[place], content=content)
        if again:
            chain_again(copy, place)

    judge(bench, spoil, random.Random(1), "spoil")  # noqa: S311  it does nothing by chance


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_tampering_is_found(bench: Bench) -> None:
    """By both; none accuses a row before the first that differs, and each names that one or the proof that is lost."""
    chance = random.Random(SEED)  # noqa: S311  the same tries for the same seed
    for number in range(TIMES):
        tampering = ALL[number % len(ALL)]
        judge(bench, tampering, chance, f"{number}: {tampering.__name__}")


def judge(bench: Bench, tampering: Tampering, chance: random.Random, name: str) -> None:
    """Tamper with a copy, and say what both verifiers make of it."""
    copy = bench.true.again()
    while copy == bench.true:
        tampering(copy, chance)
    judge_file(bench, copy, name, exact=tampering in {edit, edit_a_hash})
    judge_database(bench, copy, name)


def judge_file(bench: Bench, copy: Copy, name: str, *, exact: bool) -> None:
    """Say whether the single-file verifier has named the right place."""
    said = bench.by_file(copy)
    assert said, f"{name}: not found"
    different, broken = first_difference(bench.true.rows, copy.rows), first_break(copy.rows)
    row = re.match(r"position (\d+)", said)
    point = re.match(r"checkpoint of (\d+) rows \((.*)\): (.*)", said)
    if row:
        assert different <= int(row[1]) <= broken, f"{name}: differs at {different}, breaks at {broken}: {said}"
        assert not exact or int(row[1]) == different, f"{name}: differs at {different}: {said}"
    elif point and copy.rows != bench.true.rows and "lead to it" in point[3]:
        first, last = re.findall(r"one from (\d+) to (\d+)", said)[0]
        assert int(first) <= different <= int(last) == int(point[1]) < broken, f"{name}: differs at {different}: {said}"
    elif short := re.match(r"the end: after \d+ rows, and a checkpoint .* has (\d+); signed up to (\d+)", said):
        assert int(short[2]) < different <= int(short[1]), f"{name}: differs at {different}: {said}"
    else:
        ends = different > len(copy.rows) or copy.rows == bench.true.rows
        assert ends or point, f"{name}: differs at {different}, breaks at {broken}: {said}"


def judge_database(bench: Bench, copy: Copy, name: str) -> None:
    """Say whether `syncline audit verify` has named the right place, and accused no row before it."""
    report, shared = bench.by_database(copy)
    assert not report.proved, f"{name}: not found"
    assert sorted(shared.faults, key=str) == sorted(report.faults, key=str), name
    assert msgspec.structs.replace(shared, faults=()) == msgspec.structs.replace(report, faults=()), name
    different, broken = first_difference(bench.true.rows, copy.rows), first_break(copy.rows)
    if copy.rows == bench.true.rows:
        return
    places: dict[tuple[object, ...], list[int]] = {}  # Two rows may say that they are the same one.
    for row in copy.rows:
        integration, seq = columns(row, bench.true)[1:3]
        if not isinstance(seq, int):  # Such a row is named by the number that it should have.
            seq = bench.true.rows[row.position - 1].json["seq"]
        places.setdefault((integration, seq), []).append(row.position)
    faults = [fault for fault in report.faults if not OF_THE_END.match(fault.what)]
    named = [places[fault.integration, fault.seq] for fault in faults if (fault.integration, fault.seq) in places]
    named = [[place for place in found if place >= different] for found in named]
    points = [fault for fault in (report.checkpoints.faults if report.checkpoints else ()) if fault.size]
    assert all(named), f"{name}: differs at {different}: {report}"
    assert all(fault.size >= different for fault in points), f"{name}: differs at {different}: {report}"
    ends = any(OF_THE_END.match(fault.what) for fault in report.faults)
    first = min([*map(min, named), *(fault.size for fault in points)], default=broken)
    assert first <= broken or broken > len(copy.rows), f"{name}: differs at {different}, breaks at {broken}: {report}"
    assert points or named or (ends and different > len(copy.rows)), f"{name}: differs at {different}: {report}"
