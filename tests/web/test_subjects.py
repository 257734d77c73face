"""Erasing a person from the log, as an admin does it: the list, the order, what is seen after it."""

import json

from syncline.core.event import SERVICE
from syncline.core.personal import ERASED
from syncline.store.verify import verify
from tests.web.doors import Doors


async def test_a_person_is_erased(doors: Doors) -> None:
    """The address is shown until then, never after; the service's log says who asked; everything still proves."""
    id_ = (await doors.create())["id"]
    (born,) = await doors.site.privacy.reveal([log.row for log in await doors.rows(id_)])
    assert born.actor.address == "127.0.0.1"
    subject = f"person:{born.actor.id}"
    listed = (await doors.ask("GET", "/api/audit/subjects")).json
    assert (subject, None) in {(item["subject"], item["erased_at"]) for item in listed["items"]}
    answer = await doors.ask("POST", "/api/audit/erasures", body={"subject": subject})
    assert answer.status == 200
    (born,) = await doors.site.privacy.reveal([log.row for log in await doors.rows(id_)])
    assert born.actor.address == ERASED
    row = (await doors.rows(SERVICE))[-1].row
    assert (row.seq, row.type, row.data) == (answer.json["seq"], "subject.erased", {"subject": subject})
    assert row.actor.id == doors.keys["admin"].split("_")[1]
    assert (await doors.store.read(verify)).proved


async def test_the_name_of_an_erased_persons_key_is_gone_too(doors: Doors) -> None:
    """From the list of keys as from the log; the key itself goes on, it is not what was asked about."""
    made = await doors.ask("POST", "/api/keys", body={"name": "Ada's laptop", "role": "viewer"})
    subject = f"person:{made.json['id']}"
    assert (await doors.ask("POST", "/api/audit/erasures", body={"subject": subject})).status == 200
    shown = (await doors.ask("GET", "/api/keys")).text
    assert "Ada" not in shown
    named = {item["id"]: item["name"] for item in json.loads(shown)["items"]}
    assert named[made.json["id"]] == ERASED
    bearer = {"Authorization": f"Bearer {made.json['key']}"}
    assert (await doors.ask("GET", "/api/integrations", headers=bearer)).status == 200


async def test_who_is_not_there_is_said_so(doors: Doors) -> None:
    """With a row that says that it was tried, and a page by page list."""
    answer = await doors.ask("POST", "/api/audit/erasures", body={"subject": "person:nobody"})
    assert (answer.status, answer.json["code"]) == (404, "audit.unknown_subject")
    assert (await doors.rows(SERVICE))[-1].row.disposition == "refused"
    for _ in range(3):
        await doors.create()
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await doors.ask("GET", f"/api/audit/subjects?limit=1&after={after}")).json
        seen, after = [*seen, *(item["subject"] for item in page["items"])], page["next"]
    assert len(seen) == len(set(seen)) > 0


async def test_only_an_admin_erases(doors: Doors) -> None:
    """An auditor reads the log and changes nothing of it."""
    for role in ("viewer", "auditor", "operator"):
        assert (await doors.ask("GET", "/api/audit/subjects", role=role)).status == 403
        answer = await doors.ask("POST", "/api/audit/erasures", role=role, body={"subject": "person:x"})
        assert answer.status == 403
