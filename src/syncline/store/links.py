"""Connect links, as they lie in the database: who made one, who redeemed it from where, and how it ended."""

import hmac
from typing import Literal

import msgspec

from syncline.errors import NotFoundError
from syncline.store.transaction import Transaction

#: How a link stands: it can be redeemed, it was redeemed and its browser may go on, or it is over in one of four ways.
Standing = Literal["open", "in_use", "used", "expired", "revoked", "ended"]


class Link(msgspec.Struct, frozen=True):
    """A connect link as it may be shown."""

    id: str
    integration: str
    #: The id of the API key that made it; when that is revoked, so is the link.
    made_by: str
    created_at: int
    expires_at: int
    redeemed_at: int | None
    redeemed_from: str
    session_until: int
    ended_at: int | None
    #: The event that ended it before its time.
    ended_by: str
    maker_revoked_at: int | None

    def standing(self, now: int) -> Standing:
        """Answer how it stands at a moment."""
        if self.ended_by == "link.revoked" or (self.ended_at is None and self.maker_revoked_at is not None):
            return "revoked"
        if self.ended_at is not None:
            return "used" if self.ended_by == "link.left" else "ended"
        if self.redeemed_at is not None:
            return "in_use" if self.session_until > now else "used"
        return "open" if self.expires_at > now else "expired"


class Guest(msgspec.Struct, frozen=True):
    """Who has redeemed a link and may still use it."""

    link: str
    integration: str


def find_link(tx: Transaction, *, id: str, hash: bytes) -> tuple[Link | None, bool]:  # noqa: A002  as the columns
    """Answer the link that an id names, if there is one, and whether the text with this hash is its own."""
    row = tx.find_link(id=id)
    if row is None:
        return None, False
    *shown, stored = row
    return Link(*shown), hmac.compare_digest(stored, hash)


def links(tx: Transaction, *, integration: str) -> list[Link]:
    """List the links of an integration, the oldest first."""
    return [Link(*row) for row in tx.list_links(integration=integration)]


def link(tx: Transaction, *, integration: str, id: str) -> Link:  # noqa: A002  as the column
    """Answer one link of an integration; raises `NotFoundError`."""
    found = next((one for one in links(tx, integration=integration) if one.id == id), None)
    if found is None:
        raise NotFoundError("link.unknown", "the integration has no such link")
    return found


def find_guest(tx: Transaction, *, session: bytes, now: int) -> Guest | None:
    """Answer whose browser a cookie with this hash belongs to, unless its link is over."""
    row = tx.find_guest(session=session, now=now)
    return None if row is None else Guest(*row)
