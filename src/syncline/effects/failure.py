"""What becomes of an effect that failed: it is tried again later, or buried as a dead letter, or it just ends.

Law: whose fault it is decides. An outage is waited out, longer each time; a refusal is never repeated; a lost grant
ends the work, and the state that follows says what a person has to do.
"""

import random
from functools import partial

from syncline.core.brought import Erasure
from syncline.core.effect import EFFECTS
from syncline.credentials import SPENT_BY
from syncline.effects.work import MovedOnError, Work, told
from syncline.errors import GrantLostError, RejectedError, SynclineError, UnreachableError
from syncline.store.effects import find, postpone

_LONGEST_BACKOFF = 300.0
#: More would be no number in the end: a timer may fail any number of times.
_MOST_DOUBLINGS = 100
#: No provider may put us off for longer at a time.
_LONGEST_ASKED = 3600.0
_LONGEST_TEXT = 500

_dice = random.SystemRandom()


async def settle_failure(work: Work, error: SynclineError) -> None:
    """Do what follows from an effect's failure."""
    match error:
        case MovedOnError():
            await work.leave()
        case GrantLostError():
            await _lose_grant(work, error)
        case RejectedError():
            await _bury(work, error)
        case _:
            await _try_again(work, error)


async def _lose_grant(work: Work, error: GrantLostError) -> None:
    """Say so, unless the session has: then the state has moved on already."""
    integration = await work.read_integration()
    if integration.state_seq != work.effect.state_seq:
        await work.leave()
        return
    outcome = await work.finish("grant.lost", {"generation": integration.context.generation, **told(error)})
    if outcome.disposition == "unexpected":
        await _bury(work, error)


async def _try_again(work: Work, error: SynclineError) -> None:
    """Give the effect back with a pause, or bury it, unless it is a timer, after too many failures without progress."""
    settings, now = work.tools.settings, work.tools.now()
    effect = await work.tools.store.read(partial(find, effect=work.effect.id))
    if effect.attempts >= settings.effect_attempts and not EFFECTS[effect.name].timer:
        await _bury(work, error)
        return
    asked = error.retry_after if isinstance(error, UnreachableError) else None
    pause = backoff(effect.attempts, settings.effect_backoff, asked)
    again = partial(
        postpone,
        effect=effect.id,
        lease=work.lease,
        due_at=now + int(pause * 1_000_000),
        error=str(error)[:_LONGEST_TEXT],
    )
    await work.tools.store.write(again)


def backoff(attempt: int, first: float, asked: float | None) -> float:
    """Answer the pause after a failed attempt in seconds: doubling, with full jitter, and never less than was asked."""
    doublings = min(attempt - 1, _MOST_DOUBLINGS)
    longest = min(_LONGEST_BACKOFF, first * 2**doublings)
    return max(_dice.uniform(0, longest), min(asked or 0.0, _LONGEST_ASKED))


async def _bury(work: Work, error: SynclineError) -> None:
    if EFFECTS[work.effect.name].optional:
        await work.leave()
        return
    spent = SPENT_BY.get(work.effect.name)
    erased = (Erasure(spent),) if spent else ()
    await work.finish("effect.exhausted", {**told(error), "effect": work.effect.name}, *erased)
