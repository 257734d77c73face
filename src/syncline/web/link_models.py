"""What the API answers about connect links."""

import msgspec

from syncline.store.links import Link, Standing
from syncline.web.models import Model


class LinkView(Model):
    """A connect link as it may be shown."""

    id: str
    standing: Standing
    made_by: str
    """The id of the API key that made it."""
    created_at: int
    expires_at: int
    redeemed_at: int | None
    redeemed_from: str
    """The network address that it was redeemed from."""
    session_until: int
    """When the browser that redeemed it has to leave at the latest; 0 before."""
    ended_at: int | None
    ended_by: str
    """The event that ended it before its time."""

    @classmethod
    def of(cls, link: Link, now: int) -> "LinkView":
        """Answer a link as it may be shown."""
        shown = {name: value for name, value in msgspec.structs.asdict(link).items() if name in cls.model_fields}
        return LinkView.model_validate({**shown, "standing": link.standing(now)})


class NewLinkView(LinkView):
    """A link that was just made; its address is shown this once."""

    url: str


class Links(Model):
    """The connect links of an integration."""

    items: tuple[LinkView, ...]
