"""The status of an integration: why it is in its state, what blocks it, what can be done next, what it waits for."""

from syncline.web.models import Status
from syncline.web.site import Site


async def status(site: Site, integration: str) -> Status:
    """Answer the status of an integration, read at one moment; raises `NotFoundError`."""
    raise NotImplementedError
