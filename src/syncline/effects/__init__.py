"""Work on the outside world: one file per effect, and the one table that lists them."""

from collections.abc import Awaitable, Callable, Mapping

from syncline.effects.exchange_code import exchange_code
from syncline.effects.preview_fields import preview_fields
from syncline.effects.probe_credentials import probe_credentials
from syncline.effects.renew_grant import renew_grant
from syncline.effects.revoke_grant import revoke_grant, revoke_old_grant
from syncline.effects.run_checks import run_checks
from syncline.effects.sync_fields import sync_fields
from syncline.effects.sync_records import sync_records
from syncline.effects.work import Work

Runner = Callable[[Work], Awaitable[None]]

#: Every effect of `core/effect.py` that is not a timer. A test holds the two together.
RUNNERS: Mapping[str, Runner] = {
    "probe_credentials": probe_credentials,
    "exchange_code": exchange_code,
    "run_checks": run_checks,
    "preview_fields": preview_fields,
    "sync_fields": sync_fields,
    "sync_records": sync_records,
    "renew_grant": renew_grant,
    "revoke_old_grant": revoke_old_grant,
    "revoke_grant": revoke_grant,
}
