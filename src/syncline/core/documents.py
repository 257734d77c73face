"""The documents of an integration: what each is called and looks like. Effects write them, doors show them."""

from typing import Literal

import msgspec

#: The names under which documents are stored.
SETTINGS = "settings"
LOGIN = "login"
GRANT = "grant"
IDENTITY = "identity"
CHECKS = "checks"
PREVIEW = "preview"
FIELD_SYNC = "field_sync"
MAPPING = "mapping"
RUN = "run"
CHANGES = "changes"

#: Those of the service itself: what it was started with, and which master key is current.
CONFIGURATION = "configuration"
MASTER_KEY = "master_key"

#: One document for each object, so that a page of records rewrites only its own.
OBJECT_SYNC = "sync:"


class SettingsDocument(msgspec.Struct, frozen=True):
    """Where both sides are: origins. Comes with the birth, changes with `credentials.saved` and `account.saved`."""

    login_host: str
    target_url: str


class LoginDocument(msgspec.Struct, frozen=True):
    """What is known of logins at the login host; written by the probe of the credentials."""

    names_issuer: bool  #: whether an answer without `iss` is not the awaited one (RFC 9207 §2.4)


class GrantDocument(msgspec.Struct, frozen=True):
    """What may be seen of the grant; the tokens are sealed secrets."""

    generation: int
    instance_url: str
    identity_url: str
    scopes: tuple[str, ...]
    issued_at: int  #: microseconds since the epoch, the source's clock
    obtained_at: int  #: microseconds since the epoch, our clock


class IdentityDocument(msgspec.Struct, frozen=True):
    """Which org and which user are connected; the fields of `providers.port.Identity`."""

    org_id: str
    org_name: str
    edition: str
    sandbox: bool
    user_id: str
    username: str
    display_name: str
    email: str


class CheckResult(msgspec.Struct, frozen=True):
    """One check; `problem` is a catalogue code, which has the remedy."""

    id: str
    verdict: Literal["passed", "warning", "failed"]
    seen: str
    problem: str = ""


class ChecksDocument(msgspec.Struct, frozen=True):
    """The last run of the checks."""

    at: int
    results: tuple[CheckResult, ...]


class FieldPlan(msgspec.Struct, frozen=True):
    """What the field sync would do with one field of the source."""

    object: str
    name: str
    label: str
    type: str
    native_type: str
    target: str  #: the target field's name, empty when it is skipped
    action: Literal["exists", "create", "skip"]
    reason: str = ""


class PreviewDocument(msgspec.Struct, frozen=True):
    """The fields of both sides, compared; creating a field at the target cannot be undone."""

    at: int
    fields: tuple[FieldPlan, ...]


class FieldSyncDocument(msgspec.Struct, frozen=True):
    """How far the field sync is, and what it did: field name -> reason for those that were refused."""

    total: int
    done: int
    created: tuple[str, ...] = ()
    existed: tuple[str, ...] = ()
    refused: dict[str, str] = {}


class MappingDocument(msgspec.Struct, frozen=True):
    """Source field -> target field, per object; made by the field sync, edited in the mapping window."""

    objects: dict[str, dict[str, str]]


class RunDocument(msgspec.Struct, frozen=True):
    """The sync run that is under way or was the last."""

    number: int  #: 1 for the initial sync
    kind: Literal["initial", "cycle"]
    started_at: int
    ended_at: int = 0  #: 0 while it runs
    until: str = ""  #: the source's own clock at the start: what is read up to
    cause: str = ""
    #: How it was brought: as `records.changed` says it, else `schedule` or `request`; '' for none of these.
    path: str = ""


class ChangesDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the source tells of changes as they happen, and where to go on listening.

    `reason` is the catalogue code of why it does not; `positions` go on from where they were when it does again.
    """

    at: int  #: since when it is so, microseconds since the epoch
    objects: tuple[str, ...] = ()
    refused: dict[str, str] = {}
    reason: str = ""
    detail: str = ""
    positions: dict[str, str] = {}


class ObjectSyncDocument(msgspec.Struct, frozen=True):
    """How far one object is: the numbers of the run that is named, and the watermark that the next run starts from."""

    object: str
    run: int
    #: Everything up to here has been read in an earlier, finished run; '' before the first.
    watermark: str = ""
    #: The last record read in this run: (stamp, id).
    stamp: str = ""
    id: str = ""
    total: int | None = None
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0  #: read again by the look-back and not sent, for it was sent before
    refused: int = 0
    done: bool = False
