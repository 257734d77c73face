"""A grant on its way into the store and out of it: what is sealed, what may be seen, what is kept now."""

from typing import Any

import msgspec
from pydantic import SecretStr

from syncline.core.brought import Brought, Document
from syncline.core.documents import GRANT, GrantDocument
from syncline.credentials import ACCESS_TOKEN, REFRESH_TOKEN
from syncline.effects.tools import Tools
from syncline.errors import GrantLostError, NotFoundError, ProviderError
from syncline.providers.port import App, Grant
from syncline.store.integrations import Integration, documents, integration
from syncline.store.secrets import data_key, sealed
from syncline.store.transaction import Transaction
from syncline.vault import Safe


class KeptGrant(msgspec.Struct, frozen=True):
    """The grant as it is stored, opened, with the integration as it was at the same moment."""

    integration: Integration
    document: GrantDocument
    access_token: SecretStr
    refresh_token: SecretStr | None
    safe: Safe


async def open_grant(tools: Tools, id_: str) -> KeptGrant:
    """Open the grant of an integration; raises `GrantLostError` when it has none."""

    def read(tx: Transaction) -> tuple[Integration, dict[str, Any], Safe, dict[str, SecretStr]]:
        safe = tools.vault.open_safe(id_, data_key(tx, integration=id_))
        rows = sealed(tx, integration=id_)
        tokens = {n: safe.open(n, rows[n].blob, rows[n].key_id) for n in (ACCESS_TOKEN, REFRESH_TOKEN) if n in rows}
        return integration(tx, id=id_), documents(tx, integration=id_), safe, tokens

    try:
        now, found, safe, tokens = await tools.store.read(read)
    except NotFoundError:
        raise GrantLostError("grant.lost", "the secrets of this integration are erased") from None
    if ACCESS_TOKEN not in tokens or GRANT not in found:
        raise GrantLostError("grant.lost", "nobody has logged in yet")
    document = msgspec.convert(found[GRANT], GrantDocument)
    return KeptGrant(now, document, tokens[ACCESS_TOKEN], tokens.get(REFRESH_TOKEN), safe)


def brought(grant: Grant, safe: Safe, *, generation: int, now: int) -> tuple[Brought, ...]:
    """Answer what an event brings with a new grant: sealed tokens, and a document of what may be seen."""
    document = GrantDocument(
        generation=generation,
        instance_url=grant.instance_url,
        identity_url=grant.identity_url,
        scopes=grant.scopes,
        issued_at=grant.issued_at,
        obtained_at=now,
    )
    tokens = [safe.seal(ACCESS_TOKEN, grant.access_token)]
    if grant.refresh_token is not None:
        tokens.append(safe.seal(REFRESH_TOKEN, grant.refresh_token))
    return (*tokens, Document(GRANT, document))


async def discard(tools: Tools, app: App, grant: Grant) -> bool:
    """Revoke a grant that nobody wants; answers False when the source could not be told, and then it lives on there."""
    try:
        for token in (grant.refresh_token, grant.access_token):
            if token is not None:
                await tools.providers.source.revoke(app, token)
    except ProviderError:
        return False
    return True
