"""What the two sides tell, read: whatever comes, it is read, refused or foreign, and never a fault of ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.errors import ForbiddenError, InputError
from syncline.providers.marketo.notifications import CampaignWebhooks
from syncline.providers.notices import Delivery, NoticeDoor, Reading
from syncline.providers.salesforce.notifications import OutboundMessages
from tests.web.senders import ORG, SESSION, message, notification

SOURCE, TARGET = OutboundMessages(("Lead", "Contact")), CampaignWebhooks()
MEDIA = ("text/xml", "application/xml", "application/json", "application/x-www-form-urlencoded", "", "x")
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.dictionaries(st.sampled_from(["event", "person", "record", "delivery", "more"]), plain, max_size=5)


def tried(door: NoticeDoor, body: bytes, media_type: str) -> Reading | None:
    """Read a body; None when it is refused as it may be."""
    assert isinstance(door.redact(body), bytes)
    try:
        return door.read(Delivery(media_type, body, ORG))
    except (InputError, ForbiddenError):
        return None


@given(st.binary(max_size=200), st.sampled_from(MEDIA))
def test_any_bytes(body: bytes, media_type: str) -> None:
    """Nothing but refusals."""
    for door in (SOURCE, TARGET):
        tried(door, body, media_type)


@given(st.data())
def test_a_message_with_anything_in_it(data: st.DataObject) -> None:
    """Parts of a right message in the place of others: each notification is read or not, and none gets lost."""
    parts = data.draw(st.lists(st.integers(1, 9).map(notification) | st.just("<Notification/>"), max_size=5))
    body = bytearray(message(parts))
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), max_size=3)):
        body[at] = byte
    reading = tried(SOURCE, bytes(body), "text/xml")
    if reading is not None and bytes(body) == message(parts):
        assert len(reading.notices) + len(reading.unread) == len(parts)


@given(values)
def test_any_fields(fields: dict[str, object]) -> None:
    """A call is one notice that names a person, or none."""
    reading = tried(TARGET, json.dumps(fields).encode(), "application/json")
    if reading is not None:
        (notice,) = reading.notices
        assert notice.data["person"] == str(fields["person"])
        assert notice.type in {"person.sync_requested", "person.reported"}


@pytest.mark.parametrize(
    "written",
    [
        "<SessionId>{}</SessionId>",
        "<a:SessionId x='1'>{}</a:SessionId>",
        "<sessionid\n>{}",
        "<SessionId>{}<b/></SessionId>",
    ],
)
def test_the_session_id_is_taken_out(written: str) -> None:
    """Also of what is no message, for that is kept to be looked at."""
    body = f"<x>before {written.format(SESSION)} after".encode()
    redacted = SOURCE.redact(body)
    assert SESSION.encode() not in redacted
    assert redacted.startswith(b"<x>before <")


def test_what_is_told_to_people_is_whole() -> None:
    """The address and the secret are values to copy; the template names the field by its label."""
    steps = [*SOURCE.guide("https://s/a", ""), *TARGET.guide("https://s/b", "secret")]
    copied = {value for step in steps for _, value in step.values}
    assert {"https://s/a", "https://s/b", "secret", "Lead", "Contact"} <= copied
    assert any("{{lead.SFDC Id (sfdcId)}}" in value for value in copied)
    assert all(step.title and step.text.endswith(".") for step in steps)
