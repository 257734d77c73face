"""The edition of the main org, as the command line says it and the control door changes it."""

import pytest

from syncline_sim import cli
from syncline_sim.app import Simulation
from tests.sim.conftest import ControlDoor


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--edition", "golden"], "invalid choice"), (["--edition", "developer", "--sandbox"], "there are no sandboxes")],
)
def test_wrong_words(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    """An edition that there is not, and a sandbox of one that has none, end the command."""
    with pytest.raises(SystemExit):
        cli.main(words)
    assert said in capsys.readouterr().err


async def test_the_main_org_is_what_was_asked_for(simulation: Simulation, control: ControlDoor) -> None:
    """Also after everything has begun again; the control door makes another edition of it, and opens other orgs."""
    world = simulation.world
    world.main_org = {"edition": "professional-api", "is_sandbox": True}
    await control("POST /reset", {})
    main = (await control("GET /world"))["orgs"][0]
    assert (main["edition"], main["is_sandbox"]) == ("Professional Edition", True)
    assert main["settings"]["api_add_on"] is True
    changed = await control(f"PATCH /orgs/{main['id']}", {"edition": "unlimited", "licences": 3})
    assert (changed["edition"], changed["settings"]["licences"]) == ("Unlimited Edition", 3)
    made = await control("POST /orgs", {"name": "Initech", "edition": "developer", "trial_ends": 1})
    assert (made["edition"], made["settings"]["trial_ends"]) == ("Developer Edition", 1)
    for wrong in ({"edition": "golden"}, {"colour": "red"}, {"login_ranges": {"X": ["nowhere"]}}):
        await control(f"PATCH /orgs/{main['id']}", wrong, status=400)
    await control("PATCH /orgs/00D", {}, status=404)


async def test_permission_sets(control: ControlDoor) -> None:
    """A permission set adds to what its users may, is replaced by one of the same name, and names users that exist."""
    body = {"name": "Bulk", "permissions": ["BulkApiHardDelete"], "users": ["dana@acme.example"]}
    made = await control("POST /permission-sets", body)
    users = {user["username"]: user["permissions"] for user in (await control("GET /world"))["users"]}
    assert "BulkApiHardDelete" in users["dana@acme.example"]
    assert "BulkApiHardDelete" not in users["sync@acme.example"]
    await control("POST /permission-sets", {**body, "permissions": ["ViewAllData"], "users": []})
    (kept,) = (await control("GET /permission-sets"))["permission_sets"]
    assert (kept["id"], kept["permissions"], kept["users"]) == (made["id"], ["ViewAllData"], [])
    await control("POST /permission-sets", {**body, "users": ["nobody"]}, status=404)
