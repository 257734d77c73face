"""The flow step Call Webhook: one call for one person, what came of it told in the activity log.

It is never retried (page "Errors"): who wants that lets a campaign wait for the failure.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from syncline_sim.letters import Answer, Letters, UndeliverableError
from syncline_sim.marketo import values
from syncline_sim.marketo.activity_types import CALL_WEBHOOK
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.history import History
from syncline_sim.marketo.people import People, Person
from syncline_sim.marketo.tables import transaction
from syncline_sim.marketo.values import Value
from syncline_sim.marketo.webhooks import definitions, mappings, tokens
from syncline_sim.marketo.webhooks.definitions import Webhook

if TYPE_CHECKING:
    from syncline_sim.world import World

SOURCE = "Webhook"
IN_BATCH, EMPTY = "1000", "1001"
_FORM = "application/x-www-form-urlencoded"
_LONGEST_TOLD = 30_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call; `error` is empty when values may be written back."""

    error: str
    status: int | None = None
    body: bytes = b""

    @property
    def text(self) -> str:
        """The answer, so much of it as is told."""
        return self.body.decode(errors="replace")[:_LONGEST_TOLD]


class WebhookDesk:
    """The webhooks of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def due(self) -> list[int]:
        """Answer the webhooks that somebody waits for."""
        query = """
        SELECT id FROM marketo_webhooks w
        WHERE EXISTS (SELECT 1 FROM marketo_webhook_calls c WHERE c.webhook = w.id AND c.state = 'waiting')
        """
        return [row["id"] for row in self._world.db.execute(query)]

    async def send(self, letters: Letters, addressee: int) -> bool:
        """Make the next call of a webhook, and answer whether there was one."""
        world, resets = self._world, self._world.resets
        query = "SELECT * FROM marketo_webhook_calls WHERE webhook = ? AND state = 'waiting' ORDER BY number LIMIT 1"
        row = world.db.execute(query, (addressee,)).fetchone()
        if row is None:
            return False
        # Before the call: a world that ends meanwhile does not make it twice.
        world.db.execute("UPDATE marketo_webhook_calls SET state = 'calling' WHERE number = ?", (row["number"],))
        webhook, person = definitions.find(world.db, addressee), _person(world, row["person"])
        outcome = await self._call(letters, webhook, person) if person else Outcome("the person is gone")
        if world.resets != resets:  # The call belonged to a world that is no more.
            return False
        with transaction(world.db):
            done = (outcome.status, outcome.error, outcome.text, row["number"])
            query = (
                "UPDATE marketo_webhook_calls SET state = 'done', status = ?, error = ?, response = ? WHERE number = ?"
            )
            world.db.execute(query, done)
            tell(world, webhook, row["person"], outcome)
        return True

    async def _call(self, letters: Letters, webhook: Webhook, person: Person) -> Outcome:
        world = self._world
        filling = tokens.Filling(People(world.db).fields, person, world.now())
        body = filling.fill(webhook.template, tokens.body_encoder(webhook.encoding)).encode()
        headers = {name: filling.fill(text, tokens.in_header) for name, text in webhook.headers.items()}
        if body and "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = _FORM
        address = filling.fill(webhook.url, tokens.in_address)
        seconds = world.switches["marketo"]["webhook_timeout"]
        try:
            answer = await letters.send(webhook.method, address, headers=headers, body=body or None, seconds=seconds)
        except UndeliverableError as error:
            return Outcome(str(error))
        return _judge(answer)


def tell(world: "World", webhook: Webhook, person: int, outcome: Outcome) -> None:
    """Write down what came of a call, and onto the person what the answer says."""
    found = _person(world, person)
    if found is None:
        return
    now = int(world.now())
    told = {"Error Type": outcome.error, "Response": outcome.text}
    attributes = {name: text for name, text in told.items() if text}
    History(world.db).tell(CALL_WEBHOOK, person, now, value_id=webhook.id, value=webhook.name, attributes=attributes)
    if not outcome.error and webhook.mappings:
        people = People(world.db, SOURCE)
        document = _mapped(people, webhook, outcome.body)
        if document:
            people.change(found, document, now)


def _judge(answer: Answer) -> Outcome:
    error = ""
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        error = answer.reason or str(answer.status)
    elif not answer.body:
        error = EMPTY
    return Outcome(error, answer.status, answer.body)


def _person(world: "World", number: int) -> Person | None:
    people = People(world.db)
    found = people.find(people.fields["id"], number)
    return found[0] if found else None


def _mapped(people: People, webhook: Webhook, body: bytes) -> dict[str, Value]:
    """Answer the values that are there and fit into their fields."""
    try:
        document = mappings.read(body, webhook.response_type)
    except (ValueError, RecursionError):  # The latter: nested more deeply than anybody means it.
        return {}
    fields = definitions.by_soap_name(people.fields)
    found: dict[str, Value] = {}
    for path, soap_name in webhook.mappings.items():
        value: Any = mappings.find(document, path)
        if value is None:
            continue
        try:
            found[fields[soap_name].name] = values.coerce(fields[soap_name], value)
        except VendorError:
            continue
    return found
