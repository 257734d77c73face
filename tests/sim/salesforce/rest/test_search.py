"""Searches: what is found by words, and what of it is told."""

from typing import Any

import pytest

from syncline_sim.salesforce import changes, orgs
from syncline_sim.world import World
from tests.sim.salesforce.conftest import USERNAME, Api

PEOPLE: tuple[dict[str, str], ...] = (
    {"LastName": "Waldorf", "FirstName": "Ann", "Company": "Acme & Sons", "Email": "ann@waldorf.example"},
    {"LastName": "Waldo", "FirstName": "Bob", "Company": "Globex", "Phone": "(415) 555-1212"},
    {"LastName": "O'Hara", "FirstName": "Cy", "Company": "Waldo Partners", "Email": "cy@ohara.example"},
)


@pytest.fixture(autouse=True)
def leads(world: World) -> None:
    """Three leads, and a contact of the same name as one of them."""
    for person in PEOPLE:
        changes.create_record(world, "Lead", dict(person))
    changes.create_record(world, "Contact", {"LastName": "Waldo"})


async def names(api: Api, term: str, more: str = "") -> list[str]:
    """Answer the last names of the leads that a term finds."""
    query = f"FIND {{{term}}} {more} RETURNING Lead(LastName ORDER BY LastName)"
    found = await api.get("/search", params={"q": query})
    return [record["LastName"] for record in found["searchRecords"]]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("waldo", ["O'Hara", "Waldo"]),
        ("waldo*", ["O'Hara", "Waldo", "Waldorf"]),
        ("wald?", ["O'Hara", "Waldo"]),
        ("waldo globex", ["Waldo"]),
        ("waldo AND NOT globex", ["O'Hara"]),
        ("acme OR globex", ["Waldo", "Waldorf"]),
        ("(acme OR globex) AND bob", ["Waldo"]),
        ('"acme sons"', ["Waldorf"]),
        ('"sons acme"', []),
        ("ann@waldorf.example", ["Waldorf"]),
        ("O\\'Hara", ["O'Hara"]),
        ("\\(415\\) 555\\-1212", ["Waldo"]),
        ("100%", []),
        ("nobody", []),
    ],
)
async def test_terms(api: Api, term: str, expected: list[str]) -> None:
    """Words, wildcards, phrases and what joins them."""
    assert await names(api, term) == expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [("ALL", ["O'Hara", "Waldo"]), ("NAME", ["Waldo"]), ("EMAIL", []), ("PHONE", [])],
)
async def test_groups_of_fields(api: Api, group: str, expected: list[str]) -> None:
    """A search may keep to names, addresses or numbers."""
    assert await names(api, "waldo", f"IN {group} FIELDS") == expected


async def test_what_is_told(api: Api) -> None:
    """Fields, conditions and limits of each object; ids alone where nothing is named."""
    text = "FIND {waldo} RETURNING Lead(Id, Company WHERE Company LIKE '%,(x)%' OR LastName = 'Waldo'), Contact LIMIT 5"
    found = (await api.get("/search", params={"q": text}))["searchRecords"]
    assert [(each["attributes"]["type"], each.get("Company")) for each in found] == [
        ("Lead", "Globex"),
        ("Contact", None),
    ]
    assert set(found[1]) == {"attributes", "Id"}
    every = (await api.get("/search", params={"q": "FIND {waldo}"}))["searchRecords"]
    assert sorted(each["attributes"]["type"] for each in every) == ["Contact", "Lead", "Lead"]
    limited = await api.get("/search/", params={"q": "find {waldo} returning Lead(Id LIMIT 1), Contact(Id) limit 1"})
    assert len(limited["searchRecords"]) == 1


async def test_older_version(api: Api) -> None:
    """Before 37.0 the answer is the list alone."""
    found: list[dict[str, Any]] = await api.get("/services/data/v36.0/search", params={"q": "FIND {globex}"})
    assert [each["attributes"]["type"] for each in found] == ["Lead"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "MALFORMED_SEARCH"),
        ("waldo", "MALFORMED_SEARCH"),
        ("FIND {a}", "MALFORMED_SEARCH"),
        ("FIND {**}", "MALFORMED_SEARCH"),
        ("FIND {(waldo}", "MALFORMED_SEARCH"),
        ("FIND {waldo)}", "MALFORMED_SEARCH"),
        ("FIND {waldo AND}", "MALFORMED_SEARCH"),
        ("FIND {&&}", "MALFORMED_SEARCH"),
        ("FIND {a*b*c*d*e}", "MALFORMED_SEARCH"),
        (f"FIND {{{'waldo ' * 300}}}", "MALFORMED_SEARCH"),
        (f"FIND {{{'(' * 100}waldo{')' * 100}}}", "MALFORMED_SEARCH"),
        ("FIND {waldo} IN SOME FIELDS", "MALFORMED_SEARCH"),
        ("FIND {waldo} RETURNING ,", "MALFORMED_SEARCH"),
        ("FIND {waldo} RETURNING Nothing", "INVALID_TYPE"),
        ("FIND {waldo} RETURNING Lead(Nothing)", "INVALID_FIELD"),
        ("FIND {waldo} RETURNING Lead(Id WHERE)", "MALFORMED_SEARCH"),
        ("FIND {waldo} RETURNING Lead(Id WHERE Id)", "MALFORMED_QUERY"),
    ],
)
async def test_refusals(api: Api, text: str, code: str) -> None:
    """What is no search is refused as such; what is told of an object is read as SOQL."""
    assert await api.refusal("GET", "/search", params={"q": text}) == (400, code)


async def test_hidden(world: World, api: Api) -> None:
    """What is hidden is not searched, and what is deleted is not found."""
    orgs.change_user(world, USERNAME, hidden={"Lead": ["Phone"], "Contact": ["*"]})
    assert await names(api, "1212") == []
    assert await api.refusal("GET", "/search", params={"q": "FIND {waldo} RETURNING Contact"}) == (400, "INVALID_TYPE")
    gone = (await api.query("SELECT Id FROM Lead WHERE LastName = 'Waldo'"))["records"][0]["Id"]
    await api.send("DELETE", f"/sobjects/Lead/{gone}")
    assert await names(api, "waldo") == ["O'Hara"]
