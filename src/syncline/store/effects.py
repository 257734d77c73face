"""Effects on their way: claimed under a lease, postponed, released; their end is written by the event they lead to."""

import msgspec

from syncline.errors import NotFoundError
from syncline.store.transaction import Transaction


class EffectRow(msgspec.Struct, frozen=True):
    """An effect as it stands; times are microseconds since the epoch."""

    id: str
    integration: str
    name: str
    seq: int  #: the event that caused it
    state_seq: int  #: the state it belongs to
    status: str
    due_at: int
    attempts: int
    lease_until: int
    intent_at: int | None
    last_error: str
    created_at: int
    ended_at: int | None
    request: str = ""  #: the id of the request that led to it


def claim(tx: Transaction, *, now: int, lease: str, lease_until: int, limit: int) -> list[EffectRow]:
    """Take effects that are due, or whose lease ran out, for ourselves; at most one per integration is under way.

    Two effects of one integration never run side by side, because near-simultaneous upserts make duplicates at a
    target. An effect that is claimed counts one more attempt.
    """
    claimed: dict[str, EffectRow] = {}
    for row in tx.list_claimable(now=now, limit=limit):
        effect = EffectRow(*row)
        taken = effect.integration not in claimed and tx.take_effect(
            id=effect.id, now=now, lease=lease, lease_until=lease_until
        )
        if taken:
            claimed[effect.integration] = msgspec.structs.replace(
                effect, status="running", attempts=effect.attempts + 1, lease_until=lease_until
            )
    return list(claimed.values())


def postpone(tx: Transaction, *, effect: str, lease: str, due_at: int, error: str) -> bool:
    """Give an effect back to be tried again later; answers False when the lease is no longer ours."""
    return bool(tx.postpone_effect(id=effect, lease=lease, due_at=due_at, error=error))


def release(tx: Transaction, *, effect: str, lease: str) -> bool:
    """Give an effect back as if it had not been claimed, for an orderly shutdown."""
    return bool(tx.release_effect(id=effect, lease=lease))


def extend(tx: Transaction, *, effect: str, lease: str, lease_until: int) -> bool:
    """Keep an effect for longer; answers False when the lease is no longer ours, and the work must stop."""
    return bool(tx.keep_alive(effect=effect, lease=lease, lease_until=lease_until))


def find(tx: Transaction, *, effect: str) -> EffectRow:
    """Answer an effect as it stands; raises `NotFoundError`."""
    row = tx.find_effect(id=effect)
    if row is None:
        raise NotFoundError("effect.unknown", "there is no such effect")
    return EffectRow(*row)


def finish(tx: Transaction, *, effect: str, lease: str, now: int) -> bool:
    """End an effect that leads to no event, because the state it worked for has moved on; answers as `extend`."""
    return bool(tx.settle_effect(effect=effect, lease=lease, now=now))


def intend(tx: Transaction, *, effect: str, lease: str, now: int) -> bool:
    """Journal that an unrepeatable call is about to be made; answers False when it was announced before."""
    return bool(tx.note_intent(id=effect, lease=lease, now=now))


def take_back(tx: Transaction, *, effect: str, lease: str) -> bool:
    """Strike an intent out again, for a call that certainly was not made; answers as `extend`."""
    return bool(tx.strike_intent(id=effect, lease=lease))


def release_all(tx: Transaction) -> int:
    """Give back everything a dead process held; only for a database that a single process owns."""
    return int(tx.release_running())


def next_due(tx: Transaction) -> int | None:
    """Answer when the next effect can be claimed or a lease runs out, None when nothing waits.

    What waits for another effect of its integration does not count: that one's end is what it waits for.
    """
    (moment,) = tx.find_next_due()
    return None if moment is None else int(moment)


def effects(tx: Transaction, *, integration: str, limit: int = 20) -> list[EffectRow]:
    """List the effects of an integration, the latest first."""
    return [EffectRow(*row) for row in tx.list_effects(integration=integration, limit=limit)]


def under_way(tx: Transaction) -> list[tuple[str, str, int]]:
    """Count the effects that wait or run: (name, status, how many)."""
    return [tuple(row) for row in tx.count_effects_under_way()]
