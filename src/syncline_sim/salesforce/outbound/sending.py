"""The background process that sends outbound messages and judges what is answered."""

from typing import TYPE_CHECKING

from syncline_sim.letters import Answer, Letters, UndeliverableError
from syncline_sim.salesforce import grants
from syncline_sim.salesforce.outbound import envelope, messages, queue
from syncline_sim.salesforce.outbound.messages import Message

if TYPE_CHECKING:
    from syncline_sim.world import World

_OK = 200
_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
#: The session may make API calls and open no page.
_SCOPES = frozenset({"api"})


class OutboundDesk:
    """The outbound messages of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def due(self) -> list[int]:
        """Answer the numbers of the messages that have something to send."""
        return queue.due(self._world)

    async def send(self, letters: Letters, addressee: int) -> bool:
        """Send one envelope of a message, and answer whether it went well."""
        world, resets = self._world, self._world.resets
        message = messages.numbered(world.db, addressee)
        sent = queue.take(world, message) if message else []
        if message is None or not sent:
            return False
        body = envelope.write(world, message, sent, self._session(message))
        failure = await self._call(letters, message, body)
        if world.resets != resets:  # What was sent belonged to a world that is no more.
            return False
        if failure:
            queue.postpone(world, sent, failure)
        else:
            queue.acknowledge(world, sent)
        return not failure

    def _session(self, message: Message) -> str:
        if not message.send_session:
            return ""
        return grants.open_session(self._world, "", messages.sender(self._world, message), _SCOPES).access_token

    async def _call(self, letters: Letters, message: Message, body: bytes) -> str:
        """Answer why an envelope has not arrived, nothing if it has."""
        seconds = self._world.switches["salesforce"]["outbound_timeout"]
        try:
            answer = await letters.send("POST", message.endpoint, headers=_HEADERS, body=body, seconds=seconds)
        except UndeliverableError as error:
            return str(error)
        return _judge(answer)


def _judge(answer: Answer) -> str:
    if answer.status != _OK:
        return f"({answer.status}){answer.reason}"
    try:
        return "" if envelope.acknowledges(answer.body) else "SOAP response was a nack"
    except ValueError as error:
        return f"The answer is no acknowledgement: {error}"
