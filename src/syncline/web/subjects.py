"""Subjects: whose personal data the log seals, and the destruction of a subject's key."""

from functools import partial
from typing import Annotated

from pydantic import Field, StringConstraints

from syncline.core.brought import ErasedSubject
from syncline.errors import NotFoundError
from syncline.store.subjects import SubjectKey, subject_key, subjects
from syncline.web.access import Who
from syncline.web.entrance import UNKNOWN
from syncline.web.models import Model
from syncline.web.site import Site


class SubjectsAsked(Model):
    """Which page of the subjects is wanted."""

    after: str = Field("", max_length=64)
    limit: int = Field(100, ge=1, le=1000)


class SubjectView(Model):
    """A subject and its key, which nobody is shown; times are microseconds since the epoch."""

    #: The id of the key, as it stands in what is sealed by it.
    id: str
    #: Such as `person:` and the id of an API key, `link:`, `hook:`, `source_user:`, `integration:`.
    subject: str
    created_at: int
    #: When the key was destroyed; null while it lives.
    erased_at: int | None


class Subjects(Model):
    """A page of subjects."""

    items: tuple[SubjectView, ...]
    next: str | None


class ErasureAsked(Model):
    """The subject whose key is to be destroyed, as the list of subjects names it."""

    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]


class Erased(Model):
    """What was done, and the row of the service's log that says so."""

    subject: str
    seq: int


async def listing(site: Site, asked: SubjectsAsked) -> Subjects:
    """List the subjects, those that were erased too."""
    found = await site.store.read(partial(subjects, after=asked.after, limit=asked.limit + 1))
    shown = found[: asked.limit]
    return Subjects(items=tuple(map(_view, shown)), next=shown[-1].id if len(found) > len(shown) else None)


async def erase(site: Site, who: Who, subject: str, *, request: str) -> Erased:
    """Destroy the key of a subject, for good; raises `NotFoundError` for one that has none."""
    # A text that names none may be anything, such as an address or a key that was pasted: it stays where it was typed.
    named = subject if await site.store.read(partial(subject_key, subject=subject)) else UNKNOWN
    outcome = await site.service_log.note(
        "subject.erased", {"subject": named}, ErasedSubject(named), actor=who.actor, request=request
    )
    if not outcome.accepted:
        raise NotFoundError("audit.unknown_subject", outcome.reason)
    return Erased(subject=subject, seq=outcome.seq)


def _view(key: SubjectKey) -> SubjectView:
    return SubjectView(id=key.id, subject=key.subject, created_at=key.created_at, erased_at=key.erased_at)
