"""Refresh a grant that nothing has used for long, so that no idle policy of the source ends it."""

from syncline.effects.session import open_session
from syncline.effects.work import Work


async def renew_grant(work: Work) -> None:
    """Refresh the tokens once, unless that has happened meanwhile."""
    tools = work.tools
    session = await open_session(tools, work.errand)
    if tools.now() - session.obtained_at >= tools.settings.renewal_interval * 1_000_000:
        await session.renew(await session.access_token())
    await work.leave()
