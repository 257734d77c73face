"""Login, verification and approval, as a person meets them."""

from typing import Any

import pytest

from tests.sim.conftest import ControlDoor
from tests.sim.person import CALLBACK, Person


async def test_log_in_verify_allow(person: Person, app: dict[str, Any]) -> None:
    """The whole way: login page, code from the mailbox, approval, callback with code and state."""
    assert (await person.authorize(app, state="a b&c=d")).title == "Log in"
    assert (await person.send(username="sync@acme.example", password="correct-horse-1")).title == "Verify your identity"
    mailbox = await person.open("/mailbox")
    assert f'<output class="code">{person.code()}</output>' in mailbox.text
    await person.open("/verify")
    assert (await person.send(code=person.code())).title == "Allow access?"
    for seen in ("Syncline", "Acme Robotics", "sync@acme.example", "(api)", "refresh_token"):
        assert seen in person.at.text
    page = await person.send(decision="allow")
    assert str(page.url).startswith(CALLBACK)
    assert page.query["state"] == "a b&c=d"
    assert page.query["code"].startswith("aPrx")


async def test_deny(person: Person, app: dict[str, Any]) -> None:
    """Deny comes back as the pair that the vendor's own clients match."""
    await person.authorize(app)
    await person.log_in()
    page = await person.send(decision="deny")
    assert page.query == {
        "error": "access_denied",
        "error_description": "end-user denied authorization",
        "state": "s-1",
    }


async def test_wrong_password_stays_on_the_page(person: Person, app: dict[str, Any]) -> None:
    """A wrong password never reaches the callback, and what was typed as username is kept."""
    await person.authorize(app)
    page = await person.send(username="sync@acme.example", password="wrong")
    assert page.url.path == "/login"
    assert "Please check your username and password" in page.text
    assert 'value="sync@acme.example"' in page.text
    assert (await person.log_in()).title == "Allow access?"


async def test_lockout(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """After five wrong passwords the right one is wrong as well, for 15 minutes."""
    await person.authorize(app)
    for _ in range(5):
        await person.send(username="sync@acme.example", password="wrong")
    assert (await person.log_in()).url.path == "/login"
    await control("POST /clock", {"advance": 901})
    assert (await person.log_in()).title == "Allow access?"


async def test_wrong_and_late_code(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """A wrong code and one that came too late stay on the page; another one can be asked for."""
    await person.authorize(app)
    await person.send(username="sync@acme.example", password="correct-horse-1")
    assert "wrong or has expired" in (await person.send(code="nonsense")).text
    await control("POST /clock", {"advance": 601})
    assert "wrong or has expired" in (await person.send(code=person.code())).text
    await person._go("POST", person.salesforce / "verify/again", person.at.form()[1])
    assert (await person.send(code=person.code())).title == "Allow access?"


async def test_known_browser_and_known_approval(person: Person, app: dict[str, Any]) -> None:
    """Who is logged in and has approved goes straight through, unless the request asks otherwise."""
    await person.grant(app)
    assert "code" in (await person.authorize(app)).query
    assert (await person.authorize(app, prompt="consent")).title == "Allow access?"
    assert (await person.authorize(app, prompt="login")).title == "Log in"
    # The browser is known by now, so no code is asked for.
    page = await person.send(username="sync@acme.example", password="correct-horse-1")
    assert "code" in page.query


async def test_hint_and_other_user(person: Person, app: dict[str, Any]) -> None:
    """`login_hint` fills in the username; whoever logs in decides whose tokens they are."""
    page = await person.authorize(app, login_hint="dana@acme.example")
    assert 'value="dana@acme.example"' in page.text
    await person.log_in("sync@globex.example")
    assert "Globex Sandbox" in person.at.text
    await person.send(decision="allow")
    _, tokens = await person.exchange(app)
    assert "/id/00DHs0000000002MAA/" in tokens["id"]


async def test_local_app_refuses_other_org(person: Person, control: ControlDoor) -> None:
    """A local external client app lets in nobody from another org."""
    local = await control("POST /apps", {"callback_url": CALLBACK, "distribution": "local"})
    await person.authorize(local)
    page = await person.log_in("sync@globex.example")
    assert page.query["error"] == "OAUTH_AUTHORIZATION_BLOCKED"


async def test_inactive_user(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """An inactive user is refused like a wrong password."""
    await control("PATCH /users/sync@acme.example", {"active": False})
    await person.authorize(app)
    assert "Please check your username" in (await person.log_in()).text


@pytest.mark.parametrize(
    ("wrong", "error", "description"),
    [
        ({"client_id": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"redirect_uri": CALLBACK + "/"}, "redirect_uri_mismatch", "redirect_uri must match configuration"),
        ({"redirect_uri": ""}, "redirect_uri_missing", "redirect_uri not provided"),
    ],
)
async def test_error_pages(
    person: Person, app: dict[str, Any], wrong: dict[str, str], error: str, description: str
) -> None:
    """While app and callback are in doubt nothing is sent anywhere."""
    page = await person.authorize(app, **wrong)
    assert page.status == 400
    assert f"error={error}" in page.text
    assert description in page.text


@pytest.mark.parametrize(
    ("wrong", "error", "description"),
    [
        ({"response_type": "token"}, "unsupported_response_type", "response type not supported"),
        ({"code_challenge": ""}, "invalid_request", "missing required code challenge"),
        ({"code_challenge": "short"}, "invalid_request", "invalid code challenge"),
        ({"code_challenge_method": "plain"}, "invalid_request", "unsupported code challenge method"),
        ({"scope": "api web"}, "invalid_scope", "the requested scope is not allowed"),
        ({"immediate": "true"}, "immediate_unsuccessful", "immediate unsuccessful"),
    ],
)
async def test_errors_at_the_callback(
    person: Person, app: dict[str, Any], wrong: dict[str, str], error: str, description: str
) -> None:
    """Later errors go to the callback, with the state."""
    page = await person.authorize(app, **wrong)
    assert page.query == {"error": error, "error_description": description, "state": "s-1"}


@pytest.mark.parametrize(
    ("settings", "error"),
    [({"blocked": True}, "OAUTH_APP_BLOCKED"), ({"admin_approval": True}, "OAUTH_APP_ACCESS_DENIED")],
)
async def test_policies(
    person: Person, control: ControlDoor, app: dict[str, Any], settings: dict[str, Any], error: str
) -> None:
    """An admin can block an app, or let only chosen users in."""
    await control(f"PATCH /apps/{app['consumer_key']}", settings)
    page = await person.authorize(app)
    if page.url.path == "/login":
        page = await person.log_in()
    assert page.query["error"] == error


async def test_pkce_is_asked_for_by_app_or_org(person: Person, control: ControlDoor) -> None:
    """An app that does not ask for PKCE works without, until the org asks."""
    loose = await control("POST /apps", {"callback_url": CALLBACK, "require_pkce": False})
    assert (await person.authorize(loose, code_challenge="")).title == "Log in"
    await control("POST /switches", {"side": "salesforce", "require_pkce": True})
    page = await person.authorize(loose, code_challenge="")
    assert page.query["error_description"] == "missing required code challenge"


async def test_error_switch(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Any error at all can be sent to the callback, markup included."""
    pair = ["server_error", "<script>alert(1)</script>"]
    await control("POST /switches", {"side": "salesforce", "authorize_error": pair})
    page = await person.connect(app)
    assert [page.query["error"], page.query["error_description"]] == pair


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
async def test_no_open_redirect(person: Person, elsewhere: str) -> None:
    """After a login the browser stays here."""
    await person.open("/login", {"startURL": elsewhere})
    page = await person.log_in()
    assert page.url == person.salesforce / ""


async def test_pages_escape(person: Person, control: ControlDoor) -> None:
    """Markup in a name is shown as text."""
    sly = await control("POST /apps", {"callback_url": CALLBACK, "name": "<img src=x>"})
    await person.authorize(sly)
    assert "<img" not in person.at.text
    assert "&lt;img src=x&gt;" in person.at.text
