"""Stamps that users set when they bring records from elsewhere, and what they cannot set."""

from typing import Any

import pytest

from syncline_sim.salesforce import orgs
from syncline_sim.world import World
from tests.sim.salesforce.conftest import USERNAME, Api

PERSON = {"LastName": "Ada", "Company": "Acme"}
OLD = {"CreatedDate": "2020-01-01T00:00:00.000+0000", "LastModifiedDate": "2021-01-01T00:00:00.000+0000"}


@pytest.fixture
def permitted(world: World) -> None:
    """The sync user may set audit fields."""
    orgs.change_user(world, USERNAME, permissions=[*orgs.DEFAULT_PERMISSIONS, "CreateAuditFields"])


async def described(api: Api) -> dict[str, tuple[bool, bool]]:
    """Answer of each field whether it may be set in a new record, and in one that is there."""
    fields = (await api.get("/sobjects/Lead/describe"))["fields"]
    return {field["name"]: (field["createable"], field["updateable"]) for field in fields}


@pytest.mark.usefixtures("permitted")
async def test_backdated(world: World, api: Api) -> None:
    """A record may say that it is old; its SystemModstamp says when it came here."""
    user = orgs.find_user(world.db, "dana@acme.example").id
    sent = {**PERSON, **OLD, "CreatedById": user, "LastModifiedById": user}
    made = (await (await api.send("POST", "/sobjects/Lead", json=sent)).json())["id"]
    found = await api.get(f"/sobjects/Lead/{made}")
    assert {name: found[name] for name in OLD} == OLD
    assert (found["CreatedById"], found["LastModifiedById"]) == (user, user)
    assert found["SystemModstamp"] > "2026"
    fields = await described(api)
    assert [fields[name] for name in (*OLD, "SystemModstamp", "LastName")] == [
        (True, False),
        (True, False),
        (False, False),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"SystemModstamp": OLD["CreatedDate"]}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"LastActivityDate": "2020-01-01"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({**OLD, "LastModifiedDate": "2019-01-01T00:00:00Z"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"CreatedById": "005000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
@pytest.mark.usefixtures("permitted")
async def test_refused(api: Api, values: dict[str, Any], code: str) -> None:
    """The SystemModstamp is the vendor's own, and what is set has to make sense."""
    assert await api.refusal("POST", "/sobjects/Lead", json={**PERSON, **values}) == (400, code)


@pytest.mark.usefixtures("permitted")
async def test_not_afterwards(api: Api) -> None:
    """A record that is there keeps the stamps that it has."""
    made = (await (await api.send("POST", "/sobjects/Lead", json=PERSON)).json())["id"]
    found = await api.refusal("PATCH", f"/sobjects/Lead/{made}", json=OLD)
    assert found == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


async def test_not_without_permission(api: Api) -> None:
    """Other users set none of them."""
    found = await api.refusal("POST", "/sobjects/Lead", json={**PERSON, **OLD})
    assert found == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert (await described(api))["CreatedDate"] == (False, False)
