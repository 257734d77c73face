"""What may be asked of the API: bodies and queries, as pydantic models that refuse what they do not know."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, RootModel, SecretStr, StringConstraints, model_validator

from syncline.errors import InputError
from syncline.web.models import Model


def _trimmed(secret: SecretStr) -> SecretStr:
    """What is copied from a page often brings white space along, and no secret has any at its ends."""
    text = secret.get_secret_value().strip()
    if not text or not text.isprintable():
        raise ValueError("must be printable text")
    return SecretStr(text)


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=4096), AfterValidator(_trimmed)]
#: It stands in rows in the clear, so it has the form of Salesforce's ids (15 or 18 letters and digits) and no other.
RecordId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9]{1,18}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]{1,255}$")]


class NewSource(Model):
    """Where people log in."""

    login_host: Address


class NewTarget(Model):
    """Where people are written, and as which API user."""

    url: Address
    client_id: Secret
    client_secret: Secret


class NewIntegration(Model):
    """An integration to be made."""

    name: Name
    source: NewSource
    target: NewTarget


class CredentialsSaved(Model):
    """Consumer Key and Secret of the registered app, and another login host if it has changed."""

    type: Literal["credentials.saved"]
    consumer_key: Secret
    consumer_secret: Secret
    login_host: Address | None = None


class LoginStarted(Model):
    """A browser is about to be sent to the login."""

    type: Literal["login.started"]


class ConnectionConfirmed(Model):
    """The person has seen this org and this user, and they are the right ones."""

    type: Literal["connection.confirmed"]
    org_id: RecordId
    user_id: RecordId


class FieldSyncRequested(Model):
    """Create the fields of the preview at the target, but for those that are named (`Lead.Field__c`)."""

    type: Literal["field_sync.requested"]
    skip: tuple[FieldName, ...] = Field((), max_length=2000)


class MappingSaved(Model):
    """Which source field goes to which target field, for each object."""

    type: Literal["mapping.saved"]
    objects: dict[FieldName, dict[FieldName, FieldName]]


class AccountSaved(Model):
    """The target's API user has changed, perhaps also its address."""

    type: Literal["account.saved"]
    url: Address | None = None
    client_id: Secret
    client_secret: Secret


class PlainCommand(Model):
    """A command that needs no more than its name."""

    type: Literal[
        "app.registered",
        "probe.requested",
        "checks.requested",
        "preview.requested",
        "sync.start_requested",
        "sync.requested",
        "pause.requested",
        "resume.requested",
        "disconnect.requested",
        "revocation.requested",
        "revocation.given_up",
        "identity.released",
        "erasure.requested",
    ]


Command = Annotated[
    CredentialsSaved
    | LoginStarted
    | ConnectionConfirmed
    | FieldSyncRequested
    | MappingSaved
    | AccountSaved
    | PlainCommand,
    Field(discriminator="type"),
]


class CommandBody(RootModel[Command]):
    """A command: `type` says which fields belong to it."""


class ListAsked(Model):
    """Which integrations are wanted."""

    after: str = Field("", max_length=64)
    limit: int = Field(50, ge=1, le=200)
    state: str = Field("", max_length=100)
    search: str = Field("", max_length=120)


class TokensAsked(Model):
    """Which page of the inventory of tokens is wanted."""

    after: str = Field("", max_length=64)
    limit: int = Field(50, ge=1, le=200)


_EARLIEST, _LATEST = 0, 2**62


def _moment(text: str) -> int | None:
    """Read microseconds since the epoch, or an ISO 8601 time, which is UTC unless it says otherwise."""
    if not text:
        return None
    if text.isascii() and text.isdigit():
        moment = int(text[:20])
    else:
        try:
            # A plus sign that was not escaped has become a space on the way.
            at = datetime.fromisoformat(text[:10] + text[10:].replace(" ", "+") if "T" in text else text)
            at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
            moment = (at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
        except (ValueError, OverflowError):
            moment = -1
    if not _EARLIEST <= moment <= _LATEST:
        raise ValueError("must be a time such as 2026-01-31T12:00:00Z, or whole microseconds since the epoch")
    return moment


class StatusAsked(Model):
    """Which moment's status is wanted."""

    as_of: str = Field("", max_length=40, examples=["2026-01-31T12:00:00Z"])
    """A past moment: an ISO 8601 time (UTC unless it says otherwise), or microseconds since the epoch."""

    @property
    def moment(self) -> int | None:
        """The moment in microseconds, None for now; raises `InputError`."""
        try:
            return _moment(self.as_of)
        except ValueError as error:
            raise InputError("request.moment", f"as_of {error}", facts={"field": "as_of"}) from None


def _time(given: object) -> object:
    """Read a moment as `as_of` is read; nothing given leaves it open."""
    return given if not isinstance(given, str) else _moment(given)


Text = Annotated[str, Field(max_length=200)]
Time = Annotated[
    int,
    BeforeValidator(_time, json_schema_input_type=int | str),
    Field(ge=_EARLIEST, le=_LATEST, examples=["2026-01-31"]),
]


class LogAsked(Model):
    """Which rows of a log are wanted, and in which order; what is not given does not matter."""

    order: Literal["oldest", "newest"] = "oldest"
    """Which rows come first."""
    after: int = Field(0, ge=0, le=2**62)
    """The position to go on behind, in the order that is asked for: `next` of the page before."""
    limit: int = Field(100, ge=1, le=1000)
    type: str = Field("", max_length=100)
    disposition: str = Field("", max_length=20)
    actor_kind: str = Field("", max_length=20)
    actor: Text = ""
    """The actor's id."""
    state: str = Field("", max_length=100)
    """The state before or after, or one that it lies in (`syncing` for `syncing.waiting`)."""
    origin: str = Field("", max_length=100, alias="from")
    to: str = Field("", max_length=100)
    since: Time = _EARLIEST
    """An ISO 8601 time (UTC unless it says otherwise), or microseconds since the epoch."""
    until: Time = _LATEST
    """As `since`; that moment itself is not in it."""
    request: Text = ""
    """The correlation: the id of the request that led there."""
    cause: Text = ""
    text: Text = ""
    """Words that are all in the row, whole, in any order and in either case."""


class AuditAsked(LogAsked):
    """Which rows of one integration's log are wanted, and in which form."""

    format: Literal["json", "ndjson", "csv", "ocsf"] = "json"
    """`ndjson`, `csv` and `ocsf` export everything that matches and need the right to export."""


class WholeAuditAsked(AuditAsked):
    """Which rows of the whole log are wanted, and in which form."""

    integration: str = Field("", max_length=64)
    """One integration, or `service` for what happened to the service itself."""


class LinkAsked(Model):
    """A connect link to be made."""

    #: For how long it can be redeemed, and used by who has redeemed it.
    hours: int = Field(72, ge=1, le=336)


class KeyAsked(Model):
    """An API key to be made."""

    name: Name
    role: Literal["viewer", "operator", "auditor", "admin"]
    #: The ids of the integrations that it is for; empty: all of them.
    integrations: tuple[Annotated[str, Field(max_length=64)], ...] = Field((), max_length=1000)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """An admin can make keys, and so give itself every right."""
        if self.role == "admin" and self.integrations:
            msg = "an admin's key is for all integrations"
            raise ValueError(msg)
        return self
