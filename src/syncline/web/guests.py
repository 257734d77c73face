"""Guests: who has redeemed a connect link, known by a cookie of their own; they see one integration's page.

Law: what a guest may ask for is listed here, what a guest may send is said by the senders in `core.event.EVENTS`;
everything that is in neither is refused.
"""

from functools import partial

from aiohttp import hdrs, web

from syncline.store.access import ApiKey
from syncline.store.links import find_guest
from syncline.store.transaction import Store
from syncline.web import sessions

#: As that of a session, which wins where a browser has both: then it is known who acts.
COOKIE = "__Host-syncline-connect"
#: What the ids of links begin with; those of API keys never do.
LINK = "cl_"

#: Method and route of all that a guest may ask for, besides what is open to everybody.
ROUTES = frozenset(
    {
        (hdrs.METH_GET, "/i/{id}"),
        (hdrs.METH_POST, "/i/{id}"),
        (hdrs.METH_GET, "/i/{id}/do/{event}"),
        (hdrs.METH_POST, "/i/{id}/login"),
        (hdrs.METH_GET, "/i/{id}/login/finished"),
        (hdrs.METH_GET, "/i/{id}/stream"),
    }
)


async def find(store: Store, session: bytes, now: int) -> ApiKey | None:
    """Answer what stands for a guest's key, by the hash of their cookie; None when their link is over."""
    guest = await store.read(partial(find_guest, session=session, now=now))
    if guest is None:
        return None
    return ApiKey(guest.link, "Connect link", "guest", 0, None, (guest.integration,))


def give(response: web.StreamResponse, value: str, seconds: int) -> None:
    """Set a guest's cookie."""
    response.set_cookie(COOKIE, value, path="/", secure=True, httponly=True, samesite="Lax", max_age=seconds)


def take(response: web.StreamResponse) -> None:
    """Remove a guest's cookie."""
    response.set_cookie(COOKIE, "", path="/", secure=True, httponly=True, samesite="Lax", max_age=0)


def session_of(request: web.Request) -> bytes:
    """Answer the hash of the cookie that a request brings; nothing when it has none."""
    value = request.cookies.get(COOKIE)
    return sessions.hash_of(value) if value else b""
