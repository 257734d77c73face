"""Reading in order from a position: pages join without a gap or a double, whatever happens to the server's cursor."""

from typing import Any

import pytest

from syncline.errors import ProviderError, RejectedError, UnreachableError
from syncline.providers.port import Page, Position, Providers
from syncline.providers.salesforce.records import soql
from tests.providers.salesforce.org import DATA, fault
from tests.providers.stub import FixedSession, Stub

UNTIL = "2026-11-24T08:00:00.000Z"
QUERY = f"{DATA}/query"
LOST = (400, fault("INVALID_QUERY_LOCATOR"))


def _row(number: int) -> dict[str, Any]:
    return {
        "attributes": {"type": "Lead", "url": "/x"},
        "Id": f"00QHs{number:010d}",
        "SystemModstamp": f"2026-01-01T00:00:{number:02d}.000+0000",
        "Email": None,
    }


def _page(*numbers: int, total: int, more: str = "") -> tuple[int, dict[str, Any]]:
    document = {"totalSize": total, "done": not more, "records": [_row(number) for number in numbers]}
    return 200, document | ({"nextRecordsUrl": f"{DATA}/query/{more}"} if more else {})


async def _read(providers: Providers, stub: Stub, after: Position | None = None, since: str = "") -> list[Page]:
    session = FixedSession(stub.origin)
    pages = providers.source.pages(session, "Lead", ["Email"], after=after or Position(), since=since, until=UNTIL)
    return [page async for page in pages]


def _numbers(pages: list[Page]) -> list[int]:
    return [int(record["Id"][5:15]) for page in pages for record in page.records]


async def test_pages_follow_the_cursor(providers: Providers, stub: Stub) -> None:
    """Stamps and ids come in one form, and the position is that of the last record."""
    stub.on(QUERY, _page(1, 2, total=3, more="01g-2000"))
    stub.on(f"{QUERY}/01g-2000", _page(3, total=3))
    pages = await _read(providers, stub)
    assert _numbers(pages) == [1, 2, 3]
    assert [page.total for page in pages] == [3, 3]
    assert pages[0].position == Position("2026-01-01T00:00:02.000Z", "00QHs0000000002MAA")
    assert set(pages[0].records[0]) == {"Id", "SystemModstamp", "Email"}


async def test_a_lost_cursor_starts_again_from_the_position(providers: Providers, stub: Stub) -> None:
    """Nothing is read twice, and the new total, which is of the rest only, is not mistaken for the whole."""
    stub.on(QUERY, _page(1, 2, total=4, more="a"), _page(3, 4, total=2))
    stub.on(f"{QUERY}/a", LOST)
    pages = await _read(providers, stub)
    assert _numbers(pages) == [1, 2, 3, 4]
    assert pages[1].total == 4
    again = stub.heard[2].query["q"]
    assert "SystemModstamp > 2026-01-01T00:00:02.000Z" in again
    assert "SystemModstamp = 2026-01-01T00:00:02.000Z AND Id > '00QHs0000000002" in again


async def test_a_cursor_that_is_always_lost_is_given_up(providers: Providers, stub: Stub) -> None:
    """After a few tries without a record."""
    stub.on(QUERY, _page(total=4, more="a"))
    stub.on(f"{QUERY}/a", LOST)
    with pytest.raises(ProviderError):
        await _read(providers, stub)
    assert len(stub.heard) < 12


@pytest.mark.parametrize("path", ["https://evil.example/services/data/x", "//evil.example/x", "/elsewhere", None, 7])
async def test_a_cursor_leads_nowhere_else(providers: Providers, stub: Stub, path: object) -> None:
    """A page cannot send the token away."""
    stub.on(QUERY, (200, {"totalSize": 2, "done": False, "records": [_row(1)], "nextRecordsUrl": path}))
    with pytest.raises(UnreachableError):
        await _read(providers, stub)


@pytest.mark.parametrize(
    "document", [[], {}, {"records": None}, {"records": [{}]}, {"records": [{"Id": 7}]}, "x", None]
)
async def test_a_query_without_records_in_it_is_an_outage(providers: Providers, stub: Stub, document: object) -> None:
    """And not an end of the records."""
    stub.on(QUERY, (200, document))
    with pytest.raises(UnreachableError):
        await _read(providers, stub)


async def test_a_hidden_field_is_a_missing_permission(providers: Providers, stub: Stub) -> None:
    """It was visible when the mapping was made."""
    stub.on(QUERY, (400, fault("INVALID_FIELD", "No such column 'Email'")))
    with pytest.raises(RejectedError) as caught:
        await _read(providers, stub)
    assert caught.value.code == "salesforce.missing_permission"
    assert "Email" in caught.value.detail


def test_the_query_has_both_ends_and_an_order() -> None:
    """And always the id and the stamp."""
    assert soql("Lead", ["Email", "Id"], after=Position(), since="2026-01-01T00:00:00.000Z", until=UNTIL) == (
        "SELECT Id, SystemModstamp, Email FROM Lead WHERE SystemModstamp <= 2026-11-24T08:00:00.000Z"
        " AND SystemModstamp >= 2026-01-01T00:00:00.000Z ORDER BY SystemModstamp, Id"
    )


@pytest.mark.parametrize("name", ["Email FROM User", "Id'", "", "(SELECT Id FROM Contacts)", "Émail"])
def test_no_name_can_change_the_query(name: str) -> None:
    """A mapping is typed by people."""
    with pytest.raises(RejectedError):
        soql("Lead", [name], after=Position(), since="", until=UNTIL)
    with pytest.raises(RejectedError):
        soql(name, [], after=Position(), since="", until=UNTIL)


def test_no_stamp_can_change_the_query() -> None:
    """A stamp comes from the other side."""
    with pytest.raises(ValueError, match="Invalid isoformat"):
        soql("Lead", [], after=Position("2026 OR Id != ''", "x"), since="", until=UNTIL)


async def test_records_are_read_by_their_ids(providers: Providers, stub: Stub) -> None:
    """Whenever they changed last; what is no id is not asked for, and too many are asked for in several queries."""
    stub.on(QUERY, _page(1, 2, total=2), _page(3, total=1))
    session = FixedSession(stub.origin)
    wanted = [f"00QHs{number:010d}" for number in range(201)]
    page = await providers.source.named(session, "Lead", ["Email"], [*wanted, "nobody", "x' OR Id != '"])
    assert _numbers([page]) == [1, 2, 3]
    asked = [call.query["q"] for call in stub.heard]
    assert len(asked) == 2
    assert asked[0].startswith("SELECT Id, SystemModstamp, Email FROM Lead WHERE Id IN ('00QHs0000000000MAA', ")
    assert asked[0].count("00QHs") == 200
    assert "OR" not in asked[1]
