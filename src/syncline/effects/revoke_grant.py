"""Give the authorization back to the source, then erase every secret of the integration."""

from syncline.core.event import Erasure
from syncline.credentials import ACCESS_TOKEN, REFRESH_TOKEN, open_secrets
from syncline.effects.parties import open_app
from syncline.effects.work import Work
from syncline.errors import NotFoundError


async def revoke_grant(work: Work) -> None:
    """Revoke the tokens, if there are any; a token that is dead already counts as revoked."""
    tools, integration = work.tools, work.effect.integration
    try:
        tokens = await open_secrets(tools.store, tools.vault, integration, REFRESH_TOKEN, ACCESS_TOKEN)
    except NotFoundError:
        tokens = {}
    if tokens:
        app = await open_app(tools, integration)
        for token in tokens.values():
            await tools.providers.source.revoke(app, token)
    await work.finish("grant.revoked", {"tokens": len(tokens)}, Erasure())
