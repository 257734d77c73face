"""What an event brings or consumes, put where it belongs, in the event's own transaction."""

import msgspec

from syncline.core.event import (
    Brought,
    DataKey,
    Document,
    Erasure,
    Event,
    LoginAttempt,
    RefusedRecords,
    RewrappedKey,
    SealedSecret,
    SentRecords,
    SettledEffect,
    SpentAttempt,
)
from syncline.store.transaction import Transaction


def settle(tx: Transaction, event: Event, effect: SettledEffect) -> bool:
    """End an effect, or note its progress and extend its lease; answers False when the lease is another's by now."""
    if not effect.done:
        return bool(tx.note_progress(effect=effect.effect, lease=effect.lease, lease_until=effect.lease_until))
    end = tx.bury_effect if event.type == "effect.exhausted" else tx.settle_effect
    return bool(end(effect=effect.effect, lease=effect.lease, now=event.at))


def spend(tx: Transaction, event: Event, attempt: SpentAttempt) -> bool:
    """Consume a login attempt; answers False when it was consumed before, has expired or never was."""
    spent = tx.spend_login_attempt(state_hash=attempt.state_hash, integration=event.integration, now=event.at)
    return bool(spent)


def exchange(tx: Transaction, event: Event, key: RewrappedKey) -> bool:
    """Put a data key in the place of its former wrapping; answers False when that is not there any more."""
    return bool(
        tx.exchange_data_key(
            integration=event.integration, blob=key.fresh.blob, key_id=key.fresh.key_id, replaces=key.replaces.blob
        )
    )


def keep(tx: Transaction, event: Event, brought: Brought, seq: int) -> None:
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
        case LoginAttempt():
            _add_attempt(tx, event, brought)
        case Erasure():
            _erase(tx, event, brought)
        case SentRecords() | RefusedRecords():
            _keep_rows(tx, event, brought)
        case SettledEffect() | SpentAttempt() | RewrappedKey():
            pass  # Consumed before the decision.


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
