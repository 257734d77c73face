"""Give an authorization back to the source: at the end, with every secret, or because its credentials were changed."""

from syncline.core.brought import Erasure
from syncline.credentials import ACCESS_TOKEN, REFRESH_TOKEN
from syncline.effects.lending import lend
from syncline.effects.parties import open_app
from syncline.effects.work import Work
from syncline.errors import NotFoundError


async def revoke_grant(work: Work) -> None:
    """Revoke the tokens, then erase every secret of the integration."""
    await work.finish("grant.revoked", {"tokens": await _revoke(work)}, Erasure())


async def revoke_old_grant(work: Work) -> None:
    """Revoke the tokens that came with former credentials, then erase them."""
    await work.finish("old_grant.revoked", {"tokens": await _revoke(work)}, Erasure((ACCESS_TOKEN, REFRESH_TOKEN)))


async def _revoke(work: Work) -> int:
    """Revoke the tokens, if there are any; a token that is dead already counts as revoked."""
    tools = work.tools
    try:
        tokens = await lend(tools, work.errand, REFRESH_TOKEN, ACCESS_TOKEN)
    except NotFoundError:
        tokens = {}
    if tokens:
        app = await open_app(tools, work.errand)
        for token in tokens.values():
            await tools.providers.source.revoke(app, token)
    return len(tokens)
