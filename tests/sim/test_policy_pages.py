"""The policies of an app as its admin sets them on the page, without a script."""

import re
from typing import Any

import pytest

from syncline_sim.salesforce import apps
from tests.sim.person import Person

PAGE = "/setup/apps/1/policies"


def kept(person: Person) -> apps.Settings:
    """Answer the settings of the one app."""
    (app,) = apps.every(person.simulation.world.db)
    return app.settings


async def test_policies_are_kept(person: Person, app: dict[str, Any]) -> None:
    """What is filled in holds, is shown again, and what the page does not have stays as it was."""
    await person.open("/setup/apps/1")
    assert f'href="{PAGE}"' in person.at.text
    await person.open(PAGE)
    ranges = "198.51.100.0/25\n203.0.113.1-203.0.113.9"
    form = {"users": "approved", "approved_users": "sync@acme.example", "refresh": "idle", "refresh_unit": "Days"}
    more = {"refresh_count": "30", "refresh_ranges": ranges, "session_minutes": "15", "ip_relaxation": "relax_refresh"}
    page = await person.send(**form, **more)
    assert page.status == 200
    settings = kept(person)
    assert (settings.admin_approval, settings.approved_users) == (True, ("sync@acme.example",))
    assert (settings.refresh_idle_lifetime, settings.refresh_lifetime, settings.rotation) == (30 * 86_400, 0, False)
    assert settings.refresh_ranges == ("198.51.100.0/25", "203.0.113.1-203.0.113.9")
    assert (settings.session_timeout, settings.ip_relaxation) == (900, "relax_refresh")
    assert list(settings.callback_urls) == app["settings"]["callback_urls"]
    assert re.search(r'name="refresh" value="idle" checked', page.text)
    assert 'value="1"' in page.text  # Thirty days are a month.
    assert "<option selected>Months</option>" in page.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"refresh": "idle"},
        {"refresh": "after", "refresh_count": "x", "refresh_unit": "Days"},
        {"session_minutes": "-1"},
        {"refresh_ranges": "10.0.0.0/8"},
        {"ip_relaxation": "sometimes"},
    ],
)
async def test_wrong_policies(person: Person, app: dict[str, Any], wrong: dict[str, str]) -> None:
    """A mistake is told and changes nothing."""
    before = kept(person)
    await person.open(PAGE)
    page = await person.send(**wrong)
    assert page.status == 400
    assert 'role="alert"' in page.text
    assert kept(person) == before
    assert app["consumer_key"] not in page.text


async def test_keys_are_staged(person: Person, app: dict[str, Any]) -> None:
    """A second pair is shown, then takes the place of the first; when there is none, none can."""
    action = "/setup/apps/1/keys"

    async def press(button: str) -> str:
        async with person.http.post(str(person.salesforce) + action, data={"action": button}) as response:
            return await response.text()

    found = re.search(r'id="staged_key">([^<]+)<', await press("stage"))
    assert found
    assert (await person.refresh(app, "none"))[1]["error"] == "invalid_grant"
    assert 'role="status"' in await press("apply")
    assert (await person.refresh(app, "none"))[1]["error"] == "invalid_client_id"
    (now,) = apps.every(person.simulation.world.db)
    assert (now.consumer_key, now.staged_key) == (found[1], "")
    assert "nothing is staged" in await press("apply")
    assert "staged_key" not in await press("discard")


async def test_no_such_app(person: Person) -> None:
    """An app that there is not has no policies."""
    assert (await person.open("/setup/apps/9/policies")).status == 404
