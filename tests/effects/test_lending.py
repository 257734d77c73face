"""What opens a stored secret is on the log before it is opened, and the request that led there goes with everything."""

from functools import partial

from pydantic import SecretStr

from syncline.core.audit import Row
from syncline.core.event import Actor, Event
from syncline.credentials import CONSUMER_KEY, CONSUMER_SECRET, open_safe
from syncline.store.secrets import sealed
from syncline.upkeep import Upkeep
from syncline.worker import Worker
from tests.effects.world import ID, PERSON, World

APP, ACCOUNT = ("consumer_key", "consumer_secret"), ("client_id", "client_secret")


def fields(row: Row) -> tuple[str, ...]:
    """Answer the names of the secrets that a row says were opened."""
    return tuple(one.split(":")[1] for one in row.brought if one.startswith("lent:"))


async def save_credentials(world: World, request: str) -> None:
    """Save Consumer Key and Secret by a request."""
    safe = await open_safe(world.store, world.vault, ID)
    brings = safe.seal(CONSUMER_KEY, SecretStr("key")), safe.seal(CONSUMER_SECRET, SecretStr("secret"))
    now = world.tools.now()
    await world.engine.handle(Event(ID, "credentials.saved", f"k{now}", PERSON, now, request=request, brings=brings))


async def test_each_effect_says_what_it_opens(world: World) -> None:
    """From the probe to the first run: which secrets, for which effect, by their fingerprints."""
    await world.reach("syncing.waiting")
    lent = [(row.data["to"], fields(row)) for row in await world.log("secret.lent")]
    assert lent == [
        ("probe_credentials", APP),
        ("exchange_code", APP),
        ("exchange_code", ("code", "verifier")),
        ("run_checks", ACCOUNT),
        ("preview_fields", ACCOUNT),
        ("sync_fields", ACCOUNT),
        ("sync_records", ACCOUNT),
    ]
    stored = await world.store.read(partial(sealed, integration=ID))
    (first, *_) = await world.log("secret.lent")
    assert first.brought == tuple(f"lent:{name}:{stored[name].fingerprint}" for name in APP)
    assert (first.actor.kind, first.cause) == ("effect", f"effect:{first.actor.id}")


async def test_it_is_on_the_log_before_anything_is_sent(world: World) -> None:
    """A process that dies in between leaves the row."""
    await world.reach_probing()
    seen: list[int] = []

    async def look() -> None:
        seen.append(len(await world.log("secret.lent")))

    world.source.fail("probe", look)
    await world.run()
    assert seen == [1]


async def test_the_request_goes_with_the_effect_and_its_result(world: World) -> None:
    """From the command over the opened secret to what came of it."""
    await world.reach_probing()
    await save_credentials(world, "req_one")
    await world.run()
    story = [row.type for row in await world.log() if row.request == "req_one"]
    assert story == ["credentials.saved", "secret.lent", "credentials.accepted"]


async def test_a_refresh_belongs_to_what_made_it_necessary(world: World) -> None:
    """The look of upkeep, the token that is lent, the announcement, the secret that is opened, the new tokens."""
    await world.reach("fields_synced.mapping_open")
    start = world.tools.now
    later = 8 * 86_400 * 1_000_000
    object.__setattr__(world.tools, "now", lambda: start() + later)
    assert await Upkeep(world.store, world.engine.handle, world.settings, world.tools.now).look() == 1
    (due,) = await world.log("grant.renewal_due")
    await world.run()
    story = {row.type for row in await world.log() if row.request == due.request}
    assert due.request.startswith("upkeep:")
    assert story == {"grant.renewal_due", "grant.refresh_started", "secret.lent", "grant.refreshed", "grant.lent"}


async def test_a_refresh_that_was_left_over_is_settled_by_the_start(world: World) -> None:
    """Under the id that all of the start carries."""
    await world.reach("fields_synced.mapping_open")
    generation = (await world.now()).context.generation
    await world.say("grant.refresh_started", actor=Actor("effect", "in_1.0.0"), generation=generation)
    worker = Worker(world.tools, world.engine)
    world.workers.append(worker)
    await worker.start(request="start_one")
    (lost,) = await world.log("grant.lost")
    assert (lost.request, lost.actor.kind, lost.disposition) == ("start_one", "service", "transitioned")
