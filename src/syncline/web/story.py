"""The story of one integration, row by row: how long each state lasted, what led where, what changed."""

from functools import partial
from typing import Any

import msgspec

from syncline.core.audit import Row
from syncline.core.context import Context
from syncline.core.effect import EFFECTS
from syncline.store import story
from syncline.store.log import Filter, LogRow
from syncline.store.story import Ran, Told, effect_of
from syncline.web import audit_views
from syncline.web.asked import LogAsked
from syncline.web.models import AuditRow, Model
from syncline.web.site import Site


class Change(Model):
    """Something that is not as it was before the row."""

    what: str
    """`state`, `memory:NAME`, `document:NAME` or `secret:NAME`."""
    before: Any
    """Null where there was nothing, or where it is not known."""
    after: Any
    """Of a document its digest, of a secret its fingerprint."""
    parts: tuple[str, ...] = ()
    """The parts of a document that are different."""
    more: int = 0
    """How many parts more."""


class EffectView(Model):
    """An effect that the row caused, as it stands now."""

    id: str
    name: str
    title: str
    status: str
    attempts: int
    """How often it was claimed."""
    last_error: str
    created_at: int
    ended_at: int | None
    outcome: int | None
    """The `seq` of the last row that it sent."""
    outcome_type: str


class StoryRow(AuditRow):
    """A row with what stands around it."""

    lasted: int | None
    """How long the state before it had lasted, in microseconds; null unless the row entered a state."""
    led_by: int | None
    """The `seq` of the row that led here."""
    effect: str
    """The effect that sent it."""
    ran: tuple[EffectView, ...]
    """What it caused."""
    changes: tuple[Change, ...]


class Story(Model):
    """A page of the story, in the order that was asked for; it may be short and yet have a next one."""

    items: tuple[StoryRow, ...]
    next: int | None
    """What to pass as `after` for the next page."""


async def page(site: Site, asked: LogAsked, filtered: Filter) -> Story:
    """Answer one page of the story of the integration that is asked for."""
    found, keys = await audit_views.find(site, asked, filtered)
    return Story(items=tuple(await rows(site, found.rows, keys)), next=found.next)


async def rows(site: Site, found: list[LogRow], keys: dict[str, str]) -> list[StoryRow]:
    """Answer rows of one integration as its story tells them."""
    told = await site.store.read(partial(story.tell, index=site.index, rows=found))
    both = [(each.row.row, None if each.before is None else each.before.row) for each in told]
    revealed = await site.privacy.reveal(both)
    return [_row(site, each, row, before, keys) for each, (row, before) in zip(told, revealed, strict=True)]


def _row(site: Site, told: Told, row: Row, before: Row | None, keys: dict[str, str]) -> StoryRow:
    effect, led_by = effect_of(row.cause)
    entered = row.disposition == "transitioned"
    return StoryRow(
        **audit_views.row_facts(site, told.row, row, keys),
        lasted=max(0, row.at - told.entered) if entered and told.entered is not None else None,
        led_by=led_by or None,
        effect=effect,
        ran=tuple(_effect(site, each) for each in told.effects),
        changes=tuple(_changes(told, row, before)),
    )


def _effect(site: Site, ran: Ran) -> EffectView:
    kind = EFFECTS.get(ran.name)
    facts = msgspec.structs.asdict(ran) | {"outcome": ran.outcome or None}
    return EffectView(**facts, title=site.title(kind.title) if kind else ran.name)


def _changes(told: Told, row: Row, before: Row | None) -> list[Change]:
    changes = [Change(what="state", before=row.origin or None, after=row.to)] if row.origin != row.to else []
    if before is not None or row.seq == 1:
        old, new = Context() if before is None else before.context, row.context
        changes += [
            Change(what=f"memory:{name}", before=getattr(old, name), after=getattr(new, name))
            for name in Context.__struct_fields__
            if getattr(old, name) != getattr(new, name)
        ]
    changes += [
        Change(what=name, before=one.before, after=one.after, parts=one.parts, more=one.more)
        for name, one in row.changed.items()
    ]
    return changes + [Change(what=name, before=was, after=now) for name, was, now in told.brought if was != now]
