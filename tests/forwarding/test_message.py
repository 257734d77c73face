"""Rows made ready: the canonical bytes as they are, or OCSF; sealed unless the operator says otherwise."""

import json
from pathlib import Path

import pytest

from syncline.core.audit import GENESIS, chain, decode
from syncline.core.event import Actor, Event
from syncline.core.personal import ERASED
from syncline.forwarding.destination import Form
from syncline.forwarding.message import messages
from syncline.store.log import Filter, LogRow, rows
from tests.forwarding.rows import row
from tests.web.doors import Doors, open_doors

ADDRESS = "198.51.100.23"


async def test_line_holds_the_bytes_that_were_hashed() -> None:
    """Whatever is in them, so that the chain can be proved at the destination."""
    found = [row(number, text='ünïcode \u2028 \\ " {') for number in range(1, 80)]
    made = await messages(found, "rows", None)
    assert [message.position for message in made] == list(range(1, 80))
    for message, original in zip(made, found, strict=True):
        assert b"\n" not in message.body
        document = json.loads(message.body)
        assert list(document) == ["position", "hash", "row"]
        start = message.body.index(b'"row":') + 6
        assert message.body[start:-1] == original.content
        assert chain(GENESIS, original.content).hex() == document["hash"]
        assert decode(original.content) == message.row


async def personal(doors: Doors) -> list[LogRow]:
    """A row that holds somebody's address, as the store keeps it."""
    actor = Actor("person", "ak_9", via="bearer", address=ADDRESS)
    event = Event("in_1", "integration.created", "k", actor, doors.site.now(), {"name": "Acme"})
    await doors.site.engine.handle(event)
    return await doors.store.read(lambda tx: rows(tx, wanted=Filter("in_1")))


@pytest.mark.parametrize("form", ["rows", "ocsf"])
async def test_personal_data_stays_sealed_unless_the_operator_opens_it(tmp_path: Path, form: Form) -> None:
    """And when its key is destroyed, it stays closed for whoever is sent the row after that."""
    async with open_doors(tmp_path) as doors:
        found = await personal(doors)
        assert ADDRESS.encode() not in found[0].content
        (closed,) = await messages(found, form, None)
        assert ADDRESS.encode() not in closed.body
        (opened,) = await messages(found, form, doors.site.privacy)
        document = json.loads(opened.body)
        if form == "rows":
            sealed = decode(found[0].content).actor.address
            assert document["personal"] == {sealed: ADDRESS}
            assert document["row"]["actor"]["address"] == sealed
        else:
            assert document["src_endpoint"] == {"ip": ADDRESS}
            assert ADDRESS not in document["raw_data"]
        answer = await doors.ask("POST", "/api/audit/erasures", body={"subject": "person:ak_9"})
        assert answer.status < 300, answer.text
        (erased,) = await messages(found, form, doors.site.privacy)
        assert ADDRESS.encode() not in erased.body
        assert ERASED.encode() in erased.body
