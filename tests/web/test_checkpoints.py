"""Checkpoints, keys and proofs by the API, and the page that says what they are for."""

from typing import Any

import pytest

from syncline.core.note import VerifierKey, claimed, open_checkpoint
from syncline.core.proof import Consistency, ProofError, RowProof, check_consistency, check_row
from syncline.store.access import Role
from tests.store.forgery import truncate
from tests.store.leaves import tamper
from tests.web.doors import Answer, Doors


async def sign(doors: Doors, rows: int = 0) -> int:
    """Add rows and sign for all there are; answers how many that is."""
    for _ in range(rows):
        await doors.site.service_log.note("service.started", {})
    signed = await doors.site.checkpoints.sign()
    assert signed is not None
    return signed.size


async def get(doors: Doors, path: str, role: Role = "viewer") -> Any:  # noqa: ANN401  JSON
    """Ask the API for something that is there."""
    answer = await doors.ask("GET", path, role=role)
    assert answer.status == 200, answer.text
    return answer.json


async def present_key(doors: Doors) -> VerifierKey:
    """The key that the API shows."""
    return VerifierKey.read((await get(doors, "/api/audit/checkpoint-keys"))["items"][-1]["key"])


async def test_checkpoints_come_in_pages_the_newest_first(doors: Doors) -> None:
    """With their notes, which the keys that are shown have signed."""
    await doors.site.checkpoints.open()
    sizes = [await sign(doors, 2) for _ in range(5)]
    seen: list[int] = []
    query = ""
    while True:
        page = await get(doors, f"/api/audit/checkpoints?limit=2{query}")
        for item in page["items"]:
            checkpoint, _ = open_checkpoint(item["note"], [await present_key(doors)])
            assert checkpoint.size == item["size"]
            seen.append(item["size"])
        if page["next"] is None:
            break
        query = f"&before={page['next']}"
    assert seen == sizes[::-1]
    assert (page["contradiction"], page["waiting"]) == ("", 0)


async def test_a_row_is_proved_to_somebody_who_has_only_the_key(doors: Doors) -> None:
    """And not before a checkpoint holds it."""
    await doors.site.checkpoints.open()
    id_ = (await doors.create())["id"]
    path = f"/api/integrations/{id_}/audit/1/proof"
    answer = await doors.ask("GET", path)
    assert (answer.status, answer.code) == (409, "checkpoint.not_yet")
    size = await sign(doors, 3)
    found = await get(doors, path)
    proof = RowProof(**found | {"path": tuple(found["path"])})
    assert check_row(proof, [await present_key(doors)]).size == size
    assert f'"integration":"{id_}"' in proof.row
    for missing in ("2", "0", "x", "9" * 40, "-1"):
        answer = await doors.ask("GET", f"/api/integrations/{id_}/audit/{missing}/proof")
        assert (answer.status, answer.code) == (404, "audit.unknown_row"), missing
    answer = await doors.ask("GET", "/api/integrations/service/audit/1/proof")
    assert (answer.status, answer.code) == (404, "integration.unknown")


async def test_the_log_was_only_added_to(doors: Doors) -> None:
    """Between any two sizes; the checkpoints of those sizes come along."""
    await doors.site.checkpoints.open()
    old, new = await sign(doors, 3), await sign(doors, 4)
    for before, after in ((old, new), (1, new), (old + 1, new - 1), (new, new), (0, new)):
        found = await get(doors, f"/api/audit/consistency?old={before}&new={after}")
        proof = Consistency(
            found["old_size"], found["old_root"], found["new_size"], found["new_root"], tuple(found["path"])
        )
        check_consistency(proof)
        assert bool(found["old_checkpoint"]) == (before in {old, new})
        if found["old_checkpoint"]:
            assert claimed(found["old_checkpoint"]).root.hex() == found["old_root"]
        with pytest.raises(ProofError):
            check_consistency(Consistency(before, "00" * 32, after, found["new_root"], tuple(found["path"])))
    for query in (f"old={new}&new={old}", f"old=1&new={new + 1000}"):
        answer = await doors.ask("GET", f"/api/audit/consistency?{query}")
        assert (answer.status, answer.code) == (404, "checkpoint.unknown")
    assert (await doors.ask("GET", "/api/audit/consistency?old=1")).code == "request.invalid"


async def test_a_proof_that_needs_a_row_that_is_gone_is_refused_in_words(doors: Doors) -> None:
    """Retention or somebody else has taken it away."""
    await doors.site.checkpoints.open()
    id_ = (await doors.create())["id"]
    size = await sign(doors, 3)
    tamper(doors.store, "DELETE FROM audit WHERE position = (SELECT max(position) - 1 FROM audit)")
    for path in (f"/api/audit/consistency?old=1&new={size}", f"/api/integrations/{id_}/audit/1/proof"):
        answer = await doors.ask("GET", path)
        assert (answer.status, answer.code) == (404, "checkpoint.unknown"), answer.text


async def test_an_admin_changes_the_key(doors: Doors) -> None:
    """Nobody else; the row says who, and from where the request came."""
    await doors.site.checkpoints.open()
    old = await present_key(doors)
    for role in ("viewer", "operator", "auditor"):
        answer = await doors.ask("POST", "/api/audit/checkpoint-keys", role=role, body={})
        assert (answer.status, answer.code) == (403, "access.forbidden")
    answer = await doors.ask("POST", "/api/audit/checkpoint-keys", body={})
    assert answer.status == 201, answer.text
    keys = [item["key"] for item in answer.json["items"]]
    assert keys == [str(old), str(await present_key(doors))]
    assert len(set(keys)) == 2
    page = await get(doors, "/api/audit/checkpoints?limit=1")
    assert open_checkpoint(page["items"][0]["note"], [await present_key(doors)])[0].size == page["items"][0]["size"]


async def test_a_contradiction_shows_everywhere(doors: Doors) -> None:
    """On the page, in the API, in what a platform asks and in the series; a new key is refused until it is known."""
    await doors.site.checkpoints.open()
    await sign(doors, 3)
    truncate(doors.store, 2)
    doors.site.checkpoints._tree = None  # As after a start.
    assert await doors.site.checkpoints.sign() is None
    assert "the log has" in (await get(doors, "/api/audit/checkpoints"))["contradiction"]
    assert "The log is not what was signed for" in (await page_of(doors)).text
    ready = await doors.ask("GET", "/readyz", role=None)
    assert ready.status == 200
    assert "the log contradicts a checkpoint" in ready.json["attention"][0]
    assert "syncline_checkpoint_contradiction 1.0" in (await doors.ask("GET", "/metrics", role=None)).text
    answer = await doors.ask("POST", "/api/audit/checkpoint-keys", body={})
    assert (answer.status, answer.code) == (409, "checkpoint.contradicted")
    answer = await doors.ask("POST", "/api/audit/checkpoint-keys", body={"after_restore": True})
    assert answer.status == 201
    assert (await get(doors, "/api/audit/checkpoints"))["contradiction"] == ""


async def page_of(doors: Doors, query: str = "") -> Answer:
    """The page as a viewer sees it."""
    answer = await doors.ask("GET", f"/audit/checkpoints{query}", role="viewer")
    assert answer.status == 200, answer.text
    return answer


async def test_the_page_says_what_checkpoints_are_for_and_what_is_missing(doors: Doors) -> None:
    """Before the first one, with some, behind the last page; and the log leads there."""
    assert "No checkpoint was signed yet" in (await page_of(doors)).text
    await doors.site.checkpoints.open()
    sizes = [await sign(doors, 1) for _ in range(3)]
    text = (await page_of(doors)).text
    assert "any row up to it was changed, added or taken away" in text
    assert "There are none: whoever owns this machine" in text
    assert str(await present_key(doors)).replace("+", "&#43;") in text.replace("+", "&#43;")
    assert all(f'<th scope="row">{size}</th>' in text for size in sizes)
    first = await page_of(doors, "?limit=1")
    assert 'rel="next"' in first.text
    assert "That was the last page" in (await page_of(doors, "?before=1")).text
    assert (await doors.ask("GET", "/audit/checkpoints?before=x", role="viewer")).status == 422
    assert 'href="/audit/checkpoints"' in (await doors.ask("GET", "/audit", role="viewer")).text


async def test_nobody_without_a_key_sees_any_of_it(doors: Doors) -> None:
    """Neither the API nor the page."""
    for path in ("/api/audit/checkpoints", "/api/audit/checkpoint-keys", "/api/audit/consistency?old=0&new=0"):
        assert (await doors.ask("GET", path, role=None)).status == 401
    assert (await doors.ask("GET", "/audit/checkpoints", role=None)).status in {303, 401}
