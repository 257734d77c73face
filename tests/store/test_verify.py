# ruff: noqa: S608  the tampering is SQL of our own
"""Tampering with the log of a real file, behind the triggers, and the proof that finds it."""

import hashlib
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from syncline.core.audit import GENESIS, chain, decode, encode
from syncline.core.brought import Document, SettledEffect
from syncline.engine import Engine
from syncline.store import log
from syncline.store.evidence import CheckpointReport
from syncline.store.log import Filter
from syncline.store.sqlite import open_store
from syncline.store.transaction import Store
from syncline.store.verify import Anchor, Report, verify
from tests.store.events import RULES, birth, event, walk

Tampering = Callable[[sqlite3.Connection], object]


async def fill(store: Store) -> None:
    """Write logs in which every disposition occurs, of several integrations, mixed."""
    engine = Engine(store, RULES)
    await walk(engine, "syncing.waiting", "in_1")
    await walk(engine, "authorized.checking", "in_2")
    for name in ("in_1", "in_2"):
        await engine.handle(event("sync.requested", integration=name, data={"sent": {"batch": 1}}))
        await engine.handle(event("account.saved", Document("settings", {"a": 1}), integration=name, key="once"))
        await engine.handle(event("account.saved", integration=name, key="once", data={"other": 1}))
        await engine.handle(event("account.saved", Document("settings", {"a": 1}), integration=name, key="once"))
        await engine.handle(event("checks.passed", integration=name, state_seq=1))
        await engine.handle(event("checks.passed", SettledEffect("no", "lease"), integration=name))
        await engine.handle(event("pause.requested", integration=name, sender="effect"))
    await engine.handle(event("grant.refresh_started", data={"generation": 1}))
    await engine.handle(event("sync.failed", data={"problem": "sync.broken", "detail": "It broke."}))
    await engine.handle(event("grant.lost", data={"generation": 1, "problem": "grant.lost", "detail": "It is gone."}))
    await engine.handle(birth(integration="in_3"))


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A closed database with logs in it."""
    path = tmp_path / "syncline.sqlite3"
    store = await open_store(path)
    await fill(store)
    await store.close()
    return path


async def prove(path: Path, integration: str = "", anchors: dict[str, Anchor] | None = None) -> Report:
    """Open the file for reading and prove it."""
    store = await open_store(path, read_only=True)
    try:
        return await store.read(partial(verify, integration=integration, anchors=anchors))
    finally:
        await store.close()


def tamper(path: Path, tampering: Tampering) -> None:
    """Change the file as somebody could who owns it: without the triggers, without the foreign keys."""
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER audit_is_never_changed")
        connection.execute("DROP TRIGGER audit_is_never_deleted")
        tampering(connection)
    connection.close()


def sql(*statements: str) -> Tampering:
    """Make a tampering of statements."""

    def run(connection: sqlite3.Connection) -> None:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, f"nothing was changed by {statement}"

    return run


async def test_what_the_engine_wrote_is_true(store: Store) -> None:
    """Every row, column, state and memory is proved, and progress is heard."""
    await fill(store)
    heard: list[int] = []
    report = await store.read(partial(verify, progress=heard.append))
    rows = await store.read(partial(log.rows, wanted=Filter(), limit=1000))
    assert report == Report(len(rows), 3, (), CheckpointReport())
    assert report.proved
    assert heard == [len(rows)]
    assert {entry.row.disposition for entry in rows} == {
        "transitioned",
        "handled",
        "refused",
        "unexpected",
        "duplicate",
        "stale",
    }


async def test_one_integration_can_be_proved_alone(path: Path) -> None:
    """Its rows and nothing else; what is wrong elsewhere does not matter."""
    tamper(path, sql("UPDATE audit SET at = 1 WHERE integration = 'in_2' AND seq = 3"))
    assert (await prove(path, "in_1")).proved
    assert not (await prove(path, "in_2")).proved
    assert [fault.integration for fault in (await prove(path)).faults] == ["in_2"]


def edit(path_in_row: str, value: str) -> str:
    """Write the SQL that changes a value in the bytes of row 5 of the first integration."""
    return (
        f"UPDATE audit SET content = CAST(json_set(CAST(content AS TEXT), '{path_in_row}', '{value}') AS BLOB)"
        " WHERE integration = 'in_1' AND seq = 5"
    )


OF_ROW_5 = "WHERE integration = 'in_1' AND seq = 5"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tampering", "seq", "what"),
    [
        pytest.param(sql(edit("$.actor.id", "mallory")), 5, "hash", id="the actor is another"),
        pytest.param(sql(edit("$.to", "syncing.waiting")), 5, "hash", id="the state is another"),
        pytest.param(sql(f"UPDATE audit SET content = X'00' {OF_ROW_5}"), 5, "hash", id="the bytes are none"),
        pytest.param(sql(f"UPDATE audit SET hash = X'00' {OF_ROW_5}"), 5, "hash", id="the hash is another"),
        pytest.param(sql(f"DELETE FROM audit {OF_ROW_5}"), 6, "hash", id="a row in the middle is gone"),
        pytest.param(
            sql("DELETE FROM audit WHERE integration = 'in_1' AND seq = 1"), 2, "hash", id="the birth is gone"
        ),
        pytest.param(
            sql("DELETE FROM audit WHERE integration = 'in_1' AND seq > 20"),
            20,
            "its log ends at",
            id="the end is gone",
        ),
        pytest.param(sql("DELETE FROM audit WHERE integration = 'in_1'"), 0, "its log ends at", id="the log is gone"),
        pytest.param(
            sql(
                "UPDATE audit SET position = -1 WHERE integration = 'in_1' AND seq = 5",
                "UPDATE audit SET position = (SELECT position FROM audit WHERE integration = 'in_1' AND seq = 4) + 1000"
                " WHERE integration = 'in_1' AND seq = 4",
            ),
            5,
            "hash",
            id="two rows have changed places",
        ),
        pytest.param(
            sql(
                "UPDATE audit SET seq = 1000 WHERE integration = 'in_1' AND seq = 5",
                "UPDATE audit SET seq = 5 WHERE integration = 'in_1' AND seq = 6",
                "UPDATE audit SET seq = 6 WHERE integration = 'in_1' AND seq = 1000",
            ),
            6,
            "columns that are not what its bytes say: seq",
            id="two rows have changed numbers",
        ),
        pytest.param(
            sql(
                "INSERT INTO audit SELECT 1000, integration, 1000, at, type, 'new', owns_key, digest, disposition,"
                f" origin, target, content, hash FROM audit {OF_ROW_5}"
            ),
            1000,
            "hash",
            id="a row is put at the end",
        ),
        *(
            pytest.param(
                sql(f"UPDATE audit SET {column} = {value} {OF_ROW_5}"),
                5,
                f"columns that are not what its bytes say: {column}",
                id=f"the column {column} is another",
            )
            for column, value in (
                ("at", "at + 1"),
                ("type", "'login.denied'"),
                ("key", "'another'"),
                ("owns_key", "0"),
                ("disposition", "'refused'"),
                ("origin", "'unconfigured'"),
                ("target", "'unconfigured'"),
            )
        ),
        pytest.param(
            sql(f"UPDATE audit SET integration = 'in_3' {OF_ROW_5}"), 6, "hash", id="a row was given to another"
        ),
        pytest.param(
            sql("UPDATE integrations SET state = 'syncing.waiting' WHERE id = 'in_1'"),
            24,
            "its log says reauthorization_required",
            id="the state was set",
        ),
        pytest.param(
            sql("UPDATE integrations SET state_seq = state_seq - 1 WHERE id = 'in_1'"),
            24,
            "since seq",
            id="the seq of the state was set",
        ),
        pytest.param(
            sql("UPDATE integrations SET context = json_set(context, '$.org_id', '00D2') WHERE id = 'in_1'"),
            24,
            "its memory is not what its log says",
            id="the memory was set",
        ),
        pytest.param(
            sql("UPDATE integrations SET context = '[]' WHERE id = 'in_1'"), 24, "cannot be read", id="no memory"
        ),
        pytest.param(
            sql("UPDATE integrations SET head = X'00' WHERE id = 'in_1'"), 24, "its head", id="the head was set"
        ),
        pytest.param(
            sql("UPDATE integrations SET seq = 99 WHERE id = 'in_1'"), 24, "its log ends at", id="the seq was set"
        ),
        pytest.param(
            sql("PRAGMA foreign_keys = off", "DELETE FROM integrations WHERE id = 'in_1'"),
            24,
            "belong to no integration",
            id="the integration is gone",
        ),
    ],
)
async def test_tampering_is_found(path: Path, tampering: Tampering, seq: int, what: str) -> None:
    """The first row where it shows is named, and what is wrong with it; the untouched logs stay proved."""
    assert (await prove(path)).proved
    tamper(path, tampering)
    report = await prove(path)
    assert not report.proved
    found = {fault.integration: fault for fault in report.faults}
    assert "in_2" not in found
    assert found["in_1"].seq == seq
    assert what in found["in_1"].what


def rewrite(change: dict[str, object], *, seq: int = 5, head: bool = False) -> Tampering:
    """Make a tampering that changes a row, its columns, and every hash from there on, as an insider would."""

    def run(connection: sqlite3.Connection) -> None:
        link = GENESIS
        for position, content in connection.execute(
            "SELECT position, content FROM audit WHERE integration = 'in_1' ORDER BY seq"
        ).fetchall():
            row = decode(content)
            if row.seq == seq:
                content = encode(type(row)(**{name: getattr(row, name) for name in row.__struct_fields__} | change))  # noqa: PLW2901
                row = decode(content)
            link = chain(link, content)
            connection.execute(
                "UPDATE audit SET content = ?, hash = ?, at = ?, type = ?, disposition = ?, origin = ?, target = ?"
                " WHERE position = ?",
                (content, link, row.at, row.type, row.disposition, row.origin, row.to, position),
            )
        if head:
            connection.execute("UPDATE integrations SET head = ? WHERE id = 'in_1'", (link,))

    return run


async def test_a_rewritten_chain_does_not_fit_its_head(path: Path) -> None:
    """Whoever hashes the log anew from some row on has to change the integration too."""
    tamper(path, rewrite({"at": 1}))
    (fault,) = (await prove(path)).faults
    assert "its head is not the hash" in fault.what


@pytest.mark.parametrize(
    ("change", "seq", "what"),
    [
        ({"to": "syncing.waiting"}, 6, "the row before ended in syncing.waiting"),
        ({"origin": "unconfigured"}, 5, "it starts from unconfigured"),
        ({"disposition": "handled"}, 5, "it is handled and yet leads to"),
        ({"state_seq": 3}, 5, "entered at seq 3"),
        ({"data": {"problem": "made.up"}}, 5, "its memory does not follow"),
        ({"seq": 4}, 5, "columns that are not what its bytes say: seq"),
    ],
    ids=str,
)
async def test_a_rewritten_row_has_to_make_sense(path: Path, change: dict[str, object], seq: int, what: str) -> None:
    """With every hash and the head right, a row still has to follow from the one before it."""
    tamper(path, rewrite(change, head=True))
    (fault,) = (await prove(path)).faults
    assert fault.seq == seq
    assert what in fault.what


async def test_a_log_that_was_cut_leaves_traces(path: Path) -> None:
    """Rows cut off at the end, the integration set back with them: documents and effects came later than its end."""

    def cut(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM audit WHERE integration = 'in_1' AND seq > 3")
        (content, link) = connection.execute(
            "SELECT content, hash FROM audit WHERE integration = 'in_1' AND seq = 3"
        ).fetchone()
        row = decode(content)
        connection.execute(
            "UPDATE integrations SET seq = 3, head = ?, state = ?, state_seq = 3, context = '{}' WHERE id = 'in_1'",
            (link, row.to),
        )

    tamper(path, cut)
    (fault,) = (await prove(path)).faults
    assert "its log ends at 3" in fault.what


async def test_an_anchor_finds_a_perfect_forgery(path: Path) -> None:
    """A forgery that nothing in the database contradicts still has other hashes than were noted elsewhere."""
    store = await open_store(path, read_only=True)
    noted = {}
    for name in ("in_1", "in_2"):
        (last,) = await store.read(partial(log.latest, wanted=Filter(integration=name), limit=1))
        noted[name] = Anchor(last.row.seq, last.hash)
    await store.close()
    assert (await prove(path, anchors=noted)).proved
    tamper(path, rewrite({"at": 1}, head=True))
    assert (await prove(path)).proved
    (fault,) = (await prove(path, anchors=noted)).faults
    assert (fault.integration, fault.seq) == ("in_1", noted["in_1"].seq)
    assert "noted elsewhere" in fault.what


async def test_an_anchor_of_a_row_that_is_gone(path: Path) -> None:
    """A log that is shorter than it was noted to be is no proof."""
    report = await prove(path, anchors={"in_3": Anchor(9, hashlib.sha256().digest()), "in_9": Anchor(1, b"")})
    assert {fault.integration: fault.what for fault in report.faults} == {
        "in_3": "its log ends at seq 1, seq 9 was noted elsewhere",
        "in_9": "its log ends at seq 0, seq 1 was noted elsewhere",
    }


async def test_rows_of_another_version_are_believed_about_their_memory(path: Path) -> None:
    """What another version remembered cannot be computed here; its chain and states are proved all the same."""
    tamper(path, rewrite({"software": "0.0.0", "data": {"problem": "made.up"}}, head=True))
    assert (await prove(path)).proved
