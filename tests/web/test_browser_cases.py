"""What a browser, its log and its neighbours get to know of a login: nothing that is worth stealing."""

import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

import syncline.web
from syncline.config import CALLBACK_PATH
from syncline.logs import configure
from tests.logged import logged
from tests.web.arrivals import Before
from tests.web.doors import Doors
from tests.web.test_access import sign_in

STATIC = Path(syncline.web.__file__).parent / "static"
TEMPLATES = Path(syncline.web.__file__).parent / "templates"
HTML = {"Accept": "text/html"}
ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}\'"&lt;javascript:alert(1)'


class _Tags(HTMLParser):
    """Collects every element, attribute and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


@pytest.mark.case("oauth", 22)
@pytest.mark.parametrize("path", ["/i/{id}", "/i/{id}/timeline", "/audit", "/i/{id}/login/finished", "/"])
async def test_html_in_a_denial_stays_text_on_every_page(before: Before, path: str) -> None:
    """What the source says is shown, and no browser takes it for more than words."""
    await sign_in(before.doors)
    answer = await before.doors.come_back(state=before.state, error="access_denied", error_description=ATTACK)
    assert answer.status == 303
    page = await before.doors.ask("GET", path.replace("{id}", before.id), role=None, headers=HTML)
    assert page.status == 200
    tags = _Tags(page.text)
    scripts = [attributes for tag, attributes in tags.elements if tag == "script"]
    assert all(attributes.get("src", "").startswith("/static/") for attributes in scripts)  # type: ignore[union-attr]
    assert not [tag for tag, attributes in tags.elements if any(name.startswith("on") for name in attributes)]
    assert not [tag for tag, attributes in tags.elements if attributes.get("src") == "x"]
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    if path in {"/i/{id}", "/i/{id}/login/finished"}:
        assert "<script>alert(1)</script>" in tags.text, "a person should see what the source has said"
        assert "{{ 7*7 }}" in tags.text


@pytest.mark.case("oauth", 22)
async def test_html_in_a_refused_callback_stays_text(doors: Doors) -> None:
    """An error page repeats nothing of what was sent."""
    query = f"state={quote(ATTACK)}&error={quote(ATTACK)}&error_description={quote(ATTACK)}"
    page = await doors.ask("GET", f"{CALLBACK_PATH}?{query}", role=None, headers=HTML)
    assert page.status == 400
    assert "alert(1)" not in page.text


def addresses(doors: Doors) -> list[str]:
    """Answer a path for each route that can be asked by GET."""
    app = doors.client.server.app  # type: ignore[attr-defined]
    found = {
        resource.canonical
        for resource in app.router.resources()
        if any(route.method in {"GET", "*"} for route in resource) and isinstance(resource, web.Resource)
    }
    assert len(found) > 20
    return sorted(found)


async def heads(before: Before) -> dict[str, tuple[int, dict[str, str]]]:
    """Ask for every address as somebody who is signed in; answers status and headers."""
    await sign_in(before.doors)
    answers = {}
    for path in addresses(before.doors):
        filled = path.replace("{id}", before.id).replace("{seq}", "1").replace("{code}", "login.used")
        filled = filled.replace("{name}", "syncline.js")
        filled = re.sub(r"\{[^}]*\}", "x", filled)
        async with before.doors.client.get(filled, headers=HTML, allow_redirects=False) as answer:
            answers[path] = answer.status, dict(answer.headers)
    return answers


@pytest.mark.case("oauth", 23)
@pytest.mark.case("oauth", 25)
async def test_no_answer_can_be_framed_or_tells_where_it_came_from(before: Before) -> None:
    """On every route there is, found or not."""
    for path, (_, headers) in (await heads(before)).items():
        assert "frame-ancestors 'none'" in headers.get("Content-Security-Policy", ""), path
        assert headers.get("X-Frame-Options") == "DENY", path
        assert headers.get("Referrer-Policy") == "no-referrer", path


@pytest.mark.case("oauth", 23)
async def test_the_way_out_and_back_has_nothing_to_leak(before: Before) -> None:
    """The page that leaves for the source names nobody where it came from; the callback is left at once."""
    leaving = await before.doors.ask("POST", f"/i/{before.id}/login", headers=HTML)
    assert leaving.headers["Referrer-Policy"] == "no-referrer"
    for state in (before.state, "x"):
        answer = await before.doors.come_back(state=state, code="canary-code")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "canary-code" not in str(answer.headers) + answer.text
        assert state == "x" or before.state not in str(answer.headers)


@pytest.mark.case("oauth", 24)
async def test_nothing_is_kept_in_a_cache(before: Before) -> None:
    """Neither by the browser nor between it and us, errors and redirects included."""
    for path, (_, headers) in (await heads(before)).items():
        # A stream tells that something has changed, never what was sent; static files are the same for everybody.
        kept = "no-cache" if path.startswith("/static") or path.endswith("/stream") else "no-store"
        assert headers.get("Cache-Control") == kept, path
    for query in (f"state={before.state}&code=c", "state=x&code=c", "code=c"):
        answer = await before.doors.come_back(raw=query)
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """All that is logged, at the most talkative."""
    with logged() as written:
        configure("debug", "json", written)
        yield written


@pytest.mark.case("oauth", 24)
async def test_no_code_and_no_state_in_a_log_line(before: Before, stream: io.StringIO) -> None:
    """Whether the callback is taken or refused; the route is logged, the query is not."""
    asked = [
        f"state={before.state}&code=canary-code&code=canary-code",
        f"state={before.state}&code=canary-code",
        f"state={before.state}&code=canary-code",
        "state=canary-state&code=canary-code",
        f"state={before.state}&code=canary-code%00",
    ]
    for query in asked:
        await before.doors.come_back(raw=query)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["route"] for line in lines if line.get("route")] == [CALLBACK_PATH] * len(asked)
    assert "canary" not in stream.getvalue()
    assert before.state not in stream.getvalue()


@pytest.mark.case("oauth", 26)
def test_no_script_listens_to_messages_or_sends_any() -> None:
    """Another window has no say: neither by messages, nor by channels, nor by a handle that was left to it."""
    scripts = [*STATIC.rglob("*.js"), *STATIC.rglob("*.mjs")]
    assert scripts
    talk = re.compile(
        r"""postMessage|onmessage|["']message["']|MessageChannel|BroadcastChannel|\bopener\b|window\.open"""
    )
    for path in scripts:
        assert not talk.findall(path.read_text(encoding="utf-8")), path.name


@pytest.mark.case("oauth", 26)
def test_no_template_has_a_script_of_its_own() -> None:
    """So what the scripts do is in the files that were just read; the content security policy allows no other."""
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"<script(?![^>]*\bsrc=)", text), path.name
        assert not re.findall(r"<[a-z][^<>{]*\son[a-z]+=", text), path.name


@pytest.mark.slow
@pytest.mark.case("oauth", 41)
@pytest.mark.parametrize("media", ["text/plain", "text/plain;charset=application/json", "multipart/form-data", ""])
async def test_a_command_of_a_signed_in_browser_that_is_no_json(before: Before, media: str) -> None:
    """What a form of another site can send without asking is not taken, even if it says that it is ours."""
    await sign_in(before.doors)
    headers = {"Sec-Fetch-Site": "same-origin"} | ({"Content-Type": media} if media else {})
    path, body = f"/api/integrations/{before.id}/events", b'{"type":"disconnect.requested"}'
    async with before.doors.client.post(
        path, data=io.BytesIO(body), headers=headers, skip_auto_headers={aiohttp.hdrs.CONTENT_TYPE}
    ) as answer:
        assert answer.status == 415
    await before.untouched()


@pytest.mark.case("oauth", 41)
@pytest.mark.parametrize("origin", ["null", "https://evil.example", "https://sync.example.com.evil.example", ""])
@pytest.mark.parametrize("path", ["/api/integrations/{id}/events", "/i/{id}/do/disconnect.requested", "/i/{id}/login"])
async def test_a_command_from_a_strange_origin(before: Before, path: str, origin: str) -> None:
    """By the API and by the forms of the pages: refused before anything is looked at."""
    await sign_in(before.doors)
    body, headers = b'{"type":"disconnect.requested"}', {"Origin": origin, "Content-Type": "application/json"}
    answer = await before.doors.ask("POST", path.replace("{id}", before.id), role=None, headers=headers, data=body)
    assert (answer.status, answer.code) == (403, "access.csrf")
    # What would have been a command is on the log; a form is none yet.
    await before.untouched(rows=0 if "/do/" in path else 1)
