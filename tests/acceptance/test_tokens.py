"""Everything that is held for other people is listed, and given back in one go, also while the source is away."""

import asyncio
import json

from tests.acceptance.world import World

COUNT = 6


async def test_all_are_revoked_erased_and_told(world: World) -> None:
    """The source is away at first: what could not be told it is told later; then nothing is held any more."""
    ids = [await world.create(f"Number {number}") for number in range(COUNT)]
    for id_ in ids:
        await world.reach(id_, "authorized.awaiting_confirmation")
    untouched = await world.create("Never logged in")
    code, output = await world.command("tokens", "list", "--json")
    items = json.loads(output)["items"]
    assert code == 0
    assert [item["integration"] for item in items] == sorted(ids)
    assert {(item["generation"], item["last_use"]["to"], *item["excess_scopes"]) for item in items} == {
        (1, "run_checks")
    }

    await world.fault(side="salesforce", kind="status", match="revoke", status=503, times=-1)
    code, output = await world.command("tokens", "revoke", "--all", "--yes", "--json")
    told = json.loads(output)
    assert (code, told["closed"], told["failed"]) == (1, 1, COUNT)
    for id_ in ids:
        # What revoking does not need is gone at once, whatever the source says.
        kept = {secret["field"] for secret in (await world.status(id_))["secrets"]}
        assert kept == {"consumer_key", "consumer_secret", "access_token", "refresh_token", "hook_secret"}

    await world.mend()
    code, output = await world.command("tokens", "revoke", "--all", "--yes", "--json")
    told = json.loads(output)
    assert (code, told["closed"], told["failed"]) == (0, COUNT, 0)
    for id_ in (*ids, untouched):
        found = await world.status(id_)
        assert (found["state"], found["secrets"]) == ("disconnected.closed", [])
    rows = await asyncio.gather(*(world.log(id_) for id_ in ids))
    assert all([row["type"] for row in log].count("grant.revoked") == 1 for log in rows)
    assert json.loads((await world.command("tokens", "list", "--json"))[1])["items"] == []
    assert (await world.command("tokens", "revoke", "--all", "--yes"))[0] == 0
    assert (await world.command("audit", "verify"))[0] == 0
