"""What a call says, for those who look at it before it is answered: faults that mean some calls only."""

import re
from dataclasses import dataclass

from aiohttp import web

from syncline_sim import xml_reader
from syncline_sim.salesforce.soap import envelope
from syncline_sim.salesforce.soap.call import option, text

_ID = re.compile(r"\w{15}|\w{18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Peek:
    """The name of a call, its session, its query, and the ids in it; all empty when it cannot be read."""

    name: str = ""
    session: str = ""
    query: str = ""
    ids: tuple[str, ...] = ()


async def peek(request: web.Request) -> Peek:
    """Look at a call; its body can still be read by who answers it."""
    try:
        header, operation = envelope.parts(await request.read())
    except (xml_reader.XmlError, web.HTTPRequestEntityTooLarge):
        return Peek()
    texts = (each.text.strip() for each in operation.iter() if each.text)
    return Peek(
        envelope.local(operation.tag),
        option(header, "SessionHeader", "sessionId"),
        text(operation, "queryString"),
        tuple(found for found in texts if _ID.fullmatch(found)),
    )
