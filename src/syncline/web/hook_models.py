"""What is asked and answered about hooks and about the inbox."""

from typing import Annotated

from pydantic import Field

from syncline.store.inbox import DoorName, Verdict
from syncline.web.models import Model, Result


class RotationAsked(Model):
    """Another secret is wanted for a hook."""

    overlap_hours: float = Field(24, ge=0, le=168, allow_inf_nan=False)
    """How long the former secrets go on; 0 ends them at once."""


class HookSecretSeen(Model):
    """That a secret counts, and what may be seen of it."""

    fingerprint: str
    at: int
    until: int
    """When it ends, 0 when that is not known yet."""


class HookDoor(Model):
    """One door of an integration."""

    name: str
    """The last word of its address; with it the secret is changed."""
    url: str
    """Its address, without the part that is secret."""
    header: str
    """The header that has to hold a second secret, empty when there is none."""
    secrets: tuple[HookSecretSeen, ...]
    """Those that count now, the newest first; none while the door was never opened."""


class Hooks(Model):
    """The doors of an integration."""

    items: tuple[HookDoor, ...]


class NewHookSecret(Model):
    """A secret that was just made; it is in this answer only."""

    name: str
    url: str
    """The whole address; where neither side signs, a part of it is the secret."""
    secret: str
    """What the sender signs with, or what the header has to hold; empty when the address is all."""
    header: str
    former_until: int
    """When the former secrets end, 0 when there were none."""
    guide: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    """How it is entered in the provider's own pages: title, text, values to copy."""


class InboxAsked(Model):
    """Which requests are wanted."""

    before: Annotated[str, Field(pattern=r"^([0-9]{1,19}-[0-9]{1,19})?$")] = ""
    """The `next` of the page before."""
    limit: int = Field(50, ge=1, le=200)
    verdict: Verdict | None = None
    integration: str = Field("", max_length=64)


class InboxItem(Model):
    """One request that came to a door; times are microseconds since the epoch."""

    id: str
    at: int
    door: DoorName
    integration: str
    """As the address named it; empty when that was not told."""
    verdict: Verdict
    problem: str
    """The code of what it was refused for, empty when it became an event."""
    detail: str
    type: str
    """The event that it became, empty when it was none."""
    disposition: str
    seq: int
    """The row of the log, 0 when there is none."""
    name: str
    """The sender's own id of it."""
    address: str
    request: str
    media_type: str
    size: int
    digest: str
    """SHA-256 of the body, where its sender is known; of what became an event the row has it all."""
    times: int
    """How many requests this row stands for."""
    replayable: bool
    replayed_at: int | None
    replayed_as: str


class InboxPage(Model):
    """A page of the inbox, the newest first; it may be empty and still have a next one."""

    items: tuple[InboxItem, ...]
    next: str | None
    """What to pass as `before` for the next page."""


class Replayed(Model):
    """What became of a request that was replayed: one outcome for each event in it."""

    outcomes: tuple[Result, ...]
