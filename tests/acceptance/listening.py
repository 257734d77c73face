"""A sync that is told of changes as they happen, for the tests of that."""

from tests.acceptance.syncs import complete, prepared, start, until
from tests.acceptance.world import Json, World

#: What is in seconds on a machine that does nothing else.
_SOON = 20.0


async def followed(world: World) -> str:
    """Take a new integration through its initial sync and the run after it, until changes are listened to."""
    integration = await prepared(world)
    await start(world, integration)
    await complete(world, integration)
    await listening(world, integration)
    await quiet(world, integration)
    return integration


async def listening(world: World, integration: str) -> Json:
    """Wait until the status says that changes arrive as they happen; answers what it says."""

    async def met() -> bool:
        found = (await world.status(integration))["changes"]
        return bool(found and found["by"] == "stream")

    await until(met, "nobody listens", deadline=_SOON)
    return dict((await world.status(integration))["changes"])


async def asked_for(world: World, integration: str) -> Json:
    """Wait until the status says that the cycles ask for changes, and why; answers what it says."""

    async def met() -> bool:
        found = (await world.status(integration))["changes"]
        return bool(found and found["reason"])

    await until(met, "it is not said that nobody listens", deadline=_SOON)
    return dict((await world.status(integration))["changes"])


async def quiet(world: World, integration: str) -> Json:
    """Wait until nothing is to be fetched; answers the status."""

    async def met() -> bool:
        found = await world.status(integration)
        effects = [item["effect"] for item in found["waiting_for"]]
        return bool(found["state"] == "syncing.waiting" and effects == ["wait_for_cycle"])

    await until(met, "it does not come to rest", deadline=_SOON)
    return await world.status(integration)


async def titled(world: World, title: str, count: int = 1) -> None:
    """Wait until so many people have a title at the target."""

    async def met() -> bool:
        people = (await world.control("GET", "/marketo/people?limit=1000"))["people"]
        return len([person for person in people if person.get("title") == title]) == count

    await until(met, f"{count} people with the title {title!r} have not arrived", deadline=_SOON)


async def change(world: World, title: str, count: int = 1, object_name: str = "Lead") -> list[str]:
    """Let a person give some records a title; answers their ids."""
    made = await world.control("POST", "/records", object=object_name, change={"Title": title}, count=count)
    return list(made["ids"])


async def write_as_sync_user(world: World, lead: str) -> None:
    """Write a lead by the API, as a program does that is logged in as the sync user."""
    user = world.sim["user"]
    body = {"grant_type": "password", "username": user["username"], "password": user["password"]}
    await world.switch("salesforce", trusted_network=True)  # Nothing behind the password.
    app = await world.control("POST", "/apps", callback_url=f"{world.url}/nowhere", scopes=["api", "refresh_token"])
    body |= {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}
    http = world.browser.http
    async with http.post(f"{world.salesforce}/services/oauth2/token", data=body) as response:
        assert response.status == 200, await response.text()
        token = (await response.json())["access_token"]
    url = f"{world.salesforce}/services/data/v67.0/sobjects/Lead/{lead}"
    headers = {"Authorization": f"Bearer {token}"}
    async with http.patch(url, json={"Title": "By the sync user"}, headers=headers) as response:
        assert response.status == 204, await response.text()


async def rows(world: World, integration: str, type_: str) -> list[Json]:
    """Answer the rows of a type."""
    return [row for row in await world.log(integration) if row["type"] == type_]
