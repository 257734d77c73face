"""Commands of those who may not send them, and bodies with fields that nobody knows: none does anything."""

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from syncline.store.access import Role
from syncline.web.asked import Command, PlainCommand
from syncline.web.models import Model
from tests.web.doors import CREDENTIALS, NEW, Doors

#: Generated in numbers: right, and too many for the quick lane.
pytestmark = pytest.mark.slow

#: Every command, each as it would be taken.
COMMANDS: dict[str, dict[str, Any]] = {
    "credentials.saved": {**CREDENTIALS, "login_host": "https://test.crm.example"},
    "login.started": {},
    "connection.confirmed": {"org_id": "o", "user_id": "u"},
    "field_sync.requested": {"skip": ["Lead.A"]},
    "mapping.saved": {"objects": {"Lead": {"A": "b"}}},
    "account.saved": {"client_id": "canary-client", "client_secret": "canary-secret"},
    **{name: {} for name in get_args(PlainCommand.model_fields["type"].annotation)},
}


def test_no_command_is_left_out() -> None:
    """These are all that the API takes."""
    models = get_args(get_args(Command)[0])
    assert set(COMMANDS) == {name for model in models for name in get_args(model.model_fields["type"].annotation)}


async def stored(doors: Doors, id_: str) -> Any:  # noqa: ANN401  JSON
    """Answer what an integration is and holds, but for how far its log has come."""
    found = (await doors.ask("GET", f"/api/integrations/{id_}")).json
    return {name: value for name, value in found.items() if name != "seq"}


@pytest.mark.case("oauth", 46)
@pytest.mark.parametrize("role", ["viewer", "auditor"])
@pytest.mark.parametrize("type_", COMMANDS)
async def test_who_only_looks_on_sends_no_command(doors: Doors, type_: str, role: Role) -> None:
    """Refused, with a row that names who tried; no secret is replaced, no effect begun, no state left."""
    id_ = await doors.at_login()
    before, rows = await stored(doors, id_), len(await doors.rows(id_))
    body = {"type": type_, **COMMANDS[type_]}
    answer = await doors.ask("POST", f"/api/integrations/{id_}/events", role=role, body=body)
    assert (answer.status, answer.code) == (403, "access.forbidden")
    assert "authorize_url" not in answer.text
    (row,) = (await doors.rows(id_))[rows:]
    assert (row.row.type, row.row.disposition, row.row.effects, row.row.brought) == (type_, "refused", (), ())
    assert row.row.actor.id == doors.keys[role].split("_")[1]
    assert "canary" not in str(row.row)
    assert await stored(doors, id_) == before


@pytest.mark.case("oauth", 46)
@pytest.mark.parametrize("role", ["viewer", "auditor"])
@pytest.mark.parametrize("path", ["/new", "/i/{id}/login", "/i/{id}/do/disconnect.requested"])
async def test_no_form_of_a_page_is_taken_either(doors: Doors, path: str, role: Role) -> None:
    """The pages ask for the same right as the API."""
    id_ = await doors.at_login()
    before = await stored(doors, id_)
    answer = await doors.ask("POST", path.replace("{id}", id_), role=role, headers={"Accept": "text/html"})
    assert answer.status in {403, 405}
    assert await stored(doors, id_) == before


@pytest.mark.case("oauth", 43)
@pytest.mark.parametrize("type_", COMMANDS)
async def test_a_field_that_nobody_knows(doors: Doors, type_: str) -> None:
    """In any command: it may be a mistyped one, and then what was meant would silently be missing."""
    id_ = await doors.at_login()
    before, rows = await stored(doors, id_), len(await doors.rows(id_))
    body = {"type": type_, **COMMANDS[type_], "consumer_secrett": "canary"}
    answer = await doors.ask("POST", f"/api/integrations/{id_}/events", body=body)
    assert (answer.status, answer.code) == (422, "request.invalid")
    assert "consumer_secrett" in answer.text
    assert "canary" not in answer.text
    assert len(await doors.rows(id_)) == rows
    assert await stored(doors, id_) == before


@pytest.mark.case("oauth", 43)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/integrations", {**NEW, "more": 1}),
        ("/api/integrations", {**NEW, "source": {**NEW["source"], "more": 1}}),  # type: ignore[dict-item]
        ("/api/integrations", {**NEW, "target": {**NEW["target"], "more": 1}}),  # type: ignore[dict-item]
        ("/api/keys", {"name": "n", "role": "viewer", "more": 1}),
    ],
)
async def test_a_field_that_nobody_knows_makes_nothing(doors: Doors, path: str, body: object) -> None:
    """At any depth."""
    before = (await doors.ask("GET", path)).json
    answer = await doors.ask("POST", path, body=body)
    assert (answer.status, answer.code) == (422, "request.invalid")
    assert "more" in answer.text
    assert (await doors.ask("GET", path)).json == before


@pytest.mark.case("oauth", 43)
def test_no_model_of_the_api_takes_what_it_does_not_know() -> None:
    """Whatever is added later."""

    def every(model: type[BaseModel]) -> list[type[BaseModel]]:
        return [model, *(each for child in model.__subclasses__() for each in every(child))]

    asked = [model for model in every(Model) if model.__module__.startswith("syncline.web")]
    assert len(asked) > 10
    assert {model.model_config.get("extra") for model in asked} == {"forbid"}
    assert set(get_args(get_args(Command)[0])) <= set(asked)
