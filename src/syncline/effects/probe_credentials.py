"""Find out whether Consumer Key and Secret are right, before anybody logs in with them."""

from syncline.core.brought import Document
from syncline.core.documents import LOGIN, LoginDocument
from syncline.effects.parties import open_app
from syncline.effects.work import Work, told
from syncline.errors import RejectedError


async def probe_credentials(work: Work) -> None:
    """Probe key and secret at the login host."""
    app = await open_app(work.tools, work.errand)
    try:
        names_issuer = await work.tools.providers.source.probe(app)
    except RejectedError as error:
        await work.finish("credentials.rejected", told(error))
    else:
        await work.finish("credentials.accepted", {}, Document(LOGIN, LoginDocument(names_issuer)))
