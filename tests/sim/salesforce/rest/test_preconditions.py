"""Reading and changing a record on condition that it is, or is not, as the caller knows it."""

import pytest

from syncline_sim.salesforce import changes
from syncline_sim.world import World
from tests.sim.salesforce.conftest import Api

CHANGED = "2026-03-01T10:00:00Z"
BEFORE, AT, AFTER = (f"Sun, 01 Mar 2026 {time} GMT" for time in ("09:59:59", "10:00:00", "10:00:01"))
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
def account(world: World) -> str:
    """The path of an account."""
    return f"/sobjects/Account/{changes.create_record(world, 'Account', {'Name': 'Acme'}, CHANGED)}"


@pytest.fixture
def lead(world: World) -> str:
    """The path of a lead."""
    values = {"LastName": "Ng", "Company": "Acme"}
    return f"/sobjects/Lead/{changes.create_record(world, 'Lead', values, CHANGED)}"


async def tag(api: Api, path: str) -> str:
    """Answer the tag of a record."""
    return (await api.send("GET", path, headers=PLAIN)).headers["ETag"]


async def test_tags(world: World, account: str, lead: str, api: Api) -> None:
    """An account has a tag, which its content makes; other records have only a date."""
    first = await api.send("GET", account, headers=PLAIN)
    assert first.headers["Last-Modified"] == AT
    assert await tag(api, account) == first.headers["ETag"] == await tag(api, f"{account}?fields=Name")
    assert (await api.send("HEAD", account, headers=PLAIN)).headers["ETag"] == first.headers["ETag"]
    changes.change_record(world, "Account", account[-18:], {"Name": "Other"}, CHANGED)
    assert await tag(api, account) != first.headers["ETag"]
    other = await api.send("GET", lead)
    assert (other.headers["Last-Modified"], "ETag" in other.headers) == (AT, False)


async def test_read_by_tag(account: str, api: Api) -> None:
    """Who has an account already gets 304; who wants another one 412."""
    known = await tag(api, account)
    marked = (await api.send("GET", account, headers={"Accept-Encoding": "gzip"})).headers["ETag"]
    assert marked == f'{known[:-1]}--gzip"'
    for sent in (known, f'"x", {known}', f"W/{known}", marked, f'{known[:-1]}-gzip"', "*"):
        response = await api.send("GET", account, headers={"If-None-Match": sent})
        assert (response.status, response.headers["ETag"], await response.text()) == (304, known, "")
        assert (await api.send("GET", account, headers={"If-Match": sent})).status == 200
    assert (await api.send("GET", account, headers={"If-None-Match": '"x"'})).status == 200
    assert await api.refusal("GET", account, headers={"If-Match": '"x"'}) == (412, "PRECONDITION_FAILED")


async def test_change_by_tag(world: World, account: str, lead: str, api: Api) -> None:
    """An account is changed only if it is what the caller takes it for; on others a tag has no effect."""
    known = await tag(api, account)
    for headers in ({"If-Match": '"x"'}, {"If-None-Match": known}):
        refused = await api.refusal("PATCH", account, json={"Name": "B"}, headers=headers)
        assert refused == (412, "PRECONDITION_FAILED")
    assert changes.read_records(world, "Account")[0]["Name"] == "Acme"
    assert (await api.send("PATCH", account, json={"Name": "B"}, headers={"If-Match": known})).status == 204
    assert (await api.send("PATCH", account, json={"Name": "C"}, headers={"If-Match": known})).status == 412
    assert (await api.send("PATCH", lead, json={"Title": "Dr"}, headers={"If-Match": '"x"'})).status == 204


@pytest.mark.parametrize(
    ("name", "moment", "read", "changed"),
    [
        ("If-Modified-Since", BEFORE, 200, 204),
        ("If-Modified-Since", AT, 304, 412),
        ("If-Unmodified-Since", BEFORE, 412, 412),
        ("If-Unmodified-Since", AT, 200, 204),
        ("If-Unmodified-Since", AFTER, 200, 204),
        ("If-Modified-Since", "yesterday", 200, 204),
        ("If-Unmodified-Since", "yesterday", 200, 400),
        ("If-Match", "untagged", 200, 204),
    ],
)
async def test_by_date(lead: str, api: Api, name: str, moment: str, read: int, changed: int) -> None:
    """A date means the last change; one that is none is an error with a change only."""
    assert (await api.send("GET", lead, headers={name: moment})).status == read
    assert (await api.send("PATCH", lead, json={"Title": "Dr"}, headers={name: moment})).status == changed


async def test_senseless_tag(account: str, api: Api) -> None:
    """A tag without its quotes is an error with a change only."""
    headers = {"If-Match": "untagged"}
    assert (await api.send("GET", account, headers=headers)).status == 200
    assert (await api.send("PATCH", account, json={"Name": "B"}, headers=headers)).status == 400
    tunnel = f"{account}?_HttpMethod=PATCH"
    assert (await api.send("POST", tunnel, json={"Name": "B"}, headers=headers)).status == 400


async def test_tags_overrule_dates(account: str, api: Api) -> None:
    """As HTTP has it."""
    known = await tag(api, account)
    headers = {"If-Match": known, "If-Unmodified-Since": BEFORE, "If-None-Match": '"x"', "If-Modified-Since": AFTER}
    assert (await api.send("GET", account, headers=headers)).status == 200


async def test_within_others(account: str, api: Api) -> None:
    """A part of a composite call tells its headers, and may have conditions of its own."""
    part = {"method": "GET", "url": f"/services/data/v67.0{account}", "referenceId": "a"}
    (first,) = (await (await api.send("POST", "/composite", json={"compositeRequest": [part]})).json())[
        "compositeResponse"
    ]
    assert first["httpHeaders"] == {"Last-Modified": AT, "ETag": await tag(api, account)}
    part["httpHeaders"] = {"If-None-Match": first["httpHeaders"]["ETag"]}  # type: ignore[assignment]
    (again,) = (await (await api.send("POST", "/composite", json={"compositeRequest": [part]})).json())[
        "compositeResponse"
    ]
    assert (again["httpStatusCode"], again["body"]) == (304, None)
