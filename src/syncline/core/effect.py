"""Effects: the names that the chart may use, and what kind of work each one is."""

from collections.abc import Mapping

import msgspec


class EffectKind(msgspec.Struct, frozen=True):
    """How an effect is run."""

    title: str
    #: The event that a timer turns into when it is due; empty for real work.
    timer: str = ""
    #: The setting that holds a timer's delay in seconds.
    delay: str = ""
    #: The catalogue code of what it means that a timer went off, empty when nothing is wrong.
    problem: str = ""
    #: Work that must not be repeated: the intent is journalled first, and a lost reply is a case of its own.
    journalled: bool = False
    #: Nothing waits for it, and it comes again by itself: when it is given up, that is no event.
    optional: bool = False


EFFECTS: dict[str, EffectKind] = {
    "probe_credentials": EffectKind("Test Consumer Key and Secret"),
    "expire_login": EffectKind(
        "Wait for the login", timer="timer.login_expired", delay="login_lifetime", problem="login.expired"
    ),
    "exchange_code": EffectKind("Exchange the code for tokens", journalled=True),
    "run_checks": EffectKind("Run the checks"),
    "preview_fields": EffectKind("Read the fields of both sides"),
    "sync_fields": EffectKind("Create the fields"),
    "sync_records": EffectKind("Sync the records"),
    # Beside the wait for the next cycle, which would fetch the same a little later.
    "wait_for_changes": EffectKind(
        "Wait for more changes", timer="timer.changes_due", delay="change_wait", optional=True
    ),
    "wait_for_cycle": EffectKind("Wait for the next cycle", timer="timer.cycle_due", delay="cycle_interval"),
    "wait_for_quota": EffectKind("Wait for the quota", timer="timer.quota_due", delay="throttle_wait"),
    "wait_for_retry": EffectKind("Wait before the next try", timer="timer.retry_due", delay="failure_wait"),
    "renew_grant": EffectKind("Refresh an unused authorization", optional=True),
    "revoke_old_grant": EffectKind("Revoke the former authorization"),
    "revoke_grant": EffectKind("Revoke the tokens"),
}

#: No provider is waited for longer than this without a look, in seconds: a week.
_LONGEST = 7 * 86_400


def due_at(name: str, at: int, data: Mapping[str, object], delays: Mapping[str, float]) -> int:
    """Answer when an effect is due, in microseconds: now, or after a timer's delay.

    A `retry_after` in the event's data (seconds, as a provider asked for it) takes the place of the setting.
    """
    kind = EFFECTS[name]
    if not kind.timer:
        return at
    asked = data.get("retry_after")
    # A provider's number may be anything, also infinite or none.
    wait = asked if isinstance(asked, int | float) and 0 <= asked <= _LONGEST else delays[kind.delay]
    return at + int(wait * 1_000_000)
