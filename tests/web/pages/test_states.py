"""The page of every state: it draws, says what to do and by whom, works without JavaScript and shows no secret."""

import re
from html.parser import HTMLParser

import pytest

from syncline.core.event import EVENTS
from syncline.core.guide import GUIDE
from syncline.web.pages.faces import FACES
from syncline.web.pages.integration import OWN_PAGE
from tests.web.pages.journey import CHART, PLANTED
from tests.web.pages.stage import Stage


class Page(HTMLParser):
    """The forms and links of a page, and whether it is well formed."""

    VOID = frozenset({"meta", "link", "input", "br", "path", "circle", "rect", "hr"})

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.commands: set[str] = set()
        self.links: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        assert self.open == [], "elements that are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what matters here."""
        found = {name: value or "" for name, value in attrs}
        self.attributes.update(found)
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "form":
            self.forms.append(found)
        if tag == "input" and found.get("name") == "event":
            self.commands.add(found["value"])
        if tag == "a":
            self.links.add(found.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        """Hold the nesting together."""
        if tag not in self.VOID:
            assert self.open.pop() == tag, f"</{tag}> closes something else"


def test_every_state_of_the_chart_has_a_face() -> None:
    """The chart, the guide and the faces name the same states."""
    assert set(FACES) == set(CHART.leaves) == set(GUIDE)


@pytest.mark.slow
@pytest.mark.parametrize("state", CHART.leaves)
async def test_page_offers_what_a_person_can_do_without_javascript(stage: Stage, state: str) -> None:
    """Each command that a person may send now is a form or a link on the page; the page is well formed."""
    id_ = await stage.reach(state)
    answer = await stage.client.get(f"/i/{id_}", headers=await stage.cookie())
    text = await answer.text()
    assert answer.status == 200
    page = Page(text)
    assert len(page.ids) == len(set(page.ids)), "ids that come twice"
    assert not {"style", "onclick", "onload", "onsubmit"} & page.attributes
    assert "<style" not in text
    possible = {event for event in CHART.possible(state) if "person" in EVENTS[event].senders}
    offered = page.commands | {link.rpartition("/")[2] for link in page.links if "/do/" in link}
    if any(form.get("action", "").endswith("/login") for form in page.forms):
        offered.add("login.started")
    # Connect links and hooks have pages of their own.
    assert (f"/i/{id_}/links" in page.links) == ("link.made" in possible)
    assert offered == {event for event in possible if not event.startswith(("link.", "hook."))}


@pytest.mark.slow
@pytest.mark.parametrize("state", CHART.leaves)
async def test_page_shows_no_secret(stage: Stage, state: str) -> None:
    """Neither the page nor its timeline, rows, stream or own pages show what was sealed."""
    id_ = await stage.reach(state)
    headers = await stage.cookie()
    paths = [f"/i/{id_}", f"/i/{id_}/timeline", f"/i/{id_}/login/finished", "/", "/audit"]
    paths += [f"/i/{id_}/do/{event}" for event in sorted(OWN_PAGE)]
    for path in paths:
        answer = await stage.client.get(path, headers=headers)
        text = await answer.text()
        assert answer.status == 200, path
        for secret in PLANTED.values():
            assert secret not in text, path


@pytest.mark.parametrize("state", [state for state in CHART.leaves if FACES[state].tone in {"working", "waiting"}])
async def test_page_looks_again_by_itself_while_something_is_under_way(stage: Stage, state: str) -> None:
    """Without JavaScript the browser reloads; with it, a stream does better."""
    id_ = await stage.reach(state)
    text = await (await stage.client.get(f"/i/{id_}", headers=await stage.cookie())).text()
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', text)
    assert f'data-stream="/i/{id_}/stream"' in text


@pytest.mark.parametrize("state", [state for state, face in FACES.items() if face.tone == "failed"])
async def test_failure_says_cause_remedy_and_who_can_fix_it(stage: Stage, state: str) -> None:
    """A failure never ends in a dead end: it names its code, which has a page."""
    id_ = await stage.reach(state)
    text = await (await stage.client.get(f"/i/{id_}", headers=await stage.cookie())).text()
    for words in ("Why this happens", "What to do", "Who can fix it"):
        assert words in text
    match = re.search(r'Code <a href="(/help/errors/[a-z._]+)"', text)
    assert match is not None
    assert (await stage.client.get(match[1], headers={"Accept": "text/html"})).status == 200


async def test_names_are_escaped(stage: Stage) -> None:
    """What people and providers call things is text, never markup."""
    id_ = await stage.reach("verified.awaiting_field_sync", name="<script>alert(1)</script>")
    text = await (await stage.client.get(f"/i/{id_}", headers=await stage.cookie())).text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert "Score &lt;b&gt;&amp;" in text


async def test_progress_marks_the_milestones(stage: Stage) -> None:
    """What lies behind is done, where it stands is the step, the rest is ahead."""
    id_ = await stage.reach("authorized.awaiting_confirmation")
    text = await (await stage.client.get(f"/i/{id_}", headers=await stage.cookie())).text()
    marks = re.findall(r'<li class="(done|current|ahead)"', text)
    assert marks == ["done"] * 3 + ["current"] + ["ahead"] * 3


async def test_viewer_sees_and_does_nothing(stage: Stage) -> None:
    """A viewer gets the page without any form but signing out, and is refused when sending one all the same."""
    id_ = await stage.reach("syncing.waiting")
    headers = await stage.cookie("viewer")
    text = await (await stage.client.get(f"/i/{id_}", headers=headers)).text()
    assert [form["action"] for form in Page(text).forms] == ["/sign-out"]
    refused = await stage.client.post(f"/i/{id_}", data={"event": "pause.requested"}, headers=headers)
    assert refused.status == 403
