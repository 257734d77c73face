"""Run one effect that was claimed, from the first look to whatever it comes to."""

import traceback
from typing import Any

import structlog

from syncline.core.brought import SettledEffect
from syncline.core.effect import EFFECTS
from syncline.core.event import Actor, Event
from syncline.effects import RUNNERS
from syncline.effects.failure import settle_failure
from syncline.effects.work import Work
from syncline.errors import RejectedError, SynclineError

_log = structlog.get_logger()


async def perform(work: Work) -> None:
    """Run an effect, or send what a timer stands for, and see to what follows when it fails."""
    try:
        await work.check_wanted()
        if EFFECTS[work.effect.name].timer:
            await _ring(work)
        else:
            _check_attempts(work)
            await RUNNERS[work.effect.name](work)
    except SynclineError as error:
        _log.info("effect.failed", effect=work.effect.id, name=work.effect.name, code=error.code)
        await settle_failure(work, error)
    except Exception as error:  # noqa: BLE001  whatever it is, the effect must not be left hanging
        _log.error("effect.crashed", effect=work.effect.id, name=work.effect.name, **_where(error))
        await settle_failure(work, SynclineError("effect.crashed", type(error).__name__))


def _check_attempts(work: Work) -> None:
    """Raise `RejectedError` for what has taken the process with it each time."""
    if work.effect.attempts > work.tools.settings.effect_attempts:
        raise RejectedError("effect.crashed", "the service has ended each time that this was tried")


async def _ring(work: Work) -> None:
    """A timer that is due turns into its event."""
    kind = EFFECTS[work.effect.name]
    data = {"problem": kind.problem, "detail": ""} if kind.problem else {}
    await work.tools.handle(
        Event(
            work.effect.integration,
            kind.timer,
            f"{work.effect.id}:{kind.timer}:{work.lease}",
            Actor("timer", work.effect.id, via="schedule"),
            work.tools.now(),
            data,
            cause=f"effect:{work.effect.id}",
            request=work.effect.id,  # What a timer begins is a story of its own.
            state_seq=work.effect.state_seq,
            brings=(SettledEffect(work.effect.id, work.lease),),
        )
    )


def _where(error: Exception) -> dict[str, Any]:
    """Say what went wrong and where; not in the error's own words, which nobody has checked for secrets."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "where": [f"{frame.name}:{frame.lineno}" for frame in frames[-6:]]}
