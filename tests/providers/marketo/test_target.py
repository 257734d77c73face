"""The port: which hosts, which fields under which names, and what becomes of each row."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.errors import InputError, UnreachableError
from syncline.providers.marketo import fields, people
from syncline.providers.port import Field, FieldResult, Providers, RowResult
from tests.providers.marketo.instance import DESCRIBE, FIELDS, LEADS, TOKEN, account_at, fine, skipped, token
from tests.providers.stub import Stub


@pytest.fixture
def instance(stub: Stub) -> Stub:
    """An instance that gives tokens."""
    stub.on(TOKEN, token())
    return stub


def _sent(stub: Stub, path: str) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in stub.heard if call.path == path]


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://123-ABC-456.mktorest.com", "https://123-abc-456.mktorest.com"),
        ("123-abc-456.mktorest.com", "https://123-abc-456.mktorest.com"),
        (" https://123-abc-456.mktorest.com/rest ", "https://123-abc-456.mktorest.com"),
        ("https://123-abc-456.mktorest.com/identity", "https://123-abc-456.mktorest.com"),
    ],
)
def test_an_instance_is_named_as_marketo_shows_it(providers: Providers, text: str, origin: str) -> None:
    """With or without what comes behind."""
    assert providers.target.account_url(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://123-abc-456.mktorest.com",
        "https://mktorest.com",
        "https://123-abc-456.mktorest.com.evil.example",
        "https://evil.example/123-abc-456.mktorest.com",
        "https://evil.example?x.mktorest.com",
        "https://a@123-abc-456.mktorest.com",
        "https://a.b.mktorest.com",
        "https://123-abc-456.mktorest.com:8443",
        "https://123-abc-456.mktorest.com/rest/v1/leads.json",
        "https://[::1",
        "http://127.0.0.1:1",
        "x" * 3000,
    ],
)
def test_no_other_host_is_written_to(providers: Providers, text: str) -> None:
    """Nor sent a secret."""
    with pytest.raises(InputError) as caught:
        providers.target.account_url(text)
    assert (caught.value.code, caught.value.facts) == ("marketo.host_not_allowed", {"field": "url"})


def test_the_operator_can_allow_one(providers: Providers, stub: Stub) -> None:
    """A simulator's."""
    assert providers.target.account_url(stub.origin + "/") == stub.origin


@given(st.sets(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True), max_size=8))
def test_names_of_fields_never_meet(names: set[str]) -> None:
    """Salesforce tells names apart whatever their case, and so does what we make of them."""
    made = {fields.name_of(Field("Lead", name, name, "string")).lower() for name in names}
    assert len(made) == len({name.lower() for name in names})


def test_a_field_is_written_with_a_label_that_marketo_takes() -> None:
    """Labels must differ and may hold few letters, so the name is in them."""
    field = Field("Lead", "sfdcWin__c", "Gewinn % (“größte”)" + "x" * 300, "percent")
    document = fields.written(field)
    assert document["displayName"].endswith(" (sfdcWin__c)")
    assert len(document["displayName"]) == 255
    assert document["displayName"].isascii()
    assert document["dataType"] == "float"


def test_a_text_that_may_be_too_long_is_unfit() -> None:
    """Marketo's API makes no text areas."""
    assert fields.unfit(Field("Lead", "A__c", "A", "text", length=32_000))
    assert not fields.unfit(Field("Lead", "A__c", "A", "text", length=255))
    assert not fields.unfit(Field("Lead", "A__c", "A", "string", length=1300))


async def test_fields_are_created_with_a_result_for_each(providers: Providers, instance: Stub) -> None:
    """One that is there already is no failure."""
    instance.on(
        FIELDS,
        fine(
            {"name": "sfdcId", "status": "created"},
            skipped("1017", "exists"),
            skipped("1028", "Max field limit reached"),
        ),
    )
    made = await providers.target.create_fields(
        account_at(instance.origin),
        [providers.target.key_field, Field("Lead", "sfdcA", "A", "date"), Field("Lead", "sfdcB", "B", "boolean")],
    )
    assert made == [
        FieldResult("sfdcId", "created"),
        FieldResult("sfdcA", "existed", "1017: exists"),
        FieldResult("sfdcB", "refused", "1028: Max field limit reached"),
    ]
    assert [row["dataType"] for row in _sent(instance, FIELDS)[0]["input"]] == ["string", "date", "boolean"]


async def test_fields_are_listed_in_words_common_to_both_sides(providers: Providers, instance: Stub) -> None:
    """A type nobody knows is left out."""
    rows = [
        {"name": "email", "displayName": "Email", "dataType": "email", "length": 255, "updateable": True},
        {"name": "leadScore", "displayName": "Score", "dataType": "score", "updateable": False},
        {"name": "x", "displayName": "X", "dataType": "hologram"},
    ]
    instance.on(DESCRIBE, fine({"name": "API Lead", "fields": rows}))
    listed = await providers.target.fields(account_at(instance.origin))
    assert [(f.name, f.type, f.length, f.writable) for f in listed] == [
        ("email", "email", 255, True),
        ("leadScore", "integer", None, False),
    ]


async def test_people_are_upserted_by_the_key_field(providers: Providers, instance: Stub) -> None:
    """A result for each, in order, with Marketo's own words for a refusal."""
    instance.on(
        LEADS, fine({"id": 7, "status": "created"}, skipped("1003", "Invalid data"), {"id": 9, "status": "updated"})
    )
    rows = [{"sfdcId": "a"}, {"sfdcId": "b"}, {"sfdcId": "c"}]
    results = await providers.target.upsert(account_at(instance.origin), rows)
    assert results == [
        RowResult("created", "7"),
        RowResult("skipped", reason="1003: Invalid data"),
        RowResult("updated", "9"),
    ]
    assert _sent(instance, LEADS) == [{"action": "createOrUpdate", "lookupField": "sfdcId", "input": rows}]


async def test_a_closed_company_does_not_cost_the_person(providers: Providers, instance: Stub) -> None:
    """The rows that were refused for it are written without it."""
    instance.on(LEADS, fine({"id": 1, "status": "created"}, skipped("1021")), fine({"id": 2, "status": "updated"}))
    rows = [{"sfdcId": "a"}, {"sfdcId": "b", "company": "Acme", "email": "b@x.example"}]
    results = await providers.target.upsert(account_at(instance.origin), rows)
    assert [result.status for result in results] == ["created", "updated"]
    assert _sent(instance, LEADS)[1]["input"] == [{"sfdcId": "b", "email": "b@x.example"}]


async def test_rows_that_exceed_a_megabyte_go_in_several_calls(providers: Providers, instance: Stub) -> None:
    """And one that exceeds it alone is refused, not the rest."""
    instance.on(LEADS, fine({"id": 1, "status": "created"}))
    rows = [
        {"sfdcId": "a", "n": "x" * 600_000},
        {"sfdcId": "b", "n": "x" * 600_000},
        {"sfdcId": "c", "n": "x" * 2_000_000},
    ]
    results = await providers.target.upsert(account_at(instance.origin), rows)
    assert [result.status for result in results] == ["created", "created", "skipped"]
    assert [len(document["input"]) for document in _sent(instance, LEADS)] == [1, 1]


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_a_number_of_results_that_does_not_fit_is_an_outage(
    providers: Providers, instance: Stub, count: int
) -> None:
    """Nobody could say which row is which."""
    instance.on(LEADS, fine(*[{"id": 1, "status": "created"}] * count))
    with pytest.raises(UnreachableError):
        await providers.target.upsert(account_at(instance.origin), [{"sfdcId": "a"}, {"sfdcId": "b"}])


async def test_nobody_to_write_is_no_call(providers: Providers, instance: Stub) -> None:
    """A page may hold only unchanged records."""
    assert await providers.target.upsert(account_at(instance.origin), []) == []
    assert instance.heard == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("2026-11-24T08:00:00.000+0000", "2026-11-24T08:00:00Z"),
        ("2026-11-24T08:00:00.000Z", "2026-11-24T08:00:00Z"),
        ("2026-11-24", "2026-11-24"),
        ("since 2026-11-24T08:00:00.000Z", "since 2026-11-24T08:00:00.000Z"),
        (5.0, 5),
        (5.5, 5.5),
        (True, True),
        (None, None),
        ("", ""),
    ],
)
def test_values_take_marketos_form(value: object, written: object) -> None:
    """And null stays null: it empties the field."""
    made = people.written(value)
    assert (type(made), made) == (type(written), written)
