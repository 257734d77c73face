"""The status of an integration as it was at a moment, from the rows of its log alone.

Documents, secrets and effects are kept as they are now, not as they were; what the rows do not say is left empty.
"""

from functools import partial

import msgspec

from syncline.core.audit import Row
from syncline.errors import InputError, NotFoundError
from syncline.store import access, integrations, log
from syncline.store.transaction import Transaction
from syncline.web.models import Status
from syncline.web.site import Site
from syncline.web.status import Found, revealed, view


async def status_at(site: Site, integration: str, moment: int) -> Status:
    """Answer the status at a moment (µs); raises `InputError` for the future, `NotFoundError` before its birth."""
    if moment > site.now():
        raise InputError("request.moment", "as_of lies in the future", facts={"field": "as_of"})
    then = view(site, await revealed(site, await site.store.read(partial(_find, id=integration, moment=moment))))
    # The guide is about what to do now.
    return then.model_copy(
        update={
            "as_of": moment,
            "source": then.source.model_copy(update={"app_guide": {}}),
            "waiting_for": (),
            "changes": None,
        }
    )


def _find(tx: Transaction, *, id: str, moment: int) -> Found:  # noqa: A002  the word of the house for it
    """Read the last row up to the moment, and the row that entered the state it left the integration in."""
    now = integrations.integration(tx, id=id)
    found = log.at(tx, integration=id, moment=moment)
    if found is None:
        raise NotFoundError("integration.not_yet", facts={"created_at": now.created_at})
    last, cause = found.row, _entered(tx, id, found.row.state_seq)
    then = msgspec.structs.replace(
        now,
        state=last.to,
        seq=last.seq,
        state_seq=last.state_seq,
        state_since=last.at if cause is None else cause.at,
        context=last.context,
        chart=last.chart,
    )
    names = {key.id: key.name for key in access.keys(tx)}
    return Found(then, {}, (), (), cause, (), names)


def _entered(tx: Transaction, integration: str, seq: int) -> Row | None:
    """Answer the row that entered a state, None when it was cut off the log."""
    try:
        return log.row(tx, integration=integration, seq=seq).row
    except NotFoundError:
        return None
