"""Outbound Messages: who may send them, what they become, and when they are acknowledged."""

import asyncio
import gzip

import pytest
from defusedxml.ElementTree import fromstring

from syncline.providers.salesforce import ids
from tests.web.doors import Doors
from tests.web.senders import (
    ENVELOPE,
    LEAD,
    ORG,
    OTHER_ORG,
    SESSION,
    Caller,
    caller,
    inbox,
    message,
    name,
    notification,
    rotate,
)
from tests.web.stores import failing_store

OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
ACK = f"{{{ENVELOPE}}}Body/{OUTBOUND}notificationsResponse/{OUTBOUND}Ack"
BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "boom"}">' for n in range(9))


@pytest.fixture
async def source(doors: Doors) -> Caller:
    """The source of an integration that syncs."""
    return await caller(doors, "salesforce")


def acknowledged(text: str) -> bool:
    """Whether an answer is the acknowledgement."""
    return fromstring(text).findtext(ACK) == "true"


async def test_a_message_is_recorded_and_acknowledged(source: Caller) -> None:
    """Each notification is an event that names object and record and nothing else; one of them sets the timer."""
    answer = await source.tell(notification(1), notification(2))
    assert (answer.status, acknowledged(answer.text)) == (200, True)
    assert answer.headers["Content-Type"].startswith("text/xml")
    changed = ("records.changed", "handled")
    assert [(type_, told) for type_, _, told in await source.rows()] == [changed, changed]
    row = (await source.doors.rows(source.id))[-1].row
    assert (row.actor.kind, row.actor.via, row.data) == (
        "source",
        "notification",
        {"path": "outbound_message", "object": "Lead", "id": LEAD},
    )
    rows = [found.row for found in await source.doors.rows(source.id)]
    assert [len(row.effects) for row in rows if row.type == "records.changed"] == [1, 0]


@pytest.mark.case("webhooks", 19)
async def test_a_notification_counts_once(source: Caller) -> None:
    """Sent again, alone or among others, in 15 letters or in 18: acknowledged, and nothing is done twice."""
    first = await source.tell(notification(1))
    short = notification(1).replace(name(1), name(1)[:15])
    again = [await source.tell(notification(1)), await source.tell(notification(2), notification(1))]
    again.append(await source.send(message([short]), "text/xml"))
    assert [answer.text for answer in again] == [first.text] * 3
    told = [told for _, key, told in await source.rows() if key == f"notice:{ids.full(name(1)[:15])}"]
    assert told == ["handled", "duplicate", "duplicate", "duplicate"]


@pytest.mark.slow
@pytest.mark.case("webhooks", 20)
async def test_one_bad_notification_among_a_hundred(source: Caller) -> None:
    """The others are recorded, the bad one is kept, and the whole is acknowledged: it would come again for a day."""
    bad = notification(50).replace(name(50), "nonsense")
    parts = [notification(number) for number in range(1, 50)] + [bad] + [notification(n) for n in range(51, 101)]
    answer = await source.tell(*parts)
    assert (answer.status, acknowledged(answer.text)) == (200, True)
    assert [told for _, _, told in await source.rows()] == ["handled"] * 99
    (kept,) = await inbox(source.doors, verdict="malformed")
    assert (kept["door"], kept["integration"], kept["replayable"]) == ("source", source.id, True)
    assert "a notification has no id" in kept["detail"]
    # Judged anew it is as bad as before, and the ninety-nine others are known.
    replayed = await source.doors.ask("POST", f"/api/inbox/{kept['id']}/replay")
    assert {outcome["repeated"] for outcome in replayed.json["outcomes"]} == {True}
    assert [told for _, _, told in await source.rows()] == ["handled"] * 99 + ["duplicate"] * 99


@pytest.mark.parametrize(
    "part",
    [
        f"<Notification><Id>{name(1)}</Id></Notification>",
        notification(1, kind=""),
        notification(1, kind="sf:Le ad"),
        notification(1, record="nobody"),
        notification(1).replace("<sf:Id>", "<sf:Id>00QHs0000000002</sf:Id><sf:Id>"),
    ],
)
async def test_a_notification_that_says_too_little(source: Caller, part: str) -> None:
    """Kept; what comes with it is recorded."""
    assert (await source.tell(part, notification(2))).status == 200
    assert [key for _, key, _ in await source.rows()] == [f"notice:{name(2)}"]
    assert len(await inbox(source.doors, verdict="malformed")) == 1


async def test_a_deleted_record_and_an_object_that_is_not_synced(source: Caller) -> None:
    """Of the first nothing is sent but its kind; from the second nothing can follow, and the log says so."""
    assert (await source.tell(notification(1, record=""), notification(2, kind="sf:Account"))).status == 200
    assert [told for _, _, told in await source.rows()] == ["handled", "refused"]
    rows = [found.row for found in await source.doors.rows(source.id)]
    assert rows[-2].data == {"path": "outbound_message", "object": "Lead"}
    assert rows[-1].reason == "door: Account is not synced"


@pytest.mark.case("webhooks", 21)
@pytest.mark.parametrize("org", [OTHER_ORG, OTHER_ORG[:15], "", "00D", ORG[:17], ORG.lower(), ORG[:15] + "AAA"])
async def test_a_foreign_org(source: Caller, org: str) -> None:
    """Not acknowledged, nothing recorded, kept in the inbox."""
    answer = await source.tell(notification(1), org=org)
    assert (answer.status, answer.code) == (403, "hook.foreign")
    assert await source.rows() == []
    assert [kept["problem"] for kept in await inbox(source.doors, verdict="foreign")] == ["hook.foreign"]


async def test_the_org_in_15_letters(source: Caller) -> None:
    """Is the same one."""
    assert (await source.tell(notification(1), org=ORG[:15])).status == 200


async def test_before_the_confirmation_every_org_is_foreign(doors: Doors) -> None:
    """And once it is confirmed, what was kept can be replayed."""
    id_ = (await doors.create())["id"]
    early = Caller(
        doors, id_, (await rotate(doors, id_, "salesforce"))["url"].removeprefix("https://sync.example.com"), ""
    )
    assert (await early.tell(notification(1))).code == "hook.foreign"


@pytest.mark.slow
@pytest.mark.case("webhooks", 18)
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:1/x"> %e;]>',
        f"<!DOCTYPE x [{BOMB}]>",
        "<!DOCTYPE x>",
    ],
)
async def test_external_entities_and_bombs(source: Caller, doctype: str) -> None:
    """A document type is refused before anything in it is looked at."""
    body = message([notification(1)]).replace(b"?>\n", f"?>{doctype}\n".encode()).replace(LEAD.encode(), b"&e;")
    answer = await source.send(body, "text/xml")
    assert (answer.status, answer.code) == (400, "hook.malformed")
    assert await source.rows() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"{}",
        b"<a/>",
        message([]),
        message([notification(n) for n in range(1, 102)]),
        message([notification(1)]).replace(b"soapenv:Body", b"soapenv:Head"),
        message([notification(1)])[:-20],
        message([notification(1)]).replace(b"UTF-8", b"no-such"),
        message([notification(1)]).replace(b"canary@", b"\xff\xfe"),
        b"<a>" * 100_000,
        b"<a>" * 100_000 + b"</a>" * 100_000,
    ],
)
async def test_a_body_that_is_no_message(source: Caller, body: bytes) -> None:
    """400, and nothing is recorded."""
    answer = await source.send(body, "text/xml")
    assert (answer.status, answer.code) == (400, "hook.malformed")
    assert await source.rows() == []


async def test_other_media_types_and_compression(source: Caller) -> None:
    """415, also for a bomb, which nobody unpacks."""
    body = message([notification(1)])
    assert (await source.send(body, "application/json")).code == "request.media_type"
    answer = await source.send(gzip.compress(b" " * 10_000_000), "text/xml", Content_Encoding="gzip")
    assert (answer.status, answer.code) == (415, "request.media_type")


async def test_too_large(source: Caller) -> None:
    """As everywhere."""
    answer = await source.send(message(["<x>" + "a" * 1_100_000 + "</x>"]), "text/xml")
    assert (answer.status, answer.code) == (413, "request.too_large")


async def test_the_address_is_the_secret(source: Caller) -> None:
    """A letter more or less, another integration's, the other side's, none: nothing is told and nothing recorded."""
    other = await caller(source.doors, "salesforce")
    target = (await rotate(source.doors, source.id, "marketo"))["url"].rpartition("/")[2]
    own = source.path.rpartition("/")[2]
    for token in (own[:-1], own + "a", own.swapcase(), other.path.rpartition("/")[2], target, "%20", own[::-1]):
        path = f"/hooks/{source.id}/salesforce/{token}"
        answer = await source.send(message([notification(1)]), "text/xml", path)
        assert (answer.status, answer.code) == (401, "hook.wrong_secret"), token
    unknown = await source.send(message([notification(1)]), "text/xml", source.path.replace(source.id, "in_x"))
    assert (unknown.status, unknown.code) == (404, "hook.unknown")
    assert await source.rows() == []


@pytest.mark.case("webhooks", 23)
@pytest.mark.parametrize("reading", [False, True])
async def test_a_store_that_does_not_answer(source: Caller, monkeypatch: pytest.MonkeyPatch, *, reading: bool) -> None:
    """503 and no acknowledgement; the sender comes again and nothing is lost."""
    with failing_store(source.doors, monkeypatch, reading=reading):
        answer = await source.tell(*(notification(number) for number in range(1, 101)))
        assert (answer.status, answer.code) == (503, "store.unavailable")
        assert answer.headers["Retry-After"] == "5"
    assert await source.rows() == []
    assert acknowledged((await source.tell(*(notification(number) for number in range(1, 101)))).text)
    assert len(await source.rows()) == 100


@pytest.mark.case("webhooks", 24)
async def test_an_older_change_arrives_later(source: Caller) -> None:
    """It says no more than that something changed: one more row, the same one run, and no value of its own."""
    assert (await source.tell(notification(2))).status == 200
    assert (await source.tell(notification(1))).status == 200
    rows = [found.row for found in await source.doors.rows(source.id)][-2:]
    assert [(row.key, row.disposition) for row in rows] == [(f"notice:{name(n)}", "handled") for n in (2, 1)]
    assert [len(row.effects) for row in rows] == [1, 0]
    assert all(set(row.data) == {"path", "object", "id"} for row in rows)


async def test_many_messages_at_once(source: Caller) -> None:
    """The same hundred notifications, five times at the same time: each is done once."""
    parts = [notification(number) for number in range(1, 101)]
    answers = await asyncio.gather(*(source.tell(*parts) for _ in range(5)))
    assert {answer.status for answer in answers} == {200}
    told = [told for _, _, told in await source.rows()]
    assert (told.count("handled"), told.count("duplicate")) == (100, 400)


async def test_a_closed_door(doors: Doors) -> None:
    """Until somebody makes its address there is none."""
    id_ = (await doors.create())["id"]
    answer = await doors.ask("POST", f"/hooks/{id_}/salesforce/x", role=None, data=b"")
    assert (answer.status, answer.code) == (404, "hook.unknown")


async def test_the_session_id_is_kept_nowhere(source: Caller) -> None:
    """Not in a row, not in the inbox, not in what is sealed for a replay."""
    await source.tell(notification(1), "<Notification/>")
    await inbox(source.doors)
    data = b"".join(path.read_bytes() for path in source.doors.store.path.parent.glob("test.sqlite3*"))
    assert SESSION.encode() not in data
    assert b"canary@person.example" not in data
    assert SESSION not in source.doors.site.providers.source.notices.redact(message([notification(1)])).decode()
