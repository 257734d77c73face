"""What is different between a document and the one that takes its place."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.core.audit import describe
from syncline.core.brought import Document
from syncline.core.change import MOST_PARTS, Change, compare, digest, is_configuration
from syncline.core.documents import FIELD_SYNC, MAPPING, OBJECT_SYNC, RUN, SETTINGS, SettingsDocument

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def test_the_parts_are_named_and_not_shown() -> None:
    """Down to the field; what came, what went and what is another."""
    before = {"objects": {"Lead": {"A": "secret", "B": "b"}, "Contact": {"C": "c"}}, "n": 1}
    after = {"objects": {"Lead": {"A": "other", "D": "d"}, "Contact": {"C": "c"}}, "n": 1}
    change = compare(before, after)
    assert change == Change(digest(before), digest(after), ("objects.Lead.A", "objects.Lead.B", "objects.Lead.D"))
    assert "secret" not in str(change)


def test_the_same_is_no_change() -> None:
    """Also in another order, and as a struct instead of what was stored of it."""
    assert compare({"a": 1, "b": 2}, {"b": 2, "a": 1}) is None
    assert compare({"login_host": "l", "target_url": "t"}, SettingsDocument("l", "t")) is None


def test_of_many_parts_the_rest_is_counted() -> None:
    """A row does not grow with what it speaks of."""
    change = compare({}, {f"{number:04d}": number for number in range(MOST_PARTS + 7)})
    assert change is not None
    assert (len(change.parts), change.more) == (MOST_PARTS, 7)


@given(JSON, JSON)
def test_whatever_is_replaced_by_whatever(before: object, after: object) -> None:
    """Something is said exactly when the two are not the same JSON, with the digest that rows say of a document."""
    change = compare(before, after)
    assert (change is None) == (digest(before) == digest(after))
    if change is not None:
        assert describe(Document("d", after)) == f"document:d:{change.after}"
        assert all(change.parts)


@pytest.mark.parametrize(
    ("name", "told"),
    [(MAPPING, True), (SETTINGS, True), (RUN, False), (FIELD_SYNC, False), (OBJECT_SYNC + "Lead", False)],
)
def test_progress_is_no_change_of_the_set_up(name: str, told: bool) -> None:  # noqa: FBT001  a case
    """It would be one with every page of records."""
    assert is_configuration(name) is told


def test_the_digest_is_over_sorted_json() -> None:
    """So that anybody can compute it."""
    assert digest({"b": 1, "a": [2]}) == "sha256=" + hashlib.sha256(b'{"a":[2],"b":1}').hexdigest()
