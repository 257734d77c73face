"""What an event brings or consumes, put where it belongs, in the event's own transaction."""

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
from syncline.core.event import Event
from syncline.core.subscription import EndedSubscription, KeptSubscription, ReplayedDeliveries
from syncline.store import access, hooks, subscriptions
from syncline.store.subjects import erase_subject
from syncline.store.transaction import Transaction
from syncline.store.truncations import let_go


def settle(tx: Transaction, event: Event, effect: SettledEffect) -> bool:
    """End an effect, or note its progress and extend its lease; answers False when the lease is another's by now."""
    if not effect.done:
        return bool(tx.note_progress(effect=effect.effect, lease=effect.lease, lease_until=effect.lease_until))
    end = tx.bury_effect if event.type == "effect.exhausted" else tx.settle_effect
    return bool(end(effect=effect.effect, lease=effect.lease, now=event.at))


def consume(tx: Transaction, event: Event, brought: Brought) -> str:  # noqa: PLR0911  one case for each kind
    """Consume what an event can have only once; answers why that could not be done, empty when it could."""
    match brought:
        case SpentAttempt() if not _spend(tx, event, brought):
            return "the login attempt is unknown, expired or was used before"
        case SpentLink() if not _redeem(tx, event, brought):
            return "the connect link was redeemed before, has expired or has ended"
        case EndedLink() if not _end(tx, event, brought):
            return "the connect link has ended before"
        case RewrappedKey() if not _exchange(tx, event, brought):
            return "its data key was erased or exchanged since"
        case ErasedSubject(subject=subject) if not erase_subject(tx, subject=subject, now=event.at):
            return "the log seals nothing of this subject, or its key was destroyed before"
        case EndedSession(hash=hash_) if not access.end_session(tx, hash=hash_):
            return "the session has ended before"
        case Truncation(through=through) if through <= let_go(tx):
            return "these rows went before"
        case NewApiKey() | RevokedApiKey() | NewSession():
            return access.objection(tx, brought)
        case KeptSubscription() | EndedSubscription() | ReplayedDeliveries():
            return subscriptions.objection(tx, brought)
    return ""


def keep(tx: Transaction, event: Event, brought: Brought, seq: int) -> None:  # noqa: C901, PLR0912  a case for each kind
    """Store one thing that an accepted event brought."""
    match brought:
        case SealedSecret():
            tx.keep_secret(
                integration=event.integration,
                field=brought.field,
                blob=brought.blob,
                key_id=brought.key_id,
                fingerprint=brought.fingerprint,
                seq=seq,
                at=event.at,
            )
        case DataKey():
            tx.keep_data_key(integration=event.integration, blob=brought.blob, key_id=brought.key_id)
        case Document():
            body = msgspec.json.encode(brought.body).decode()
            tx.keep_document(integration=event.integration, name=brought.name, body=body, seq=seq)
        case RewrappedSubjects(keys=keys):
            for key in keys:
                fresh, old = key.fresh, key.replaces
                tx.exchange_subject_key(id=key.id, blob=fresh.blob, key_id=fresh.key_id, replaces=old.blob)
        case LoginAttempt():
            _add_attempt(tx, event, brought)
        case NewLink():
            tx.add_link(
                id=brought.id,
                integration=event.integration,
                hash=brought.hash,
                made_by=event.actor.id,
                now=event.at,
                expires_at=brought.expires_at,
            )
        case Erasure():
            _erase(tx, event, brought)
        case SentRecords() | RefusedRecords():
            _keep_rows(tx, event, brought)
        case RotatedHook(field=field, until=until):
            hooks.rotate(tx, integration=event.integration, field=field, until=until, now=event.at)
        case ServedRecords(ids=ids, through=through):
            many = msgspec.json.encode(ids).decode()
            tx.forget_wanted_records(integration=event.integration, ids=many, through=through)
        case WantedRecord(id=id_):
            tx.want_record(integration=event.integration, id=id_, seq=seq)
        case NewApiKey() | RevokedApiKey() | NewSession():
            access.keep(tx, brought, event.at)
        case KeptSubscription() | EndedSubscription() | ReplayedDeliveries():
            subscriptions.keep(tx, brought, event.at)
        case SettledEffect() | SpentAttempt() | SpentLink() | EndedLink() | RewrappedKey() | ErasedSubject():
            pass  # Consumed before the decision.
        case Truncation(through=through, note=note):
            tx.keep_bases(through=through)
            tx.add_truncation(through=through, at=event.at, note=note)
        case EndedSession() | LentSecret():
            pass  # The same; and what is lent stays where it is.


def _add_attempt(tx: Transaction, event: Event, attempt: LoginAttempt) -> None:
    tx.add_login_attempt(
        state_hash=attempt.state_hash,
        integration=event.integration,
        browser_hash=attempt.browser_hash,
        verifier=attempt.verifier.blob,
        key_id=attempt.verifier.key_id,
        fingerprint=attempt.verifier.fingerprint,
        created_at=event.at,
        expires_at=attempt.expires_at,
    )


def _erase(tx: Transaction, event: Event, erasure: Erasure) -> None:
    for field in erasure.fields:
        tx.erase_secret(integration=event.integration, field=field)
    if not erasure.fields:
        tx.erase_secrets(integration=event.integration)
        tx.erase_data_key(integration=event.integration)
        tx.forget_login_attempts(integration=event.integration)
        tx.forget_everything_sent(integration=event.integration)


def _keep_rows(tx: Transaction, event: Event, rows: SentRecords | RefusedRecords) -> None:
    many = msgspec.json.encode(rows.rows).decode()
    if isinstance(rows, SentRecords):
        if rows.rows:
            tx.keep_sent(integration=event.integration, object=rows.object, rows=many)
        if rows.forget_before:
            tx.forget_sent(integration=event.integration, object=rows.object, before=rows.forget_before)
        return
    if rows.rows:
        tx.keep_refused(integration=event.integration, object=rows.object, rows=many, at=event.at)
    if rows.cleared:
        ids = msgspec.json.encode(rows.cleared).decode()
        tx.forget_refused(integration=event.integration, object=rows.object, ids=ids)


def _spend(tx: Transaction, event: Event, attempt: SpentAttempt) -> bool:
    spent = tx.spend_login_attempt(state_hash=attempt.state_hash, integration=event.integration, now=event.at)
    return bool(spent)


def _redeem(tx: Transaction, event: Event, link: SpentLink) -> bool:
    spent = tx.spend_link(
        id=link.id,
        integration=event.integration,
        session=link.session,
        until=link.until,
        address=event.actor.address,
        now=event.at,
    )
    return bool(spent)


def _end(tx: Transaction, event: Event, link: EndedLink) -> bool:
    return bool(tx.end_link(id=link.id, integration=event.integration, now=event.at, event=event.type))


def _exchange(tx: Transaction, event: Event, key: RewrappedKey) -> bool:
    exchanged = tx.exchange_data_key(
        integration=event.integration, blob=key.fresh.blob, key_id=key.fresh.key_id, replaces=key.replaces.blob
    )
    return bool(exchanged)
