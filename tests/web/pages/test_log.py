"""The pages of the log: filters as a form, the story with all that stands around a row, permalinks, a past moment."""

import html
import re
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

import pytest

from syncline.store import log
from syncline.store.access import Role
from syncline.store.filter import Filter
from tests.web.doors import Doors
from tests.web.pages.stage import Stage


async def get(stage: Stage, path: str, role: Role = "admin", status: int = 200) -> str:
    """Answer the page at a path, as its reader sees it."""
    answer = await stage.client.get(path, headers=await stage.cookie(role))
    assert answer.status == status, await answer.text()
    return html.unescape(await answer.text())


def seqs(text: str) -> list[int]:
    """Answer the numbers of the rows on a page."""
    return [int(seq) for seq in re.findall(r'<li id="seq-(\d+)"', text)]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"type": "checks.passed"}, ["Checks passed"]),
        ({"disposition": "transitioned", "actor_kind": "effect"}, ["Checks passed"]),
        ({"state": "verified", "from": "authorized"}, []),
        ({"since": "2001-01-01", "until": "2100-01-01T12:00:00Z", "text": "checks PASSED"}, ["Checks passed"]),
        ({"cause": "seq:1", "request": "req_x", "actor": "nobody"}, ["Nothing matches"]),
    ],
)
async def test_the_form_asks_and_remembers(stage: Stage, asked: dict[str, str], words: list[str]) -> None:
    """Without JavaScript: a form that gets the same page with what was asked in it, and the rows that answer."""
    id_ = await stage.reach("syncing.waiting")
    for path in (f"/i/{id_}/timeline", "/audit"):
        text = await get(stage, f"{path}?{urlencode(asked)}")
        assert all(word in text for word in words)
        for name, value in asked.items():
            field = re.search(rf'<input id="{name}"[^>]*>|<select id="{name}".*?</select>', text, re.DOTALL)
            assert field is not None, name
            assert f'value="{value}"' in field[0]
            if "<select" in field[0]:
                assert f'value="{value}" selected' in field[0]
        assert ("<details open>" in text) == bool(asked.keys() - {"type", "disposition", "text"})


async def test_pages_go_on_in_the_order_and_with_the_filter_that_were_asked_for(stage: Stage) -> None:
    """The oldest first: from the first row to the last, none twice."""
    id_ = await stage.reach("syncing.initial_sync")
    for _ in range(60):
        await stage.happen(id_, "sync.progressed")
    path, found = f"/i/{id_}/timeline?order=oldest&type=sync.progressed", list[int]()
    while path:
        text = await get(stage, path)
        found += seqs(text)
        match = re.search(r'href="(\?[^"]+)" rel="next">Later events', text)
        path = f"/i/{id_}/timeline{match[1]}" if match else ""
    assert found == sorted(found)
    assert len(found) == 60


async def test_what_cannot_be_asked_is_explained(stage: Stage) -> None:
    """With the name of the field."""
    text = await get(stage, "/audit?since=yesterday", status=422)
    assert "since" in text


async def test_a_row_leads_to_what_is_around_it(stage: Stage) -> None:
    """Its neighbours, what led there, what it led to, everything of its request, and how things stood then."""
    id_ = await stage.reach("credentials_saved.ready")
    rows = [entry.row for entry in await stage.store.read(partial(log.rows, wanted=Filter(id_)))]
    saved = next(row for row in rows if row.type == "credentials.saved")
    text = await get(stage, f"/i/{id_}/timeline?seq={saved.seq}")
    assert seqs(text) == [saved.seq]
    own = f"/i/{id_}/timeline?seq="
    assert f'rel="prev" href="{own}{saved.seq - 1}"' in text
    assert f'rel="next" href="{own}{saved.seq + 1}"' in text
    assert f'href="/i/{id_}/timeline/{saved.seq}"' in text
    assert f'href="/i/{id_}?as_of={saved.at}"' in text
    assert re.search("Test Consumer Key and Secret: (pending|cancelled)", text)
    assert '<th scope="row">state</th>' in text
    last = await get(stage, f"{own}{rows[-1].seq}")
    assert 'rel="next"' not in last
    await get(stage, f"{own}{rows[-1].seq + 1}", status=404)
    first = await get(stage, f"{own}1")
    assert 'rel="prev"' not in first


async def test_the_timeline_tells_durations_causes_and_requests(stage: Stage) -> None:
    """In the sentence of the row and in its details."""
    id_ = await stage.reach("credentials_saved.ready")
    text = await get(stage, f"/i/{id_}/timeline")
    assert re.search(r"</strong> after \d+\.\d seconds, by", text)
    made = await stage.client.post(
        f"/i/{id_}",
        data={"event": "login.started"},
        headers=await stage.cookie(),
        allow_redirects=False,
    )
    assert made.status in {303, 409, 422}
    text = await get(stage, f"/i/{id_}/timeline")
    request = re.search(r'href="/audit\?request=([^"]+)"', text)
    assert request is not None
    assert f"timeline?seq={seqs(text)[0]}" in await get(stage, f"/audit?request={request[1]}")


async def test_the_service_has_its_rows_on_the_page_for_those_who_may_see_them(stage: Stage) -> None:
    """And a place for each of them; for everybody else there is nothing, not even by its address."""
    text = await get(stage, "/audit?integration=service", "auditor")
    assert "Syncline installed" in text
    assert "/audit?integration=service&seq=1" in text
    single = await get(stage, "/audit?integration=service&seq=1", "auditor")
    assert seqs(single) == [1]
    assert "/audit?integration=service&seq=2" in single
    for role in ("viewer", "operator"):
        for path in ("/audit?integration=service", "/audit?integration=service&seq=1", "/audit?type=service.started"):
            hidden = await get(stage, path, role)
            assert not seqs(hidden)
    await get(stage, "/i/service/timeline", status=404)


async def test_a_past_moment_has_a_page(stage: Stage) -> None:
    """As of a row: its state; with a form for another moment, and an explanation where there is none."""
    id_ = await stage.reach("credentials_saved.ready")
    rows = [entry.row for entry in await stage.store.read(partial(log.rows, wanted=Filter(id_)))]
    for row in rows:
        text = await get(stage, f"/i/{id_}?as_of={row.at}", "viewer")
        shown = {other.seq for other in rows if other.at == row.at}
        assert any(f'timeline?seq={seq}">event {seq}</a></dd>' in text for seq in shown)
    moment = datetime.fromtimestamp(rows[-1].at / 1e6 + 0.001, UTC).isoformat()
    assert "How it stood then" in await get(stage, f"/i/{id_}?{urlencode({'as_of': moment})}")
    assert "As_of must be a time" in await get(stage, f"/i/{id_}?as_of=yesterday", status=400)
    await get(stage, f"/i/{id_}?as_of=2001-01-01", status=404)


async def test_the_log_of_all_draws_what_was_replaced(doors: Doors) -> None:
    """Also where all parts that changed are named and none is only counted."""
    id_ = (await doors.create())["id"]
    other = {"url": "https://other.mail.example", "client_id": "canary-client-id", "client_secret": "canary-other"}
    assert (await doors.command(id_, "account.saved", **other)).status == 200
    answer = await doors.ask("GET", f"/audit?integration={id_}", headers={"Accept": "text/html"})
    assert answer.status == 200
    assert "<dt>Changed</dt>" in answer.text
    assert "canary" not in answer.text
