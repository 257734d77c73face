"""What an event brings or consumes: stored in its transaction, and on the log by name and fingerprint only."""

from typing import Any, Literal

import msgspec

from syncline.core.subscription import SubscriptionChange


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


class RewrappedSubject(msgspec.Struct, frozen=True):
    """The key of a subject, wrapped by another master key; if it was erased since, it stays erased."""

    id: str
    fresh: DataKey
    replaces: DataKey


class RewrappedSubjects(msgspec.Struct, frozen=True):
    """Keys of subjects that are wrapped anew together: there may be very many."""

    keys: tuple[RewrappedSubject, ...]


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


class ServedRecords(msgspec.Struct, frozen=True):
    """Wanted records that a run has brought, unless they were asked for again behind the row `through` of the log."""

    ids: tuple[str, ...]
    through: int


class WantedRecord(msgspec.Struct, frozen=True):
    """A record of the source that the target wants to have, whether it has changed or not."""

    id: str


class ErasedSubject(msgspec.Struct, frozen=True):
    """The subject whose key this event destroys; if it has none, the event is refused."""

    subject: str


class Truncation(msgspec.Struct, frozen=True):
    """The oldest rows of the log, up to a position, that go; if they went before, the event is refused."""

    through: int
    note: str  #: the signed record (core/truncation.py)


class LentSecret(msgspec.Struct, frozen=True):
    """A stored secret that is opened for what the event says; nothing is kept, the row names it by its fingerprint."""

    field: str
    fingerprint: str


class NewApiKey(msgspec.Struct, frozen=True):
    """An API key; if it is for an integration that there is not, the event is refused."""

    id: str
    name: str
    role: Literal["viewer", "operator", "auditor", "admin", "guest"]
    integrations: tuple[str, ...]
    hash: bytes  #: SHA-256 of its text


class RevokedApiKey(msgspec.Struct, frozen=True):
    """The API key that this event revokes; if it is none, was revoked before or is the last admin's: refused."""

    id: str


class NewSession(msgspec.Struct, frozen=True):
    """A browser's session; if its key was revoked meanwhile, the event is refused."""

    hash: bytes  #: SHA-256 of its cookie
    api_key: str
    expires_at: int  #: microseconds since the epoch


class EndedSession(msgspec.Struct, frozen=True):
    """The session that this event ends; if it has ended before, the event is refused."""

    hash: bytes


class RefusedRecords(msgspec.Struct, frozen=True):
    """Records that the target refused: (id, reason)."""

    object: str
    rows: tuple[tuple[str, str], ...]
    cleared: tuple[str, ...] = ()  #: ids that were accepted now


Brought = (
    SealedSecret
    | DataKey
    | RewrappedKey
    | RewrappedSubjects
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
    | Truncation
    | LentSecret
    | NewApiKey
    | RevokedApiKey
    | NewSession
    | EndedSession
    | RotatedHook
    | WantedRecord
    | ServedRecords
    | SubscriptionChange
)
