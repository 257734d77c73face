"""The audit row: its canonical bytes, its chain, and the fold that turns a log back into a state.

Law: the bytes that are stored are the bytes that were hashed; nothing is encoded a second time to be checked.
`hash = SHA-256(previous hash ‖ bytes)`, one chain per integration, starting from 32 zero bytes.
"""

import hashlib
from typing import Any

import msgspec

from syncline.core.brought import (
    Brought,
    DataKey,
    Document,
    EndedLink,
    EndedSession,
    ErasedSubject,
    Erasure,
    LentSecret,
    LoginAttempt,
    NewApiKey,
    NewLink,
    NewSession,
    RefusedRecords,
    RevokedApiKey,
    RewrappedKey,
    RewrappedSubjects,
    RotatedHook,
    SealedSecret,
    SentRecords,
    ServedRecords,
    SettledEffect,
    SpentAttempt,
    SpentLink,
    Truncation,
    WantedRecord,
)
from syncline.core.change import Change, digest
from syncline.core.context import Context
from syncline.core.decide import Disposition
from syncline.core.event import Actor, Event
from syncline.core.subscription import EndedSubscription, KeptSubscription, ReplayedDeliveries

#: What stands in the place of a previous hash before the first row.
GENESIS = bytes(32)

#: What reading bytes back raises when they are no row.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

#: The format of the rows that are written now. Rows of format 1 say no `v`.
FORMAT = 2


class Row(msgspec.Struct, frozen=True, omit_defaults=True, rename={"origin": "from"}):
    """One row of the log, as it is written: UTF-8 JSON, keys sorted, no white space, defaults left out.

    Rows of format 1 lack `v`, `digest`, `belongs`, `refusal` and `bar`, and their personal data is not sealed.
    """

    integration: str
    seq: int
    at: int  #: microseconds since the epoch, UTC
    type: str
    key: str
    disposition: Disposition
    origin: str
    to: str
    actor: Actor
    chart: str  #: name@version#digest of the chart that decided
    software: str
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    #: What came with the event, by name and fingerprint or digest.
    brought: tuple[str, ...] = ()
    #: The ids of the effects it caused.
    effects: tuple[str, ...] = ()
    #: The `seq` at which the present state was entered.
    state_seq: int = 0
    context: Context = Context()
    reason: str = ""
    cause: str = ""
    request: str = ""
    #: The row whose key this one repeats.
    repeats: int = 0
    v: int = 1
    #: Of the payload (`payload_digest`), in hexadecimal.
    digest: str = ""
    #: The event's own `state_seq`: what a timer or a result of an effect belongs to.
    belongs: int | None = None
    #: Why the door did not let the event in.
    refusal: str = ""
    #: What the store found against it: an attempt that was spent before, a lease that is another's.
    bar: str = ""
    #: What it has replaced, by `document:` or `secret:` and the name.
    changed: dict[str, Change] = msgspec.field(default_factory=dict)


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(Row)


def encode(row: Row) -> bytes:
    """Answer the canonical bytes of a row."""
    return _ENCODER.encode(row)


def decode(content: bytes) -> Row:
    """Read a row back; raises one of `UNREADABLE` when the bytes are none."""
    return _DECODER.decode(content)


def chain(previous: bytes, content: bytes) -> bytes:
    """Answer the hash that binds a row to all before it, 32 bytes."""
    return hashlib.sha256(previous + content).digest()


def payload_digest(event: Event) -> bytes:
    """Answer a digest of what was asked, so that a key that comes again with another payload shows (16 bytes)."""
    secrets = [(b.field, b.fingerprint) for b in event.brings if isinstance(b, SealedSecret)]
    return hashlib.sha256(_ENCODER.encode((event.type, event.data, secrets))).digest()[:16]


def describe(brought: Brought) -> str:  # noqa: C901, PLR0912  one case for each kind
    """Answer what may be seen of something that an event brought: a name and a fingerprint, never the thing."""
    seen: str
    match brought:
        case SealedSecret(field=field, fingerprint=fingerprint):
            seen = f"secret:{field}:{fingerprint}"
        case Document(name=name, body=body):
            seen = f"document:{name}:{digest(body)}"
        case LoginAttempt(state_hash=state_hash):
            seen = f"login_attempt:{state_hash[:16]}"
        case SpentAttempt(state_hash=state_hash):
            seen = f"spent_attempt:{state_hash[:16]}"
        case NewLink(id=id_) | SpentLink(id=id_) | EndedLink(id=id_):
            seen = f"connect_link:{id_}"
        case LentSecret(field=field, fingerprint=fingerprint):
            seen = f"lent:{field}:{fingerprint}"
        case NewApiKey(id=id_) | RevokedApiKey(id=id_):
            seen = f"api_key:{id_}"
        case NewSession(hash=hash_) | EndedSession(hash=hash_):
            seen = f"session:{hash_.hex()[:16]}"
        case Erasure(fields=fields):
            seen = f"erasure:{','.join(fields) or 'everything'}"
        case SettledEffect(effect=effect, done=done):
            seen = f"{'settled' if done else 'alive'}:{effect}"
        case SentRecords(object=name, rows=rows):
            seen = f"sent:{name}:{len(rows)}"
        case RefusedRecords(object=name, rows=rows):
            seen = f"refused:{name}:{len(rows)}"
        case RotatedHook(field=field):
            seen = f"rotated:{field}"
        case ServedRecords(ids=ids):
            seen = f"served:{len(ids)}"
        case WantedRecord(id=id_):
            seen = f"wanted:{id_}"
        case KeptSubscription(id=id_) | EndedSubscription(id=id_):
            seen = f"subscription:{id_}"
        case ReplayedDeliveries(subscription=id_, sequences=sequences):
            seen = f"replayed:{id_}:{len(sequences)}"
        case Truncation(through=through, note=note):
            seen = f"truncation:{through}:sha256={hashlib.sha256(note.encode()).hexdigest()}"
        case ErasedSubject(subject=subject):
            seen = f"erased_subject:{subject}"
        case RewrappedSubjects(keys=keys):
            seen = f"subject_keys:{len(keys)}"
        case DataKey(key_id=key_id) | RewrappedKey(fresh=DataKey(key_id=key_id)):
            seen = f"data_key:{key_id}"
    return seen
