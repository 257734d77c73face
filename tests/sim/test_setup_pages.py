"""Registering an app by hand: the form, the code sent by e-mail, key and secret."""

import re
from typing import Any

from tests.sim.conftest import ControlDoor
from tests.sim.person import CALLBACK, Page, Person

FORM = {"name": "Syncline", "contact_email": "ada@acme.example", "callback_url": CALLBACK}


def _shown(page: Page) -> dict[str, Any]:
    return dict(re.findall(r'<output id="(\w+)">(\S+)</output>', page.text))


async def test_register_by_hand(person: Person) -> None:
    """The form leads to the page of the app, and a code by e-mail to its key and secret, which work."""
    await person.open("/setup/new")
    page = await person.send(**FORM, scopes="api", require_pkce="on", rotation="on")
    assert "a***" not in page.text
    assert "ada@acme.example" in page.text
    assert not _shown(page)
    page = await person.send(code=person.code())
    app = _shown(page)
    assert app["consumer_key"].startswith("3MVG9")
    await person.connect(app)
    status, tokens = await person.exchange(app)
    assert status == 200
    assert tokens["scope"] == "api"
    assert "Syncline" in (await person.open("/setup")).text


async def test_wrong_code(person: Person) -> None:
    """A wrong code shows nothing and sends another one."""
    await person.open("/setup/new")
    await person.send(**FORM)
    first = person.code()
    page = await person.send(code="0")
    assert "another one" in page.text
    assert not _shown(page)
    assert not _shown(await person.send(code=first))
    assert _shown(await person.send(code=person.code()))


async def test_only_the_fields_that_matter(person: Person, control: ControlDoor) -> None:
    """A program may post a few fields, without a code when the switch says so; boxes not ticked are off."""
    await control("POST /switches", {"side": "salesforce", "reveal_by_code": False})
    page = await person._go("POST", person.salesforce / "setup", {**FORM, "scopes": "api refresh_token"})
    assert _shown(page)["consumer_secret"]
    settings = (await control("GET /apps"))["apps"][0]["settings"]
    assert settings["scopes"] == ["api", "refresh_token"]
    assert settings["require_secret_web"]
    assert not settings["require_pkce"]
    assert not settings["rotation"]
    assert settings["distribution"] == "local"


async def test_mistakes(person: Person) -> None:
    """What is missing or wrong is said above the form, which keeps what was typed."""
    for wrong, said in (
        ({"callback_url": "http://syncline.example/"}, "has to use HTTPS"),
        ({"callback_url": " "}, "needs a Callback URL"),
        ({"contact_email": "nobody"}, "e-mail address"),
        ({"scopes": "everything"}, "There is no scope everything"),
    ):
        await person.open("/setup/new")
        page = await person.send(**{**FORM, **wrong})
        assert page.status == 400
        assert said in page.text
        assert 'value="Syncline"' in page.text
    assert (await person.open("/setup/apps/9")).status == 404
