"""The secrets of an integration's hooks: shown once when they are made, exchanged with an overlap, never read back.

The doors of the two sides are closed until somebody makes their address, which is a secret itself: neither side signs.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass

from pydantic import SecretStr

from syncline import credentials
from syncline.core.brought import RotatedHook
from syncline.core.event import Event
from syncline.errors import ConflictError, NotFoundError
from syncline.providers.notices import NoticeDoor
from syncline.store.hooks import FAMILIES, Door, HookSecret, hook_secrets
from syncline.store.integrations import integration as find_integration
from syncline.store.transaction import Transaction
from syncline.web import commands
from syncline.web.access import Who
from syncline.web.site import Site

_HOUR = 3600 * 1_000_000
_BYTES = 32
#: More than anybody needs at once; each is tried for each signature.
MOST = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """A secret as whoever sets up a sender needs it, shown this once."""

    url: str
    secret: str  #: empty when the address holds all there is
    header: str  #: the header that the secret goes into, empty when it signs
    former_until: int  #: when the former secrets end, in microseconds; 0 when there were none


def sides(site: Site) -> dict[Door, NoticeDoor]:
    """Answer the doors of the two sides."""
    return {"source": site.providers.source.notices, "target": site.providers.target.notices}


def door_of(site: Site, name: str) -> Door:
    """Answer the door that has a name in addresses; raises `NotFoundError`."""
    names: dict[str, Door] = {"events": "events", **{side.name: door for door, side in sides(site).items()}}
    if name not in names:
        raise NotFoundError("request.unknown_path", f"a hook is one of {', '.join(names)}")
    return names[name]


async def living(site: Site, integration: str) -> dict[Door, tuple[HookSecret, ...]]:
    """Answer the secrets that count now, sealed, by door; raises `NotFoundError` without an integration."""

    def read(tx: Transaction) -> dict[Door, tuple[HookSecret, ...]]:
        find_integration(tx, id=integration)
        return hook_secrets(tx, integration=integration, now=site.now())

    return await site.store.read(read)


async def rotate(site: Site, who: Who, integration: str, door: Door, *, hours: float, request: str) -> Opened:
    """Make another secret for a hook; the former ones go on for some hours. Raises as `commands.send`."""
    before = (await living(site, integration))[door]
    if hours and len(before) >= MOST:
        raise ConflictError("hook.too_many_secrets", f"{len(before)} secrets of this hook count now")
    now = site.now()
    until = now + int(hours * _HOUR)
    field = f"{FAMILIES[door]}.{secrets.token_hex(6)}"
    opened, text = _make(site, integration, door)
    safe = await credentials.open_safe(site.store, site.vault, integration)
    brings = (safe.seal(field, SecretStr(text)), RotatedHook(field, until))
    data = {"door": door, "former": len(before), "former_until": until if before else 0, "shown": [field]}
    key = f"rotated:{secrets.token_hex(16)}"
    event = Event(integration, "hook.rotated", key, who.actor, now, data, request=request, brings=brings)
    commands.judge(site, await site.engine.handle(event))
    return Opened(opened.url, opened.secret, opened.header, until if before else 0)


def fits(secret: SecretStr, token: str, header: str | None) -> bool:
    """Whether the secret part of an address, and the header where there is one, are those of a secret."""
    path, _, second = secret.get_secret_value().partition(".")
    same = hmac.compare_digest(path.encode(), token.encode())
    if header is not None:
        same &= hmac.compare_digest(second.encode(), header.encode())
    return same


def _make(site: Site, integration: str, door: Door) -> tuple[Opened, str]:
    """Answer what is shown, and what is sealed of it."""
    address = f"{site.public_url}/hooks/{integration}"
    if door == "events":
        text = f"whsec_{base64.b64encode(secrets.token_bytes(_BYTES)).decode()}"
        return Opened(f"{address}/events", text, "", 0), text
    side, path = sides(site)[door], secrets.token_urlsafe(_BYTES)
    second = secrets.token_urlsafe(_BYTES) if side.header else ""
    return Opened(f"{address}/{side.name}/{path}", second, side.header, 0), f"{path}.{second}"
