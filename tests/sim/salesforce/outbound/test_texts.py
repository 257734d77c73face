"""Texts of records arrive in an envelope as they are, whatever is in them."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syncline_sim import hand
from syncline_sim.salesforce import orgs, record_tables
from syncline_sim.salesforce.outbound import envelope, messages, queue
from syncline_sim.world import World
from tests.sim.listener import Heard
from tests.sim.salesforce.outbound.conftest import records

#: What XML 1.0 allows (https://www.w3.org/TR/xml/#charsets); the rest is left out.
WRITABLE = (0x9, 0xA, 0xD, range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))


def _kept(text: str) -> str:
    allowed = (span if isinstance(span, range) else range(span, span + 1) for span in WRITABLE)
    spans = list(allowed)
    return "".join(letter for letter in text if any(ord(letter) in span for span in spans))


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
@example(text="]]>&amp;<!--\r\n\t\x00\ufffe\U0001f600")
def test_any_text(text: str) -> None:
    """An envelope is XML that says the same, but for what XML can not say."""
    world = World(seed=1)
    orgs.populate(world)
    record_tables.create(world.db)
    message = messages.define(world, object="Lead", endpoint="http://127.0.0.1/", fields=["LastName", "Company"])
    hand.change(world, object="Lead", change={"create": {"LastName": text, "Company": "C"}})
    body = envelope.write(world, message, queue.take(world, message), "")
    (record,) = records(Heard("POST", "/", {}, body))
    assert (record["LastName"] or "") == _kept(text)
    world.close()
