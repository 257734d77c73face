"""What the rest of the house knows about a provider: two ports and the plain values that cross them.

A *source* is the CRM that people log in to by OAuth (RFC 6749) and whose records are read; a *target* is where
people are written. A method raises only `errors.ProviderError` for what a provider did, never puts a secret into
an exception, and bounds each network call in time and size.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import SecretStr

from syncline.errors import Problem

if TYPE_CHECKING:
    from syncline.providers.notices import NoticeDoor
    from syncline.providers.stream import ChangeStream

FieldType = Literal[
    "boolean",
    "currency",
    "date",
    "datetime",
    "email",
    "float",
    "integer",
    "percent",
    "phone",
    "string",
    "text",
    "url",
]
Verdict = Literal["passed", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class App:
    """The OAuth client that the customer registered at the source (RFC 6749 §2)."""

    login_host: str  #: an origin, such as `https://login.salesforce.com`
    consumer_key: SecretStr
    consumer_secret: SecretStr
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token endpoint answered (RFC 6749 §5.1); `refresh_token` is None when the reply had none."""

    access_token: SecretStr
    refresh_token: SecretStr | None
    instance_url: str
    identity_url: str
    scopes: tuple[str, ...]
    issued_at: int  #: microseconds since the epoch
    org_id: str  #: whose grant it is, from the signed part of the answer, known before any further call
    user_id: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step that a person takes in the provider's own pages, with the exact values to type there."""

    title: str
    text: str
    values: tuple[tuple[str, str], ...] = ()  #: (label in the provider's page, value to copy)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which org and which user a grant belongs to."""

    org_id: str
    org_name: str
    edition: str
    sandbox: bool
    user_id: str
    username: str
    display_name: str
    email: str


@dataclass(frozen=True, slots=True)
class Check:
    """One result of the doctor: an id, a verdict, what was seen and, if it did not pass, a catalogue code."""

    id: str  #: such as `salesforce.api_enabled`
    verdict: Verdict
    seen: str  #: one plain sentence
    problem: str | None = None  #: a code of the error catalogue, which has the remedy


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, in words common to both sides."""

    object: str
    name: str
    label: str
    type: FieldType
    length: int | None = None
    custom: bool = False
    writable: bool = True
    #: The provider's own name for the type, to be shown.
    native_type: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where an object has been read: a stamp and the last id at that stamp ('' = nothing yet)."""

    stamp: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records in order of (stamp, id), and the position after the last of them.

    A record has the fields that were asked for and always the source's `id_field` and `stamp_field`, as strings.
    """

    records: Sequence[Mapping[str, Any]]
    position: Position
    total: int | None  #: how many records the whole query matches, when the provider says so


@dataclass(frozen=True, slots=True)
class RowResult:
    """What happened to one written row: `created`, `updated`, `skipped` (refused by the target)."""

    status: Literal["created", "updated", "skipped"]
    target_id: str = ""
    reason: str = ""  #: the provider's code and words when skipped


@dataclass(frozen=True, slots=True)
class FieldResult:
    """What happened to one field that was to be created: `created`, `existed`, `refused`."""

    name: str
    status: Literal["created", "existed", "refused"]
    reason: str = ""


class Session(Protocol):
    """A live grant, lent to a source for the length of one effect; it renews the access token when told it died."""

    @property
    def instance_url(self) -> str:
        """The origin that the API calls go to."""

    async def access_token(self) -> SecretStr:
        """Answer the token to send; raises `GrantLostError` when there is none any more."""

    async def renew(self, dead: SecretStr) -> SecretStr:
        """Answer another token than `dead` (which the API refused); raises `GrantLostError` or `UnreachableError`."""


class Source(Protocol):
    """The CRM side."""

    #: What people call it, such as `Salesforce`.
    title: str
    #: The entries this provider adds to the error catalogue, by code.
    problems: Mapping[str, Problem]
    #: The objects that are read, in the order they are synced, such as `("Lead", "Contact")`.
    objects: tuple[str, ...]
    #: The field that holds a record's id, and the one that moves with every change of a record; stamps sort as text.
    id_field: str
    stamp_field: str
    #: The scopes that are asked for, and no others.
    scopes: tuple[str, ...]
    #: Where people may log in, the usual one first: (title, address or its pattern, when it is the right one).
    login_hosts: tuple[tuple[str, str, str], ...]
    #: How this side tells us that something has happened.
    notices: "NoticeDoor"

    @property
    def changes(self) -> "ChangeStream":
        """How it tells a listener of changes as they happen."""

    def app_guide(self, redirect_uri: str) -> Mapping[str, tuple[Instruction, ...]]:
        """Answer how the app is registered, for each kind of app there is: title of the kind -> steps in order."""

    def login_host(self, text: str) -> str:
        """Answer the origin of an allowed login host; raises `InputError` for any other (https only, known domains)."""

    def authorize_url(self, app: App, *, state: str, challenge: str) -> str:
        """Answer where the browser goes to log in (RFC 6749 §4.1.1 with PKCE S256, RFC 7636 §4.3)."""

    def refusal(self, error: str, description: str) -> str:
        """Answer the catalogue code for an `error` that came back to the callback (RFC 6749 §4.1.2.1)."""

    async def probe(self, app: App) -> bool:
        """Find out whether key and secret are right without a login; raises `RejectedError` naming which is wrong.

        Answers whether the login host promises to name itself in what a login comes back with (RFC 9207 §3).
        """

    async def exchange(self, app: App, *, code: SecretStr, verifier: SecretStr) -> Grant:
        """Spend an authorization code (RFC 6749 §4.1.3). Never repeated by the provider code itself.

        An `UnreachableError` says by `reply_lost` whether the code may be spent. A grant that would be of no use (no
        refresh token, too few scopes, a strange host, a bad signature) raises `RejectedError`.
        """

    async def refresh(self, app: App, refresh_token: SecretStr) -> Grant:
        """Ask for a new access token (RFC 6749 §6). Never repeated by the provider code itself once it was sent.

        An `UnreachableError` says by `reply_lost` whether the refresh token may be spent. `GrantLostError` means that
        a person has to act and log in again; its code says why.
        """

    async def revoke(self, app: App, token: SecretStr) -> None:
        """Revoke a token (RFC 7009); a token that is already dead counts as revoked."""

    async def identify(self, session: Session, identity_url: str) -> Identity:
        """Ask who the grant belongs to."""

    async def check(self, session: Session, identity: Identity) -> list[Check]:
        """Run the doctor's checks of this side; only an outage raises, everything else is a result."""

    async def describe(self, session: Session, object_name: str) -> list[Field]:
        """List the fields of an object that the logged-in user can see."""

    async def now(self, session: Session) -> str:
        """Answer the source's own clock as a stamp, so that no watermark depends on ours."""

    def pages(
        self, session: Session, object_name: str, fields: Sequence[str], *, after: Position, since: str, until: str
    ) -> AsyncIterator[Page]:
        """Read records with `since` <= stamp <= `until`, after the position `after`, in order of (stamp, id)."""

    async def named(self, session: Session, object_name: str, fields: Sequence[str], ids: Sequence[str]) -> Page:
        """Read records by their ids, whenever they changed last; an id that is none of the object's is left out."""

    def earlier(self, stamp: str, seconds: int) -> str:
        """Answer the stamp that lies `seconds` before `stamp`, for the look-back ('' stays '')."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where people are written and as whom: an API user of the target."""

    url: str  #: an origin
    client_id: SecretStr
    client_secret: SecretStr


class Target(Protocol):
    """The marketing side."""

    #: What people call it, such as `Marketo`.
    title: str
    problems: Mapping[str, Problem]
    #: The field that holds the source's record id and by which rows are upserted, as it is created in the target.
    key_field: Field
    #: How many rows one upsert may carry.
    batch_size: int
    #: How many fields a connector may create in one instance.
    field_limit: int
    #: Source field name -> target field name for what exists on both sides out of the box.
    standard_fields: Mapping[str, str]
    #: How this side tells us that something has happened.
    notices: "NoticeDoor"

    def account_url(self, text: str) -> str:
        """Answer the origin of an allowed instance; raises `InputError` for any other."""

    def account_guide(self) -> tuple[Instruction, ...]:
        """Answer how the API user is made that an account stands for."""

    async def check(self, account: Account) -> list[Check]:
        """Run the doctor's checks of this side; only an outage raises, everything else is a result."""

    async def fields(self, account: Account) -> list[Field]:
        """List the person fields of the target."""

    def field_name(self, source_field: Field) -> str:
        """Answer the name under which a source field is created in the target."""

    def unfit(self, source_field: Field) -> str:
        """Answer in a few words why a source field cannot be created in the target, '' when it can."""

    async def create_fields(self, account: Account, fields: Sequence[Field]) -> list[FieldResult]:
        """Create person fields, given as they shall be called here; one that is already there counts as `existed`."""

    async def upsert(self, account: Account, people: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Create or update people by `key_field`, at most `batch_size` of them, results in the same order."""


@dataclass(frozen=True, slots=True)
class Providers:
    """The two sides of every integration."""

    source: Source
    target: Target
