"""Forms without JavaScript: what they send, what they say when something is wrong, and what they never repeat."""

import re
from functools import partial

import pytest

from syncline.store.integrations import documents, integration
from syncline.store.log import Filter, latest
from syncline.store.secrets import sealed
from tests.web.pages.journey import ORG, USER
from tests.web.pages.stage import Stage

NEW = {
    "name": "EMEA production",
    "login_host": "https://login.salesforce.com",
    "url": "https://123-abc-456.mktorest.com",
    "client_id": "typed-client-id",
    "client_secret": "typed-client-secret",
}


async def post(stage: Stage, path: str, form: dict[str, str] | list[tuple[str, str]]) -> tuple[int, str, str]:
    """Send a form as a browser does; answers status, body and where it leads."""
    headers = await stage.cookie("operator")
    answer = await stage.client.post(path, data=form, headers=headers, allow_redirects=False)
    return answer.status, await answer.text(), answer.headers.get("Location", "")


async def state_of(stage: Stage, id_: str) -> str:
    """Answer the state of an integration."""
    return (await stage.site.store.read(partial(integration, id=id_))).state


async def test_create_shows_the_hook_secret_once(stage: Stage) -> None:
    """The answer to the form has the secret; the same form again leads on without it, and makes no second one."""
    status, text, _ = await post(stage, "/new", NEW | {"form_key": "k"})
    assert status == 201
    assert "whsec_" in text
    match = re.search(r'href="(/i/in_[^"]+)"', text)
    assert match is not None
    assert "typed-client-secret" not in text


@pytest.mark.case("oauth", 44)
@pytest.mark.parametrize(
    "host",
    [
        "https://evil.example",
        "http://login.salesforce.com",
        "https://login.salesforce.com.evil.example",
        "https://login.salesforce.com@evil.example",
        "https://login.salesforce.com:8443",
        "https://127.0.0.1",
        "http://169.254.169.254",
        "file:///etc/passwd",
    ],
)
async def test_create_names_the_field_that_is_wrong(stage: Stage, host: str) -> None:
    """A host that is not allowed comes back at its field, with what was typed; secrets do not come back."""
    status, text, _ = await post(stage, "/new", NEW | {"login_host": host, "form_key": "k"})
    assert status == 422
    assert re.search(rf'name="login_host"[^>]*value="{re.escape(host)}"[^>]*aria-invalid="true"', text)
    assert 'id="login_host-error"' in text
    assert 'value="EMEA production"' in text
    assert "typed-client-secret" not in text


@pytest.mark.parametrize("field", ["name", "url", "client_id", "client_secret"])
async def test_create_asks_for_what_is_missing(stage: Stage, field: str) -> None:
    """Every field is needed."""
    status, text, _ = await post(stage, "/new", NEW | {field: "", "form_key": "k"})
    assert status == 422
    assert f'id="{field}-error"' in text


async def test_registered_leads_to_the_credentials(stage: Stage) -> None:
    """One button says that the app is registered."""
    id_ = await stage.reach("unconfigured")
    status, _, location = await post(stage, f"/i/{id_}", {"event": "app.registered", "key": "a"})
    assert (status, location) == (303, f"/i/{id_}?done=app.registered")
    assert await state_of(stage, id_) == "app_registered.awaiting_credentials"


async def test_form_that_is_sent_twice_does_its_work_once(stage: Stage) -> None:
    """A double click without JavaScript: the second is a duplicate and leads where the first did."""
    id_ = await stage.reach("unconfigured")
    headers = await stage.cookie("operator")
    for _ in range(2):
        form = {"event": "app.registered", "key": "a"}
        answer = await stage.client.post(f"/i/{id_}", data=form, headers=headers, allow_redirects=False)
        assert answer.status == 303
    assert await state_of(stage, id_) == "app_registered.awaiting_credentials"
    rows = await stage.site.store.read(partial(latest, wanted=Filter(integration=id_)))
    assert [entry.row.disposition for entry in rows] == ["duplicate", "transitioned", "transitioned"]


async def test_credentials_are_sealed_and_tested(stage: Stage) -> None:
    """Key and secret are stored sealed, and what was typed is on no page."""
    id_ = await stage.reach("app_registered.awaiting_credentials")
    form = {"event": "credentials.saved", "consumer_key": "TYPEDKEY", "consumer_secret": "TYPEDSECRET", "key": "a"}
    form["login_host"] = "https://test.salesforce.com"
    status, _, location = await post(stage, f"/i/{id_}", form)
    assert status == 303
    assert await state_of(stage, id_) == "app_registered.probing_credentials"
    assert {"consumer_key", "consumer_secret"} <= set(await stage.site.store.read(partial(sealed, integration=id_)))
    text = await (await stage.client.get(location, headers=await stage.cookie())).text()
    assert "TYPED" not in text
    assert "https://test.salesforce.com" in text


@pytest.mark.parametrize("page", ["", "own"])
async def test_credentials_with_a_fault_come_back_without_the_secrets(stage: Stage, page: str) -> None:
    """The host that was typed comes back with its fault; key and secret have to be typed again."""
    id_ = await stage.reach("app_registered.awaiting_credentials")
    form = {"event": "credentials.saved", "consumer_key": "TYPEDKEY", "consumer_secret": "TYPEDSECRET", "page": page}
    status, text, _ = await post(stage, f"/i/{id_}", form | {"login_host": "http://evil.example"})
    assert status == 422
    assert 'value="http://evil.example"' in text
    assert 'id="login_host-error"' in text
    assert "TYPED" not in text


async def test_login_leaves_by_a_page_with_a_cookie(stage: Stage) -> None:
    """The form is answered by a page of ours that leads on, so that `form-action` allows it; no token is in it."""
    id_ = await stage.reach("credentials_saved.ready")
    headers = await stage.cookie("operator")
    answer = await stage.client.post(f"/i/{id_}/login", headers=headers, allow_redirects=False)
    text = await answer.text()
    assert answer.status == 200
    match = re.search(r'http-equiv="refresh" content="0;url=(https://login\.salesforce\.com/[^"]+)"', text)
    assert match is not None
    assert "code_challenge_method=S256" in match[1]
    assert any(name.startswith("__Host-syncline-login") for name in answer.cookies)
    assert await state_of(stage, id_) == "credentials_saved.awaiting_login"


async def test_login_in_a_state_without_one_is_explained(stage: Stage) -> None:
    """A page of the past: the integration is shown as it is, with why nothing was done."""
    id_ = await stage.reach("syncing.waiting")
    status, text, _ = await post(stage, f"/i/{id_}/login", {})
    assert status == 409
    assert 'role="alert"' in text
    assert "In sync" in text


async def test_confirming_another_identity_is_refused(stage: Stage) -> None:
    """What is confirmed is what the page showed, not what is there by now."""
    id_ = await stage.reach("authorized.awaiting_confirmation")
    form = {"event": "connection.confirmed", "org_id": ORG, "user_id": "005000000000009AAA", "key": "a"}
    status, text, _ = await post(stage, f"/i/{id_}", form)
    assert status == 409
    assert 'role="alert"' in text
    assert await state_of(stage, id_) == "authorized.awaiting_confirmation"
    status, _, _ = await post(stage, f"/i/{id_}", form | {"user_id": USER, "key": "b"})
    assert status == 303
    assert await state_of(stage, id_) == "verified.previewing_fields"


async def test_field_that_is_not_ticked_is_left_out(stage: Stage) -> None:
    """Only ticked fields are created; what nobody has seen is not."""
    id_ = await stage.reach("verified.awaiting_field_sync")
    form = [
        ("event", "field_sync.requested"),
        ("key", "a"),
        ("create", "Lead.Score__c"),
        ("create", "Contact.Score__c"),
    ]
    status, _, _ = await post(stage, f"/i/{id_}", form)
    assert status == 303
    (row,) = await stage.site.store.read(partial(latest, wanted=Filter(integration=id_), limit=1))
    assert row.row.data == {"skip": ["Lead.Region__c", "Contact.Region__c"]}


async def test_mapping_is_saved_as_it_was_typed(stage: Stage) -> None:
    """An emptied right side leaves the field out, and the page shows it so."""
    id_ = await stage.reach("fields_synced.mapping_open")
    form = {"event": "mapping.saved", "key": "a", "map.Lead.FirstName": "firstName", "map.Lead.Industry": ""}
    form |= {"map.Contact.Score__c": " sfScore "}
    status, _, location = await post(stage, f"/i/{id_}", form)
    assert status == 303
    stored = await stage.site.store.read(partial(documents, integration=id_))
    assert stored["mapping"]["objects"] == {"Lead": {"FirstName": "firstName"}, "Contact": {"Score__c": "sfScore"}}
    text = await (await stage.client.get(location, headers=await stage.cookie())).text()
    assert "The mapping is saved." in text
    assert re.search(r'name="map\.Lead\.Industry" value=""', text)


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"map.Lead.FirstName": "noSuchField"}, "Marketo has no field “noSuchField”."),
        ({"map.Lead.FirstName": "industry", "map.Lead.Industry": "industry"}, "two fields go to “industry”"),
    ],
)
async def test_mapping_that_cannot_be_is_named(stage: Stage, form: dict[str, str], fault: str) -> None:
    """A target field that does not exist, or twice the same one, changes nothing and comes back as typed."""
    id_ = await stage.reach("fields_synced.mapping_open")
    status, text, _ = await post(stage, f"/i/{id_}", {"event": "mapping.saved", "key": "a"} | form)
    assert status == 422
    assert fault in text
    assert f'name="map.Lead.FirstName" value="{form["map.Lead.FirstName"]}"' in text


async def test_disconnecting_asks_first(stage: Stage) -> None:
    """The page explains what happens; only its form does it."""
    id_ = await stage.reach("syncing.waiting")
    answer = await stage.client.get(f"/i/{id_}/do/disconnect.requested", headers=await stage.cookie("operator"))
    assert "It cannot be taken back" in await answer.text()
    assert await state_of(stage, id_) == "syncing.waiting"
    status, _, _ = await post(stage, f"/i/{id_}", {"event": "disconnect.requested", "key": "a"})
    assert status == 303
    assert await state_of(stage, id_) == "disconnected.revoking"


async def test_own_page_of_a_command_that_is_not_possible_says_so(stage: Stage) -> None:
    """Nothing is offered that would be refused."""
    id_ = await stage.reach("disconnected.closed")
    answer = await stage.client.get(f"/i/{id_}/do/account.saved", headers=await stage.cookie("operator"))
    assert "This cannot be done" in await answer.text()


@pytest.mark.parametrize(
    ("event", "expected"), [("", 422), ("checks.passed", 403), ("grant.revoked", 403), ("no.such", 422)]
)
async def test_what_nobody_can_send_is_refused(stage: Stage, event: str, expected: int) -> None:
    """A form cannot name an event that is not a person's."""
    id_ = await stage.reach("syncing.waiting")
    status, _, _ = await post(stage, f"/i/{id_}", {"event": event, "key": "a"})
    assert status == expected
    assert await state_of(stage, id_) == "syncing.waiting"


async def test_form_from_another_site_is_refused(stage: Stage) -> None:
    """A cookie alone sends nothing."""
    id_ = await stage.reach("syncing.waiting")
    headers = await stage.cookie("operator") | {"Sec-Fetch-Site": "cross-site"}
    answer = await stage.client.post(f"/i/{id_}", data={"event": "pause.requested"}, headers=headers)
    assert answer.status == 403
    assert await state_of(stage, id_) == "syncing.waiting"
