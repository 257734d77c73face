"""Checkpoints held against the log: what its owner can do to the file, and which evidence shows it."""

from functools import partial

import pytest

from syncline.core.event import Actor
from syncline.core.note import Checkpoint, VerifierKey, claimed
from syncline.core.proof import Noted
from syncline.store.checkpoints import signed_after
from syncline.store.evidence import CheckpointReport, Evidence
from syncline.store.verify import verify
from tests.checkpoints.conftest import House, house
from tests.store.forgery import forge, opened, other_key, truncate

__all__ = ["house"]


@pytest.fixture
async def outside(house: House) -> Evidence:
    """A log with four checkpoints, over 23, 33, 303 and 343 rows, all of which were taken outside; and its key."""
    checkpoints = await house.open()
    for count in (20, 10, 270, 40):
        await house.add(count)
        assert await checkpoints.sign()
    signed = await house.store.read(partial(signed_after, number=0, most=9))
    key = VerifierKey.read((await checkpoints._keys.known())[0].key)
    return Evidence(tuple(Noted(each.at, each.note) for each in signed), (key,))


async def found(house: House, evidence: Evidence | None = None) -> list[tuple[str, int, str]]:
    """What proving says of checkpoints: source, size, what."""
    report = (await house.prove(evidence)).checkpoints
    assert report is not None
    return [(fault.source, fault.size, fault.what) for fault in report.faults]


async def test_a_true_log_holds_against_all_of_it(house: House, outside: Evidence) -> None:
    """Also when a place has got some twice, and when rows are newer than the newest checkpoint."""
    await house.add(3)
    twice = Evidence((*outside.noted, *outside.noted[:2]), outside.keys)
    report = await house.prove(twice)
    assert report.proved, report
    assert report.rows == 346
    assert report.checkpoints == CheckpointReport(database=4, outside=6, covered=343)


async def test_an_end_that_was_cut_off_shows_from_outside_alone(house: House, outside: Evidence) -> None:
    """Its owner cut off rows, checkpoints and what was stored of the tree: the file agrees with itself."""
    truncate(house.store, 50)
    with opened(house.store) as connection:
        connection.execute("DELETE FROM checkpoints WHERE size > 293")
    report = await house.prove()
    assert report.proved, report
    assert await found(house, outside) == [
        ("outside", 303, "it says 303 rows, the log ends at 293: its end was cut off")
    ]


async def test_an_end_that_was_cut_off_shows_where_the_rest_was_left(house: House, outside: Evidence) -> None:
    """The checkpoints of the database themselves, and the stored tree."""
    truncate(house.store, 100)
    faults = await found(house)
    assert [(source, size) for source, size, _ in faults] == [("tree", 256), ("database", 303)]
    assert all("cut off" in what for _, _, what in faults)


async def test_a_log_that_was_written_anew_does_not_lead_to_what_was_signed(house: House, outside: Evidence) -> None:
    """Every chain is whole and every head right; the first checkpoint after the change is named, and where it is."""
    forge(house.store, position=28)
    report = await house.prove()
    assert not report.faults
    assert not report.proved
    ((source, size, what),) = await found(house)
    assert (source, size) == ("database", 33)
    assert "a row at one of the positions 24 to 33 was changed" in what
    assert {fault[:2] for fault in await found(house, outside)} == {("database", 33), ("outside", 33)}


async def test_a_log_with_a_key_of_its_forger_agrees_with_itself_only(house: House, outside: Evidence) -> None:
    """Nothing inside shows it; what lies outside does, and so does the key that somebody has noted."""
    forge(house.store, position=28, signer=other_key(outside.keys[0].name))
    report = await house.prove()
    assert report.proved, report
    ((source, size, what),) = await found(house, Evidence(keys=outside.keys))
    assert (source, size) == ("key", 0)
    assert "the log does not name" in what
    ((source, size, what),) = await found(house, Evidence(outside.noted))
    assert (source, size) == ("outside", 23)  # The forged key's own row is among the first.
    assert "does not lead to its root" in what


async def test_a_checkpoint_of_somebody_else_is_none(house: House, outside: Evidence) -> None:
    """The root may be right: the key that the log names has not signed it."""
    signer = other_key(outside.keys[0].name)
    real = claimed(outside.noted[1].checkpoint)
    ((source, size, what),) = await found(house, Evidence((Noted(1, signer.sign(real.text)),)))
    assert (source, size) == ("outside", 33)
    assert "it is not signed by the key that the log names for it" in what
    foreign = other_key("elsewhere")
    note = foreign.sign(Checkpoint("elsewhere", real.size, real.root).text)
    ((source, size, what),) = await found(house, Evidence((Noted(1, note),)))
    assert "not signed by the key that the log names" in what


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "source", "size", "words"),
    [
        (
            "UPDATE checkpoints SET note = replace(note, substr(note, length(note) - 19, 5), 'AbCdE') WHERE size = 303",
            "database",
            303,
            "",
        ),
        ("UPDATE checkpoints SET note = 'no note' WHERE size = 303", "database", 303, "no signed note"),
        ("UPDATE checkpoints SET size = 304 WHERE size = 303", "database", 304, "is stored for 304 rows and says 303"),
        ("UPDATE checkpoints SET at = 'never' WHERE size = 303", "database", 0, "neither numbers nor text"),
        ("UPDATE checkpoints SET size = 'many' WHERE size = 303", "database", 0, "neither numbers nor text"),
        ("UPDATE checkpoints SET note = X'00' WHERE size = 303", "database", 0, "neither numbers nor text"),
        ("UPDATE audit SET hash = 'no bytes' WHERE position = 100", "database", 303, "only 99 can be read"),
        ("UPDATE tree_nodes SET hash = zeroblob(32)", "tree", 256, "is not what the rows lead to"),
        ("DELETE FROM audit WHERE position = 100", "database", 100, "the row at this position is missing"),
        ("UPDATE audit SET position = 900 WHERE position = 343", "database", 343, "at this position is missing"),
    ],
)
async def test_every_other_change_is_named(
    house: House, outside: Evidence, statement: str, source: str, size: int, words: str
) -> None:
    """The first thing that is wrong, where it is."""
    with opened(house.store) as connection:
        assert connection.execute(statement).rowcount > 0
    faults = await found(house, outside)
    assert (source, size) in [(fault[0], fault[1]) for fault in faults], faults
    assert all(words in what for name, _, what in faults if name == source), faults


@pytest.mark.parametrize("column", ["content", "hash", "digest"])
async def test_a_row_that_is_not_even_bytes_is_named(house: House, outside: Evidence, column: str) -> None:
    """Nothing is raised for it, and the other logs stay proved."""
    with opened(house.store) as connection:
        connection.execute(f"UPDATE audit SET {column} = 'text' WHERE integration = 'in_1' AND seq = 50")  # noqa: S608
    report = await house.prove(outside)
    assert [(fault.integration, fault.seq) for fault in report.faults] == [("in_1", 50)]


async def test_a_key_that_never_signed_for_this_log_proves_nothing(house: House, outside: Evidence) -> None:
    """The log names the new key, and all that it has signed was taken away."""
    checkpoints = house.started[-1]
    new = await checkpoints.rotate(Actor("person", "key_1"))
    assert (await house.prove(Evidence(keys=(new,)))).proved
    with opened(house.store) as connection:
        connection.execute("DELETE FROM checkpoints WHERE size > 343")
    ((source, _, what),) = await found(house, Evidence(keys=(new,)))
    assert source == "key"
    assert "no true checkpoint is signed by" in what


async def test_one_integration_is_proved_without_checkpoints(house: House, outside: Evidence) -> None:
    """They speak of all rows."""
    report = await house.store.read(partial(verify, integration="in_1"))
    assert report.proved
    assert report.checkpoints is None
