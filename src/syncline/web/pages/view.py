"""How a page is drawn: Jinja2, everything escaped, no script and no style inside a page."""

from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web
from jinja2 import Environment, FunctionLoader, StrictUndefined

import syncline
from syncline.core.effect import EFFECTS
from syncline.core.event import ALL_EVENTS
from syncline.web.access import Who, who
from syncline.web.pages import words
from syncline.web.pages.faces import granted, tone
from syncline.web.site import SITE, Site

_TEMPLATES = files("syncline.web") / "templates"


class Me:
    """Who is signed in, as templates need it."""

    def __init__(self, person: Who) -> None:
        """Say it once for all templates."""
        self.name = person.key.name
        self.role = person.key.role
        #: The one integration that a guest sees; empty for everybody else.
        self.guest_of = person.key.integrations[0] if person.is_guest else ""
        self.may_send = person.may_send
        self.may_operate = person.may("command")
        self.may_export = person.may("export")
        self.may_create = person.may("command") and not person.key.integrations


def page(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:  # noqa: ANN401  whatever a template shows
    """Draw a page for whoever asks."""
    person = who(request)
    me = None if person is None else Me(person)
    text = draw(request.app[SITE], template, **{"me": me, **context})
    return web.Response(text=text, status=status, content_type="text/html")


def draw(site: Site, template: str, **context: Any) -> str:  # noqa: ANN401  as above
    """Draw a template with what every page may need."""
    common = {
        "source": site.providers.source,
        "target": site.providers.target,
        "catalogue": site.catalogue,
        "now": site.now(),
        "event_title": lambda name: site.title(ALL_EVENTS[name].title) if name in ALL_EVENTS else name,
        "effect_title": lambda name: site.title(EFFECTS[name].title) if name in EFFECTS else name,
        "version": syncline.__version__,
        "me": None,
        "here": "",
    }
    return environment().get_template(template).render(common | context)


@cache
def environment() -> Environment:
    """Answer the one environment; a variable that was forgotten is an error, not a gap in the page."""
    made = Environment(
        loader=FunctionLoader(_load), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    for function in (words.clock, words.fixer, words.iso, words.number, words.since, words.words, granted, tone):
        made.filters[function.__name__] = function
    return made


def _load(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
