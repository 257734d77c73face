"""What is sent of a page, and what is remembered of it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from syncline.core.documents import ObjectSyncDocument
from syncline.core.outgoing import Shape, count, pack, remember
from syncline.providers.port import RowResult

SHAPE = Shape("Lead", "Id", "Stamp", {"Name": "name"}, "key")


def record(id_: str, stamp: str = "1", name: str | None = "Ada") -> dict[str, Any]:
    """A record of the source."""
    return {"Id": id_, "Stamp": stamp, "Name": name}


def test_people_have_the_mapped_fields_and_the_key() -> None:
    """An empty field empties the target's; one that did not come is empty too."""
    load = pack([record("a"), record("b", name=None), {"Id": "c", "Stamp": "1"}], SHAPE, {})
    assert load.people == ({"name": "Ada", "key": "a"}, {"name": None, "key": "b"}, {"name": None, "key": "c"})


def test_only_what_was_sent_just_so_is_left_out() -> None:
    """A record that has changed since is sent, also when its stamp is the same: stamps may be to the second only."""
    sent = dict(pack([record(id_, "1") for id_ in "abc"], SHAPE, {}).origins)
    load = pack([record("a", "1"), record("b", "2"), record("c", "1", name="Eve")], SHAPE, sent)
    assert [id_ for id_, _ in load.origins] == ["b", "c"]
    assert (load.unchanged, load.read) == (1, 3)


def test_what_the_next_look_back_can_meet_is_remembered() -> None:
    """And no more than that; refused records too, since the same values would be refused again."""
    load = pack([record("a", "1"), record("b", "5"), record("c", "6")], SHAPE, {})
    results = [RowResult("created"), RowResult("skipped", reason="no"), RowResult("updated")]
    sent, refused = remember(SHAPE, load, results, horizon="5", refused_before=frozenset({"b", "c"}))
    assert sent.rows == load.origins[1:]
    assert [mark[0] for _, mark in sent.rows] == ["5", "6"]
    assert (refused.rows, refused.cleared) == ((("b", "no"),), ("c",))


@given(
    ids=st.lists(st.sampled_from("abcdef")),
    before=st.lists(st.sampled_from("abcdef")),
    status=st.sampled_from(["created", "updated", "skipped"]),
)
def test_every_record_that_was_read_is_accounted_for(ids: list[str], before: list[str], status: Any) -> None:  # noqa: ANN401  the literals of RowResult
    """The numbers of an object add up, and nobody is sent twice in a page."""
    load = pack([record(id_) for id_ in ids], SHAPE, dict(pack([record(id_) for id_ in before], SHAPE, {}).origins))
    assert {person["key"] for person in load.people} == set(ids) - set(before)
    assert len({person["key"] for person in load.people}) == len(load.people)
    after = count(ObjectSyncDocument("Lead", 1), load, [RowResult(status) for _ in load.people])
    assert after.created + after.updated + after.refused + after.unchanged == after.read == len(ids)
