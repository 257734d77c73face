"""The inventory of tokens, by API and on its page: everything that may be seen, and nothing that may not."""

import re
from functools import partial
from typing import Any

import pytest
from yarl import URL

from syncline.core.brought import Brought, Document, Erasure
from syncline.core.documents import GRANT, GrantDocument
from syncline.core.event import Actor, Event
from syncline.credentials import ACCESS_TOKEN, REFRESH_TOKEN
from syncline.store.access import Role
from syncline.store.secrets import sealed
from tests.web.pages.journey import PLANTED
from tests.web.pages.stage import Stage

DAY = 86_400_000_000


async def ask(stage: Stage, query: str = "", role: Role = "viewer") -> dict[str, Any]:
    """Ask the API."""
    headers = {"Authorization": f"Bearer {await stage.key(role)}"}
    async with stage.client.get(f"/api/tokens{query}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def lend(stage: Stage, id_: str, to: str) -> int:
    """Lend a token; answers the row of the log."""
    data = {"generation": 1, "to": to, "fingerprint": "f"}
    event = Event(id_, "grant.lent", f"lent:{to}", Actor("effect", "e"), stage.site.now(), data)
    return (await stage.site.engine.handle(event)).seq


async def test_what_is_held_and_who_used_it(stage: Stage) -> None:
    """One entry for each integration that has tokens, with the fingerprints of what is stored."""
    await stage.reach("credentials_saved.ready")
    id_ = await stage.reach("syncing.waiting")
    await lend(stage, id_, "run_checks")
    seq = await lend(stage, id_, "sync_records")
    (item,) = (await ask(stage))["items"]
    tokens = await stage.site.store.read(partial(sealed, integration=id_))
    assert (item["integration"], item["state"], item["generation"]) == (id_, "syncing.waiting", 1)
    assert item["access_token"] == tokens[ACCESS_TOKEN].fingerprint
    assert item["refresh_token"] == tokens[REFRESH_TOKEN].fingerprint
    assert (item["last_use"]["to"], item["last_use"]["seq"]) == ("sync_records", seq)
    assert item["refresh_by"] == item["obtained_at"] + 7 * DAY
    assert item["idle_expiry_at"] == item["obtained_at"] + 30 * DAY
    assert item["rotates"] is None
    assert set(item["excess_scopes"]) == set(item["scopes"]) - set(stage.site.providers.source.scopes)


async def test_it_comes_in_pages(stage: Stage) -> None:
    """Each once, in the order of the ids."""
    made = [await stage.reach("syncing.waiting", id_=f"in_{number}") for number in range(5)]
    seen, after = [], ""
    while True:
        page = await ask(stage, f"?limit=2&after={after}")
        seen += [item["integration"] for item in page["items"]]
        if page["next"] is None:
            break
        after = str(page["next"])
    assert seen == made


async def bring(stage: Stage, id_: str, *brings: Brought) -> None:
    """Let an event bring something."""
    event = Event(id_, "account.saved", f"brings:{len(brings)}", Actor("person", "k1"), stage.site.now(), brings=brings)
    assert (await stage.site.engine.handle(event)).accepted


@pytest.mark.parametrize("state", ["syncing.waiting", "credentials_saved.ready"])
async def test_where_nothing_is_held_nothing_is_shown(stage: Stage, state: str) -> None:
    """Neither before a login nor after the secrets were erased; the page says what comes next."""
    id_ = await stage.reach(state)
    if state == "syncing.waiting":
        await bring(stage, id_, Erasure())
    assert (await ask(stage))["items"] == []
    answer = await stage.client.get("/tokens", headers=await stage.cookie("viewer"))
    assert "No tokens are held" in await answer.text()


async def test_the_page_shows_what_should_not_be_there_and_no_secret(stage: Stage) -> None:
    """Scopes that nobody needs are named with what to do about them; the row of the last use is one click away."""
    id_ = await stage.reach("syncing.waiting", name="<b>Acme</b>")
    seq = await lend(stage, id_, "sync_records")
    too_much = GrantDocument(1, "https://acme.example", "https://acme.example/id", ("api", "id", "full"), 0, 0)
    await bring(stage, id_, Document(GRANT, too_much))
    answer = await stage.client.get("/tokens", headers=await stage.cookie("viewer"))
    text = await answer.text()
    assert answer.status == 200
    assert "&lt;b&gt;Acme&lt;/b&gt;" in text
    assert "Sync the records" in text
    assert "not needed: full; take them out of the app" in text
    link = re.search(rf'href="(/i/{id_}/timeline\?seq={seq})"', text)
    assert link is not None
    assert (await stage.client.get(URL(link[1]), headers=await stage.cookie("viewer"))).status == 200
    assert not [name for name, secret in PLANTED.items() if secret in text]


async def test_a_page_that_cannot_be_is_refused(stage: Stage) -> None:
    """In plain words."""
    answer = await stage.client.get("/tokens?limit=0", headers=await stage.cookie("viewer"))
    assert answer.status == 422
    assert "cannot be read" in await answer.text()
