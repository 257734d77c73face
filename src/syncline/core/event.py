"""Events: what happened to an integration, who says so, and what came with it.

An event is audited whole, so nothing secret may be in it. What it *brings* (sealed secrets, documents, login
attempts) is stored in the same transaction and audited by name and fingerprint only.
"""

from typing import Any, Literal

import msgspec

ActorKind = Literal["person", "link", "hook", "source", "target", "timer", "effect", "service"]


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who caused an event, and how we know."""

    kind: ActorKind
    id: str  #: an API key's id, a connect link's, an effect's, a webhook sender: never a secret
    via: str = ""  #: `bearer`, `session`, `link`, `signature`, `callback`, `notification`, `replay`, `schedule` …
    address: str = ""  #: the peer's network address, where there is one


class SealedSecret(msgspec.Struct, frozen=True):
    """A secret that was sealed at the door; replaces the one of the same field."""

    field: str
    blob: bytes
    key_id: str
    fingerprint: str


class DataKey(msgspec.Struct, frozen=True):
    """The integration's own data key, wrapped by the master key that is named."""

    blob: bytes
    key_id: str


class RewrappedKey(msgspec.Struct, frozen=True):
    """The same data key, wrapped by another master key; if it was erased or exchanged since, the event is refused."""

    fresh: DataKey
    replaces: DataKey


class Document(msgspec.Struct, frozen=True):
    """A named piece of JSON that belongs to the integration; replaces the one of the same name."""

    name: str
    body: Any


class LoginAttempt(msgspec.Struct, frozen=True):
    """A login that a browser has started: only hashes and a sealed verifier are kept (RFC 7636 §4.1)."""

    state_hash: str
    browser_hash: str
    verifier: SealedSecret
    expires_at: int  #: microseconds since the epoch


class SpentAttempt(msgspec.Struct, frozen=True):
    """The login attempt that this event consumes; if it was consumed before, the event is refused."""

    state_hash: str


class NewLink(msgspec.Struct, frozen=True):
    """A connect link: a person without an account may redeem it once, to finish the source's side of the set-up."""

    id: str
    hash: bytes  #: SHA-256 of its text
    expires_at: int  #: microseconds since the epoch


class SpentLink(msgspec.Struct, frozen=True):
    """The connect link that this event redeems; if it was redeemed before, or has ended, the event is refused."""

    id: str
    session: bytes  #: SHA-256 of the cookie of the browser that it is redeemed in
    until: int  #: when that browser has to leave at the latest


class EndedLink(msgspec.Struct, frozen=True):
    """The connect link that this event ends; if it has ended before, the event is refused."""

    id: str


class Erasure(msgspec.Struct, frozen=True):
    """Sealed secrets to be erased; no names means all of them, and the data key with them."""

    fields: tuple[str, ...] = ()


class SettledEffect(msgspec.Struct, frozen=True):
    """The effect whose result this event is; settled only while its lease is still ours."""

    effect: str
    lease: str
    done: bool = True  #: False: a sign of life, the lease is extended
    lease_until: int = 0


class SentRecords(msgspec.Struct, frozen=True):
    """Records that reached the target: (id, mark), remembered while the look-back could read them again.

    A mark begins with the record's stamp.
    """

    object: str
    rows: tuple[tuple[str, str], ...]
    forget_before: str = ""


class RotatedHook(msgspec.Struct, frozen=True):
    """A new secret of a hook has come, under this field: the others of its door end at `until`, in microseconds."""

    field: str
    until: int


class WantedRecord(msgspec.Struct, frozen=True):
    """A record of the source that the target wants to have, whether it has changed or not."""

    id: str


class ErasedSubject(msgspec.Struct, frozen=True):
    """The subject whose key this event destroys; if it has none, the event is refused."""

    subject: str


class RefusedRecords(msgspec.Struct, frozen=True):
    """Records that the target refused: (id, reason)."""

    object: str
    rows: tuple[tuple[str, str], ...]
    cleared: tuple[str, ...] = ()  #: ids that were accepted now


Brought = (
    SealedSecret
    | DataKey
    | RewrappedKey
    | Document
    | LoginAttempt
    | SpentAttempt
    | NewLink
    | SpentLink
    | EndedLink
    | Erasure
    | SettledEffect
    | SentRecords
    | RefusedRecords
    | ErasedSubject
    | RotatedHook
    | WantedRecord
)


class Event(msgspec.Struct, frozen=True):
    """Something that happened, once: `key` is unique per integration, for ever."""

    integration: str
    type: str
    key: str
    actor: Actor
    at: int  #: microseconds since the epoch
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    cause: str = ""  #: the effect or the event that led here, such as `effect:ef_…` or `seq:12`
    request: str = ""  #: the correlation id of the request that brought it
    #: For timers and results of effects: the `seq` at which the state they belong to was entered.
    state_seq: int | None = None
    brings: tuple[Brought, ...] = ()
    #: Why the door did not let it in, empty when it did. Such an event is put on the log as refused and does nothing.
    refusal: str = ""


#: The event that every log starts with.
BIRTH = "integration.created"

#: What the log of the service itself goes under, in the place of an integration's id, and how it starts.
SERVICE, SERVICE_BIRTH = "service", "service.installed"


def birth_of(integration: str) -> str:
    """Answer the event that a log has to start with."""
    return SERVICE_BIRTH if integration == SERVICE else BIRTH


class EventType(msgspec.Struct, frozen=True):
    """What may send an event, and what it is called on a button."""

    #: `{source}` and `{target}` stand for the names of the two providers.
    title: str
    senders: frozenset[ActorKind]


def _by(*senders: ActorKind) -> frozenset[ActorKind]:
    return frozenset(senders)


#: Every trigger of the chart, in the order of the set-up. A test holds the two together.
EVENTS: dict[str, EventType] = {
    BIRTH: EventType("Create the integration", _by("person")),
    "app.registered": EventType("I have registered the app", _by("person", "link")),
    "credentials.saved": EventType("Save Consumer Key and Secret", _by("person", "link")),
    "probe.requested": EventType("Test the credentials again", _by("person", "link")),
    "credentials.accepted": EventType("Credentials accepted", _by("effect")),
    "credentials.rejected": EventType("Credentials rejected", _by("effect")),
    "login.started": EventType("Login with {source}", _by("person", "link")),
    "login.returned": EventType("Login came back", _by("source")),
    "login.denied": EventType("Login came back refused", _by("source")),
    "timer.login_expired": EventType("Login was not finished in time", _by("timer")),
    "code.exchanged": EventType("Code exchanged for tokens", _by("effect")),
    "code.refused": EventType("Code refused", _by("effect")),
    "checks.passed": EventType("Checks passed", _by("effect")),
    "checks.failed": EventType("Checks failed", _by("effect")),
    "checks.requested": EventType("Run the checks again", _by("person", "link", "hook")),
    "connection.confirmed": EventType("Confirm Credentials", _by("person")),
    "preview.requested": EventType("Read the fields again", _by("person")),
    "preview.ready": EventType("Field preview ready", _by("effect")),
    "preview.failed": EventType("Field preview failed", _by("effect")),
    "field_sync.requested": EventType("Sync Fields", _by("person")),
    "field_sync.progressed": EventType("Fields are being synced", _by("effect")),
    "field_sync.finished": EventType("Fields synced", _by("effect")),
    "field_sync.failed": EventType("Field sync failed", _by("effect")),
    "mapping.saved": EventType("Save the mapping", _by("person")),
    "sync.start_requested": EventType("Start Sync", _by("person")),
    "sync.progressed": EventType("Records synced", _by("effect")),
    "sync.finished": EventType("Sync run finished", _by("effect")),
    "sync.throttled": EventType("A daily limit is reached", _by("effect")),
    "sync.failed": EventType("Sync run failed", _by("effect")),
    "sync.requested": EventType("Sync now", _by("person", "hook")),
    "records.changed": EventType("Records changed in {source}", _by("source")),
    "person.sync_requested": EventType("Sync this person now", _by("target")),
    "person.reported": EventType("{target} tells of a person", _by("target")),
    "timer.changes_due": EventType("Changes are due to be fetched", _by("timer")),
    "timer.cycle_due": EventType("Next cycle is due", _by("timer")),
    "timer.quota_due": EventType("Quota wait is over", _by("timer")),
    "timer.retry_due": EventType("Retry is due", _by("timer")),
    "pause.requested": EventType("Pause", _by("person", "hook")),
    "resume.requested": EventType("Resume", _by("person", "hook")),
    "grant.lent": EventType("Token lent to an effect", _by("effect")),
    "grant.renewal_due": EventType("Unused authorization is due for a refresh", _by("timer")),
    "grant.refresh_started": EventType("Token refresh started", _by("effect")),
    "grant.refreshed": EventType("Token refreshed", _by("effect")),
    "grant.refresh_failed": EventType("Token refresh did not happen", _by("effect", "service")),
    "grant.lost": EventType("Authorization lost", _by("effect", "service")),
    "identity.released": EventType("Accept another user", _by("person")),
    "old_grant.revoked": EventType("Former authorization revoked", _by("effect")),
    "revocation.given_up": EventType("Go on without revoking", _by("person")),
    "link.made": EventType("Make a connect link", _by("person")),
    "link.redeemed": EventType("Connect link redeemed", _by("link")),
    "link.left": EventType("Connect link given back", _by("link")),
    "link.revoked": EventType("Revoke a connect link", _by("person")),
    "account.saved": EventType("Save the {target} API user", _by("person")),
    "hook.rotated": EventType("Change the secret of a hook", _by("person")),
    "data_key.rewrapped": EventType("Data key wrapped by another master key", _by("service")),
    "disconnect.requested": EventType("Disconnect", _by("person")),
    "grant.revoked": EventType("Authorization revoked", _by("effect")),
    "revocation.requested": EventType("Try to revoke again", _by("person")),
    "erasure.requested": EventType("Erase the secrets without revoking", _by("person")),
    "effect.exhausted": EventType("Gave up after several tries", _by("effect")),
}

#: Every trigger of the service's own chart.
SERVICE_EVENTS: dict[str, EventType] = {
    SERVICE_BIRTH: EventType("Syncline installed", _by("service")),
    "service.started": EventType("Service started", _by("service")),
    "service.stopped": EventType("Service stopped", _by("service")),
    "data_key.rewrapped": EVENTS["data_key.rewrapped"],
    "subject.erased": EventType("Erase a person from the log", _by("person")),
    "checkpoint_key.made": EventType("Key for signing checkpoints made", _by("service")),
    "checkpoint_key.rotated": EventType("Sign checkpoints with a new key", _by("person")),
    "checkpoint.contradicted": EventType("The log is not what a checkpoint was signed for", _by("service")),
}

#: By the name of the chart.
EVENTS_OF = {"integration": EVENTS, "service": SERVICE_EVENTS}
#: What any of the charts knows.
ALL_EVENTS = EVENTS | SERVICE_EVENTS
