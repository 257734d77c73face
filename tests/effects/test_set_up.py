"""The smaller effects of the set-up: each success, and each failure turned into its event."""

import pytest

from syncline.errors import GrantLostError, RejectedError, ThrottledError, UnreachableError
from syncline.providers.port import Check, Field
from tests.effects.fakes import ORG, USER
from tests.effects.world import World

PROBING, CHECKING = "app_registered.probing_credentials", "authorized.checking"
PREVIEWING, SYNCING = "verified.previewing_fields", "verified.syncing_fields"
NO = RejectedError("source.no", "it said no")


async def outcome(world: World) -> tuple[str, str, str]:
    """Run the effect; answer the state, the problem and its detail."""
    await world.run()
    now = await world.now()
    return now.state, now.context.problem, now.context.detail


@pytest.mark.case("oauth", 15)
@pytest.mark.parametrize("promised", [True, False])
async def test_probe_notes_what_the_login_host_promises(world: World, *, promised: bool) -> None:
    """Each probe anew, since the login host may have changed with the credentials."""
    for now in (promised, not promised):
        world.source.names_issuer = now
        await world.say("credentials.saved") if await world.documents() else await world.reach_probing()
        await world.run()
        assert (await world.documents())["login"] == {"names_issuer": now}


async def test_probe(world: World) -> None:
    """Right credentials are accepted."""
    await world.reach(PROBING)
    assert await outcome(world) == ("credentials_saved.ready", "", "")


async def test_probe_rejected(world: World) -> None:
    """Wrong credentials are named."""
    await world.reach(PROBING)
    world.source.fail("probe", NO)
    assert await outcome(world) == ("app_registered.credentials_rejected", "source.no", "it said no")


async def test_checks_passed(world: World) -> None:
    """The person sees who is connected."""
    await world.reach(CHECKING)
    assert (await outcome(world))[0] == "authorized.awaiting_confirmation"
    documents = await world.documents()
    assert documents["identity"]["org_name"] == "Acme"
    assert [result["verdict"] for result in documents["checks"]["results"]] == ["passed", "passed"]
    data = (await world.log("checks.passed"))[0].data
    assert data == {"org_id": ORG, "user_id": USER, "username": "ada@acme.example"}


async def test_checks_with_a_warning_pass(world: World) -> None:
    """A warning does not stop anybody."""
    await world.reach(CHECKING)
    world.source.checks = [Check("source.quota", "warning", "It is nearly used up.", "source.quota_low")]
    assert (await outcome(world))[0] == "authorized.awaiting_confirmation"


async def test_checks_failed(world: World) -> None:
    """The first failed check is the problem; all results are kept."""
    await world.reach(CHECKING)
    world.target.checks = [
        Check("target.ok", "passed", "fine"),
        Check("target.role", "failed", "The role lacks a permission.", "target.no_permission"),
    ]
    expected = ("authorized.checks_failed", "target.no_permission", "The role lacks a permission.")
    assert await outcome(world) == expected
    assert len((await world.documents())["checks"]["results"]) == 3


@pytest.mark.parametrize("call", ["identify", "check"])
async def test_a_refusal_is_a_failed_check(world: World, call: str) -> None:
    """A source that refuses the question has answered it."""
    await world.reach(CHECKING)
    world.source.fail(call, NO)
    assert await outcome(world) == ("authorized.checks_failed", "source.no", "it said no")


async def test_an_outage_is_no_result(world: World) -> None:
    """The checks are tried again."""
    await world.reach(CHECKING)
    world.target.fail("check", UnreachableError("target.down"))
    assert (await outcome(world))[0] == CHECKING
    assert (await outcome(world))[0] == "authorized.awaiting_confirmation"


async def test_a_grant_that_the_api_disowns_is_lost(world: World) -> None:
    """Also when the source itself says so, not the session."""
    await world.reach(CHECKING)
    world.source.fail("identify", GrantLostError("source.user_inactive", "the user is inactive"))
    state, problem, _ = await outcome(world)
    assert (state, problem) == ("reauthorization_required.awaiting_person", "source.user_inactive")
    assert (await world.effects())[0].status == "done"


async def test_preview(world: World) -> None:
    """Every field of both objects has its plan."""
    world.source.described["Lead"].append(Field("Lead", "Unfit__c", "Unfit", "text"))
    await world.reach(PREVIEWING)
    assert (await outcome(world))[0] == "verified.awaiting_field_sync"
    fields = {
        (f["object"], f["name"]): (f["action"], f["target"]) for f in (await world.documents())["preview"]["fields"]
    }
    assert fields["Lead", "Id"] == ("create", "sourceId")
    assert fields["Lead", "FirstName"] == ("exists", "firstName")
    assert fields["Contact", "Score__c"] == ("create", "score")
    assert fields["Lead", "Unfit__c"] == ("skip", "")


@pytest.mark.parametrize("side", ["source", "target"])
async def test_preview_failed(world: World, side: str) -> None:
    """Either side may refuse."""
    await world.reach(PREVIEWING)
    if side == "source":
        world.source.fail("describe", NO)
    else:
        world.target.fail("fields", NO)
    assert await outcome(world) == ("verified.preview_failed", "source.no", "it said no")


@pytest.mark.parametrize(("state", "call"), [(PREVIEWING, "fields"), (SYNCING, "create_fields")])
async def test_a_quota_is_told_at_once(world: World, state: str, call: str) -> None:
    """A day is too long for a person to look on, so it is not waited for as by a sync, but said."""
    await world.reach(state)
    world.target.fail(call, ThrottledError("target.quota", "used up", retry_after=40_000))
    failed = {PREVIEWING: "verified.preview_failed", SYNCING: "verified.field_sync_failed"}[state]
    assert await outcome(world) == (failed, "target.quota", "used up")


async def test_field_sync(world: World) -> None:
    """The key field comes first, and the mapping has what was agreed."""
    await world.reach(SYNCING)
    assert (await outcome(world))[0] == "fields_synced.mapping_open"
    assert [field.name for field in world.target.there] == ["firstName", "sourceId", "score"]
    documents = await world.documents()
    fields = {"FirstName": "firstName", "Score__c": "score"}
    assert documents["mapping"]["objects"] == {"Lead": fields, "Contact": fields}
    assert documents["field_sync"]["created"] == ["sourceId", "score"]


async def test_field_sync_leaves_out_what_nobody_wants(world: World) -> None:
    """Only fields that some object still wants are made."""
    await world.reach("verified.awaiting_field_sync")
    await world.say("field_sync.requested", skip=["Lead.Score__c"])
    await world.run()
    assert (await world.documents())["mapping"]["objects"] == {
        "Lead": {"FirstName": "firstName"},
        "Contact": {"FirstName": "firstName", "Score__c": "score"},
    }


async def test_field_sync_goes_on_after_an_outage(world: World) -> None:
    """Fields made before the outage are there, and it was us who made them."""
    for number in range(25):
        world.source.described["Lead"].append(Field("Lead", f"F{number:02}__c", f"F {number}", "text", custom=True))
    await world.reach(SYNCING)
    world.target.fail("create_fields", _fine, UnreachableError("target.down"))
    assert (await outcome(world))[0] == SYNCING
    assert (await world.documents())["field_sync"]["done"] == 10
    assert (await outcome(world))[0] == "fields_synced.mapping_open"
    assert len((await world.documents())["field_sync"]["created"]) == 27
    assert [row.disposition for row in await world.log("field_sync.progressed")] == ["handled"] * 4


async def test_a_refused_field_is_not_mapped(world: World) -> None:
    """It is named with its reason, and the rest goes on."""
    world.target.refused_fields = {"score"}
    await world.reach(SYNCING)
    await world.run()
    documents = await world.documents()
    assert documents["field_sync"]["refused"] == {"score": "not this one"}
    assert documents["mapping"]["objects"]["Lead"] == {"FirstName": "firstName"}


async def test_without_the_key_field_there_is_no_sync(world: World) -> None:
    """Records could not be told apart, so the field sync fails."""
    world.target.refused_fields = {"sourceId"}
    await world.reach(SYNCING)
    state, problem, _ = await outcome(world)
    assert (state, problem) == ("verified.field_sync_failed", "fields.key_refused")


async def test_field_sync_failed(world: World) -> None:
    """The target's refusal is what the person reads."""
    await world.reach(SYNCING)
    world.target.fail("create_fields", NO)
    assert await outcome(world) == ("verified.field_sync_failed", "source.no", "it said no")


async def test_disconnect_revokes_and_erases(world: World) -> None:
    """Nothing secret is left, and the source knows."""
    await world.reach("authorized.awaiting_confirmation")
    await world.say("disconnect.requested")
    assert (await outcome(world))[0] == "disconnected.closed"
    assert world.source.revoked == ["refresh-1", "access-1"]
    assert await world.secrets() == set()


async def test_disconnect_without_a_grant(world: World) -> None:
    """There is nothing to revoke, so nothing is asked of the source."""
    await world.create()
    await world.say("disconnect.requested")
    assert (await outcome(world))[0] == "disconnected.closed"
    assert world.source.calls == []


@pytest.mark.case("oauth", 47)
async def test_revocation_waits_for_the_source(world: World) -> None:
    """While the source is down the tokens are kept, for they are needed to revoke them."""
    await world.reach("authorized.awaiting_confirmation")
    await world.say("disconnect.requested")
    world.source.fail("revoke", UnreachableError("source.down"))
    assert (await outcome(world))[0] == "disconnected.revoking"
    assert "refresh_token" in await world.secrets()
    assert (await outcome(world))[0] == "disconnected.closed"


async def test_a_refused_revocation_is_told(world: World) -> None:
    """A person decides whether to erase without revoking."""
    await world.reach("authorized.awaiting_confirmation")
    await world.say("disconnect.requested")
    world.source.fail("revoke", NO)
    assert await outcome(world) == ("disconnected.revocation_failed", "source.no", "it said no")


async def _fine() -> None:
    """Let a call pass."""
