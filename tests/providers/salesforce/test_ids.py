"""An id has one form, and an identity URL names an org and a user or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.providers.salesforce import ids

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("short", "full"),
    [("00DHs0000000001", "00DHs0000000001MAA"), ("001A0000006Vm9r", "001A0000006Vm9rIAC"), ("", ""), ("00D", "")],
)
def test_fifteen_characters_become_eighteen(short: str, full: str) -> None:
    """By the published rule."""
    assert ids.full(short) == full


@given(st.text(LETTERS, min_size=15, max_size=15), st.text(LETTERS, min_size=15, max_size=15))
def test_ids_that_differ_only_in_case_differ_without_case(one: str, other: str) -> None:
    """Which is what the three letters are for."""
    assert (ids.full(one).lower() == ids.full(other).lower()) == (one == other)


@pytest.mark.parametrize("text", ["00DHs0000000001'OR", "00DHs000000000100", "０0DHs0000000001"])  # noqa: RUF001  a wide digit
def test_what_is_no_id_is_nothing(text: str) -> None:
    """It would stand in a query."""
    assert ids.full(text) == ""


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/id/00DHs0000000001/005Hs0000000001", ("00DHs0000000001MAA", "005Hs0000000001IAA")),
        ("/id/00DHs0000000001MAA/005Hs0000000001IAA", ("00DHs0000000001MAA", "005Hs0000000001IAA")),
        ("/id/005Hs0000000001/00DHs0000000001", ("", "")),
        ("/id/00DHs0000000001/005Hs0000000001/more", ("", "")),
        ("", ("", "")),
    ],
)
def test_an_identity_path_names_org_and_user(path: str, named: tuple[str, str]) -> None:
    """Or neither."""
    assert ids.named_in(path) == named
