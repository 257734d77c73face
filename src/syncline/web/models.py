"""What the API answers, as pydantic models; the pages show the same. Times are microseconds since the epoch."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from syncline.store.record import Outcome


class Model(BaseModel):
    """A model that refuses fields it does not know and is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)


class ProblemDocument(BaseModel):
    """An error (RFC 9457), with all that the catalogue knows about it; further members are facts of this occurrence."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    type: str
    """The address of the code's page."""
    title: str
    status: int
    detail: str = ""
    code: str
    cause: str
    remedy: str
    fixer: str
    retryable: bool
    request: str = ""
    """The id of the request, to be quoted to the operator."""


class ProblemEntry(Model):
    """An entry of the error catalogue."""

    code: str
    meaning: str
    cause: str
    remedy: str
    fixer: str
    retryable: bool


class Blocker(ProblemEntry):
    """What keeps an integration from going on, and how to get it out of the way."""

    detail: str
    url: str
    """The page that explains the code."""


class ActorView(Model):
    """Who caused an event."""

    kind: str
    id: str
    via: str = ""
    address: str = ""
    title: str
    """As a person would say it, such as the name of the API key."""


class Why(Model):
    """The event that led to the present state."""

    seq: int
    type: str
    title: str
    actor: ActorView
    at: int
    disposition: str


class Next(Model):
    """An event that means something now."""

    event: str
    title: str
    by: tuple[str, ...]
    """Who may send it: `person`, `hook`, `source`, `timer`, `effect`, `service`."""
    primary: bool
    """Whether it is the step to take next."""


class Waiting(Model):
    """An effect that is under way or waits for its time."""

    effect: str
    title: str
    status: Literal["pending", "running"]
    attempts: int
    due_at: int
    last_error: str


class Step(Model):
    """One step that a person takes in a provider's own pages."""

    title: str
    text: str
    values: tuple[tuple[str, str], ...]
    """(label in the provider's page, value to copy)"""


class SourceView(Model):
    """The side that people log in to."""

    title: str
    login_host: str
    redirect_uri: str
    scopes: tuple[str, ...]
    identity: dict[str, Any] | None
    """Org and user, as `core.documents.IdentityDocument`."""
    grant: dict[str, Any] | None
    """What may be seen of the grant, as `core.documents.GrantDocument`."""
    objects: tuple[str, ...]
    app_guide: dict[str, tuple[Step, ...]]
    """How the app is registered, for each kind of app there is; empty once it is authorized."""


class TargetView(Model):
    """The side that is written to."""

    title: str
    url: str


class SecretView(Model):
    """That a secret is stored, and what may be seen of it."""

    field: str
    fingerprint: str
    at: int


class RefusedRecord(Model):
    """A record that the target did not take."""

    object: str
    id: str
    reason: str
    at: int


class HookView(Model):
    """Where signed events are sent to."""

    url: str


class Summary(Model):
    """One integration in a list."""

    id: str
    name: str
    state: str
    title: str
    """The state's name for people."""
    milestone: str
    since: int
    seq: int
    problem: str
    """The code of what blocks it, empty when nothing does."""
    next_event: str
    """The step that a person would take next, empty when there is none."""
    created_at: int


class Summaries(Model):
    """A page of integrations."""

    items: tuple[Summary, ...]
    next: str | None
    """What to pass as `after` for the next page."""


class Status(Model):
    """Why an integration is in its state, what blocks it, what can be done next and by whom, what it waits for."""

    id: str
    name: str
    state: str
    title: str
    milestone: str
    since: int
    seq: int
    created_at: int
    why: Why | None
    summary: str
    """One plain sentence: what the state means."""
    blocked_by: Blocker | None
    next: tuple[Next, ...]
    waiting_for: tuple[Waiting, ...]
    source: SourceView
    target: TargetView
    checks: dict[str, Any] | None
    """The last run, as `core.documents.ChecksDocument`, and for each result the remedy and who can apply it."""
    preview: dict[str, Any] | None
    field_sync: dict[str, Any] | None
    mapping: dict[str, Any] | None
    run: dict[str, Any] | None
    changes: dict[str, Any] | None
    """How changes come: `by` a stream or the cycles, `title` says it; and why (web/changes.py). Null without a sync."""
    objects: tuple[dict[str, Any], ...]
    refused_records: tuple[RefusedRecord, ...]
    secrets: tuple[SecretView, ...]
    hook: HookView
    as_of: int | None = None
    """The past moment that was asked for; then all that the log's rows do not say is empty. Null for now."""


class Result(Model):
    """What became of an event."""

    seq: int
    disposition: str
    origin: str = Field(alias="from")
    to: str
    reason: str
    repeated: bool
    """Whether the key came before; then this is what became of the event at that time."""

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """Answer an outcome as its sender sees it; a repetition is answered as the first was."""
        return cls(
            seq=outcome.repeats or outcome.seq,
            disposition=outcome.first or outcome.disposition,
            origin=outcome.origin,
            to=outcome.to,
            reason=outcome.reason,
            repeated=outcome.disposition == "duplicate",
        )


class HookSecret(Model):
    """Where signed events are sent to; the secret is shown once, and null when the request was a repetition."""

    url: str
    secret: str | None


class Created(Status):
    """A new integration."""

    hook: HookSecret  # type: ignore[assignment]  # the same, with the secret


class SentEvent(Model):
    """The answer to a command."""

    outcome: Result
    status: Status
    authorize_url: str | None = None
    """Where the browser goes to log in; null for everything but a `login.started` that came for the first time."""


class AuditRow(Model):
    """One row of the audit log."""

    position: int
    integration: str
    seq: int
    at: int
    type: str
    title: str
    key: str
    disposition: str
    origin: str = Field(alias="from")
    to: str
    actor: ActorView
    reason: str
    cause: str
    request: str
    repeats: int
    chart: str
    data: dict[str, Any]
    brought: tuple[str, ...]
    changed: dict[str, dict[str, Any]] = {}
    """What the event has replaced, by `document:` or `secret:` and the name: `before`, `after`, `parts`."""
    effects: tuple[str, ...]
    hash: str
    """SHA-256 that binds the row to all before it, in hexadecimal."""


class AuditPage(Model):
    """A page of the audit log, in the order that was asked for; it may be short and yet have a next one."""

    items: tuple[AuditRow, ...]
    next: int | None
    """What to pass as `after` for the next page."""
