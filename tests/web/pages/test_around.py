"""The pages around an integration: signing in, the list, the log, the help, the keys, errors, files."""

import json
import re
from functools import partial

import pytest

from syncline.store.access import Role, keys
from syncline.store.log import row
from syncline.web import sessions
from syncline.web.pages import words
from tests.web.pages.stage import Stage

HTML = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


async def get(stage: Stage, path: str, role: Role = "admin") -> str:
    """Answer the page at a path."""
    answer = await stage.client.get(path, headers=await stage.cookie(role))
    assert answer.status == 200, await answer.text()
    return await answer.text()


@pytest.mark.parametrize("path", ["/", "/new", "/audit", "/keys", "/i/in_x", "/i/in_x/timeline?type=a"])
async def test_stranger_is_led_to_sign_in_and_back(stage: Stage, path: str) -> None:
    """Who is not signed in comes to the form, which remembers where they wanted to go."""
    answer = await stage.client.get(path, headers=HTML)
    assert answer.status == 200
    assert answer.url.path == "/sign-in"
    key = await stage.key()
    form = {"key": key, "next": answer.url.query.get("next", "/")}
    entered = await stage.client.post("/sign-in", data=form, headers=HTML, allow_redirects=False)
    assert (entered.status, entered.headers["Location"]) == (303, path)
    assert entered.cookies[sessions.COOKIE]["httponly"]


@pytest.mark.slow
@pytest.mark.case("oauth", 21)
@pytest.mark.parametrize(
    "where",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "https:/evil.example",
        "https:evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/i/\\evil.example",
        "/a\nb",
        "/\t/evil.example",
        " //evil.example",
        "javascript:1",
        "data:text/html,x",
        "localhost:80@evil.example",
        "@evil.example",
        ".evil.example",
        "",
    ],
)
async def test_sign_in_leads_to_no_other_site(stage: Stage, where: str) -> None:
    """Only a path of ours is gone to."""
    form = {"key": await stage.key(), "next": where}
    answer = await stage.client.post("/sign-in", data=form, headers=HTML, allow_redirects=False)
    assert answer.headers["Location"] == "/"


async def test_wrong_key_is_explained_and_not_repeated(stage: Stage) -> None:
    """The form says that the key is not known; it does not show it again."""
    answer = await stage.client.post("/sign-in", data={"key": "syn_wrong_wrong_wrong"}, headers=HTML)
    text = await answer.text()
    assert answer.status == 401
    assert 'id="key-error"' in text
    assert "syn_wrong" not in text


async def test_signing_out_ends_the_session(stage: Stage) -> None:
    """The same cookie opens nothing afterwards."""
    headers = await stage.cookie()
    await stage.client.post("/sign-out", headers=headers, allow_redirects=False)
    answer = await stage.client.get("/", headers=headers, allow_redirects=False)
    assert answer.headers["Location"] == "/sign-in"


async def test_empty_list_tells_the_next_step(stage: Stage) -> None:
    """Who has nothing yet learns what to do; who may not do it learns whom to ask."""
    assert 'href="/new"' in await get(stage, "/", "operator")
    text = await get(stage, "/", "viewer")
    assert 'href="/new"' not in text
    assert "Ask for a key" in text


async def test_list_is_filtered_and_paged(stage: Stage) -> None:
    """A page has what was asked for, and a link to the rest that keeps the filter."""
    for number in range(3):
        await stage.born(f"in_{number}", f"Name {number}")
    await stage.reach("syncing.waiting", name="Other")
    text = await get(stage, "/?limit=2&search=Name")
    assert re.findall(r'<th scope="row"><a href="/i/(\w+)"', text) == ["in_0", "in_1"]
    match = re.search(r'href="(/\?[^"]+)" rel="next"', text)
    assert match is not None
    rest = await get(stage, match[1].replace("&amp;", "&"))
    assert re.findall(r'<th scope="row"><a href="/i/(\w+)"', rest) == ["in_2"]
    synced = await get(stage, "/?state=syncing")
    assert re.findall(r'<th scope="row"><a href="/i/(\w+)"', synced) == ["in_syncing_waiting"]
    assert "No integration matches" in await get(stage, "/?search=nothing")


async def test_timeline_is_the_whole_story(stage: Stage) -> None:
    """Each event has its place, and each place can be pointed at."""
    id_ = await stage.reach("credentials_saved.login_failed")
    await stage.happen(id_, "checks.requested")
    text = await get(stage, f"/i/{id_}/timeline")
    seqs = [int(seq) for seq in re.findall(r'<li id="seq-(\d+)"', text)]
    assert seqs == list(range(seqs[0], 0, -1))
    assert "unexpected" in text
    assert "salesforce.denied" in text
    single = await get(stage, f"/i/{id_}/timeline?seq=2")
    assert re.findall(r'<li id="seq-(\d+)"', single) == ["2"]
    assert len(re.findall("<li id=", await get(stage, f"/i/{id_}/timeline?disposition=unexpected"))) == 1


async def test_long_log_goes_on_in_older_pages(stage: Stage) -> None:
    """Fifty at a time, none twice and none left out."""
    id_ = await stage.reach("syncing.initial_sync")
    for _ in range(60):
        await stage.happen(id_, "sync.progressed")
    seqs: list[int] = []
    path = f"/i/{id_}/timeline"
    while path:
        text = await get(stage, path)
        seqs += [int(seq) for seq in re.findall(r'<li id="seq-(\d+)"', text)]
        match = re.search(r'href="(\?[^"]+)" rel="next"', text)
        path = f"/i/{id_}/timeline{match[1].replace('&amp;', '&')}" if match else ""
    assert seqs == list(range(seqs[0], 0, -1))
    assert len(seqs) > 60


async def test_raw_row_is_the_bytes_that_were_hashed(stage: Stage) -> None:
    """Not a second encoding of them."""
    id_ = await stage.reach("credentials_saved.ready")
    answer = await stage.client.get(f"/i/{id_}/timeline/3", headers=await stage.cookie())
    stored = await stage.site.store.read(partial(row, integration=id_, seq=3))
    assert await answer.read() == stored.content
    assert json.loads(stored.content)["seq"] == 3
    assert (await stage.client.get(f"/i/{id_}/timeline/99", headers=await stage.cookie())).status == 404


async def test_audit_page_exports_only_for_those_who_may(stage: Stage) -> None:
    """The links keep the filter and name both forms."""
    await stage.reach("syncing.waiting")
    text = await get(stage, "/audit?type=checks.passed", "auditor")
    assert 'href="/api/audit?type=checks.passed&amp;format=csv"' in text
    assert len(re.findall("<li id=", text)) == 1
    assert "format=csv" not in await get(stage, "/audit", "operator")


@pytest.mark.parametrize("path", ["/audit?after=x", "/audit?after=99999999999999999999", "/?limit=0", "/i/in_none"])
async def test_address_that_cannot_be_gets_an_error_page(stage: Stage, path: str) -> None:
    """A page with a code and a remedy, for browsers."""
    answer = await stage.client.get(path, headers=await stage.cookie())
    text = await answer.text()
    assert answer.status in {404, 422}
    assert answer.content_type == "text/html"
    assert "What to do" in text


async def test_every_code_of_the_catalogue_has_its_page(stage: Stage) -> None:
    """Open to everyone, since the address is in every problem document."""
    text = await (await stage.client.get("/help/errors", headers=HTML)).text()
    for code, entry in stage.site.catalogue.items():
        assert f'href="/help/errors/{code}"' in text
        page = await (await stage.client.get(f"/help/errors/{code}", headers=HTML)).text()
        assert str(words.fixer(entry.fixer)).split(",")[0] in page
    assert (await stage.client.get("/help/errors/no.such", headers=HTML)).status == 404


async def test_key_is_shown_once_and_can_be_revoked(stage: Stage) -> None:
    """The text of a new key is in the one answer; a revoked key opens nothing."""
    headers = await stage.cookie()
    answer = await stage.client.post("/keys", data={"name": "robot", "role": "operator"}, headers=headers)
    match = re.search(r"<code>(syn_\w+)</code>", await answer.text())
    assert answer.status == 201
    assert match is not None
    key = match[1]
    bearer = {"Authorization": f"Bearer {key}", "Accept": "text/html"}
    assert (await stage.client.get("/", headers=bearer)).status == 200
    assert key not in await (await stage.client.get("/keys", headers=headers)).text()
    await stage.client.post(f"/keys/{key.split('_')[1]}/revoke", headers=headers)
    assert (await stage.client.get("/", headers=bearer)).url.path == "/sign-in"


async def test_last_admin_key_stays(stage: Stage) -> None:
    """The page has no button for it, and sending the form by hand is refused with the reason."""
    headers = await stage.cookie()
    (own,) = await stage.store.read(keys)
    assert f"/keys/{own.id}/revoke" not in await (await stage.client.get("/keys", headers=headers)).text()
    refused = await stage.client.post(f"/keys/{own.id}/revoke", headers=headers)
    assert refused.status == 409
    assert "Make another admin key first." in await refused.text()
    assert (await stage.client.get("/keys", headers=headers)).status == 200


@pytest.mark.parametrize("form", [{"name": "", "role": "viewer"}, {"name": "x", "role": "king"}])
async def test_key_without_name_or_role_is_not_made(stage: Stage, form: dict[str, str]) -> None:
    """The form comes back with what is wrong."""
    answer = await stage.client.post("/keys", data=form, headers=await stage.cookie())
    assert answer.status == 422
    assert 'id="name-error"' in await answer.text()


async def test_keys_are_for_admins(stage: Stage) -> None:
    """Others do not see them and do not find the link."""
    answer = await stage.client.get("/keys", headers=await stage.cookie("operator"))
    assert answer.status == 403
    assert 'href="/keys"' not in await get(stage, "/", "operator")


async def test_files_are_sent_once(stage: Stage) -> None:
    """A browser that has the file gets no second copy."""
    for name in ("syncline.css", "syncline.js", "icon.svg"):
        answer = await stage.client.get(f"/static/{name}")
        assert answer.status == 200
        again = await stage.client.get(f"/static/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304
    assert (await stage.client.get("/static/..%2Fview.py")).status == 404


def test_moments_and_lengths_are_said_in_words() -> None:
    """In UTC, without a leading zero; lengths in the unit that fits."""
    assert words.clock(1_764_000_001_500_000) == "24 Nov 2025, 16:00:01 UTC"
    assert words.iso(1_764_000_001_500_000) == "2025-11-24T16:00:01.500Z"
    assert words.since(93_000_000, 0) == "1 min 33 s"
    assert words.since(4_200_000, 0) == "4.2 seconds"
    assert words.since(7_260_000_000, 0) == "2 h 1 min"
    assert words.fixer("someone_admin") == "A Someone administrator"
