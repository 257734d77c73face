"""A person's browser, as far as the demo needs one: pages, forms, cookies, redirects, and nothing that runs."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp
from yarl import URL

_TIMEOUT = 30.0
_LARGEST_PAGE = 4 * 1024 * 1024


@dataclass
class Form:
    """A form with what it would send if nobody touched it."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """A page that a browser shows."""

    url: str
    status: int
    text: str
    forms: list[Form] = field(default_factory=list)
    #: The texts of the `<output>` elements in order, each with its id ('' without one).
    outputs: list[tuple[str, str]] = field(default_factory=list)

    def form(self, action: str) -> Form:
        """Answer the form whose address contains `action`; raises `LookupError` with what the page shows instead."""
        for form in self.forms:
            if action in form.action:
                return form
        raise LookupError(f"{URL(self.url).path} (status {self.status}) has no form for {action}")

    def output(self, name: str) -> str:
        """Answer the text of the `<output>` with an id; raises `LookupError`."""
        for found, text in self.outputs:
            if found == name:
                return text
        raise LookupError(f"{URL(self.url).path} (status {self.status}) does not show {name}")


class Browser:
    """One window with its own cookies."""

    def __init__(self, *trusted: str) -> None:
        """Name the origins that may set secure cookies although they speak plain http: those of this machine."""
        self._trusted = [URL(origin) for origin in trusted]
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the window."""
        jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=self._trusted)
        self._http = aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=_TIMEOUT))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it and forget its cookies."""
        if self._http is not None:
            await self._http.close()

    @property
    def http(self) -> aiohttp.ClientSession:
        """The connection with this window's cookies, for calls that a page would make."""
        if self._http is None:
            raise RuntimeError("the browser is not open")
        return self._http

    async def open(self, url: str) -> Page:
        """Go to an address and wherever it redirects to."""
        async with self.http.get(url) as response:
            return await _show(response)

    async def submit(self, page: Page, action: str, **typed: str) -> Page:
        """Fill in a form of a page and send it."""
        form = page.form(action)
        async with self.http.post(urljoin(page.url, form.action), data={**form.fields, **typed}) as response:
            return await _show(response)


async def _show(response: aiohttp.ClientResponse) -> Page:
    raw = await response.content.read(_LARGEST_PAGE)
    page = Page(str(response.url), response.status, raw.decode(errors="replace"))
    _Reader(page).feed(page.text)
    return page


class _Reader(HTMLParser):
    """Collects forms and outputs."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._form: Form | None = None
        self._filled: str | None = None  #: the field whose text is being read
        self._output: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        here = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(here.get("action", ""))
            self._page.forms.append(self._form)
        elif tag == "input" and self._form is not None:
            self._note_input(self._form, here)
        elif tag == "textarea":
            self._filled, self._text = here.get("name", ""), ""
        elif tag == "output":
            self._output, self._text = here.get("id", ""), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._form is not None and self._filled:
            self._form.fields[self._filled], self._filled = self._text.strip(), None
        elif tag == "output" and self._output is not None:
            self._page.outputs.append((self._output, self._text.strip()))
            self._output = None

    @staticmethod
    def _note_input(form: Form, here: dict[str, Any]) -> None:
        kind, name = here.get("type", "text"), here.get("name", "")
        if not name or kind == "submit" or (kind in {"checkbox", "radio"} and "checked" not in here):
            return
        value = here.get("value", "on" if kind == "checkbox" else "")
        # Boxes that share a name are sent together; the simulated pages read such a list from one value, too.
        form.fields[name] = f"{form.fields[name]} {value}" if name in form.fields else value
