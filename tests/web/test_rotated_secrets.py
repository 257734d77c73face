"""Several secrets at once: while one is exchanged, and after that no longer."""

from functools import partial
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from pydantic import SecretStr

from syncline import credentials
from syncline.core.brought import SealedSecret
from syncline.errors import ConfigurationError
from syncline.store.secrets import sealed
from tests.web.doors import Answer, Doors, signed
from tests.web.senders import Caller, caller, message, notification, rotate

BODY = b'{"type":"sync.requested"}'
HOUR = 3600 * 1_000_000


async def send(doors: Doors, id_: str, secret: str, name: str) -> int:
    """Send a signed event at the site's time; answers the status."""
    headers = signed(secret, name, BODY, stamp=doors.clock() // 1_000_000)
    return (await doors.ask("POST", f"/hooks/{id_}/events", role=None, headers=headers, data=BODY)).status


@pytest.mark.case("webhooks", 11)
async def test_an_old_secret_inside_and_after_its_overlap(doors: Doors) -> None:
    """Both sign until the overlap is over, then only the new one."""
    created = await doors.create()
    id_, old = created["id"], created["hook"]["secret"]
    assert await send(doors, id_, old, "m1") == 200
    made = await rotate(doors, id_, "events", hours=2)
    assert [await send(doors, id_, secret, name) for secret, name in ((old, "m2"), (made["secret"], "m3"))] == [
        200,
        200,
    ]
    doors.clock.ahead += 2 * HOUR - 60_000_000
    assert await send(doors, id_, old, "m4") == 200
    doors.clock.ahead += 120_000_000
    assert await send(doors, id_, old, "m5") == 401
    assert await send(doors, id_, made["secret"], "m6") == 200
    doors.site.hook_keys.drop(id_)  # As after a restart: it was not only what was at hand.
    assert await send(doors, id_, old, "m7") == 401


@pytest.mark.case("webhooks", 11)
async def test_without_an_overlap_the_old_one_ends_at_once(doors: Doors) -> None:
    """As is wanted when it has leaked."""
    created = await doors.create()
    id_, old = created["id"], created["hook"]["secret"]
    assert await send(doors, id_, old, "m1") == 200
    made = await rotate(doors, id_, "events", hours=0)
    assert await send(doors, id_, old, "m2") == 401
    assert await send(doors, id_, made["secret"], "m3") == 200


async def test_several_rotations_keep_their_own_ends(doors: Doors) -> None:
    """A later one ends none later than was said, and at most five count at a time."""
    created = await doors.create()
    id_, first = created["id"], created["hook"]["secret"]
    second = (await rotate(doors, id_, "events", hours=1))["secret"]
    *_, third = [(await rotate(doors, id_, "events", hours=168))["secret"] for _ in range(3)]
    assert [await send(doors, id_, one, one[:9]) for one in (first, second, third)] == [200] * 3
    path = f"/api/integrations/{id_}/hooks/events/rotation"
    answer = await doors.ask("POST", path, body={"overlap_hours": 1})
    assert (answer.status, answer.code) == (409, "hook.too_many_secrets")
    doors.clock.ahead += HOUR
    assert [await send(doors, id_, one, one[9:18]) for one in (first, second, third)] == [401, 200, 200]
    await rotate(doors, id_, "events", hours=0)
    assert await send(doors, id_, third, "m9") == 401


async def test_what_is_said_of_the_secrets(doors: Doors) -> None:
    """By fingerprint, with their ends; the text is in the answer that made it and nowhere else."""
    id_ = (await doors.create())["id"]
    made = await rotate(doors, id_, "events", hours=3)
    answer = await doors.ask("GET", f"/api/integrations/{id_}/hooks", role="viewer")
    events, source, target = answer.json["items"]
    assert [bool(one["until"]) for one in events["secrets"]] == [False, True]
    assert events["secrets"][1]["until"] == made["former_until"]
    assert (source["name"], source["secrets"], target["header"]) == ("salesforce", [], "X-Syncline-Secret")
    row = (await doors.rows(id_))[-1]
    assert (row.row.type, row.row.data["door"]) == ("hook.rotated", "events")
    for text in (answer.text, row.content.decode(), (await doors.ask("GET", f"/i/{id_}/hooks")).text):
        assert made["secret"] not in text
    assert (await doors.ask("POST", f"/api/integrations/{id_}/hooks/nothing/rotation", body={})).status == 404


async def test_what_has_ended_is_erased(doors: Doors) -> None:
    """With the next rotation, but for the one that came with the birth, which opens nothing."""
    id_ = (await doors.create())["id"]
    for hours in (0, 0, 1):
        await rotate(doors, id_, "events", hours=hours)
        doors.clock.ahead += HOUR // 60
    fields = [name for name in await doors.store.read(partial(sealed, integration=id_)) if name.startswith("hook_")]
    assert len(fields) == 3
    assert credentials.HOOK_SECRET in fields


@pytest.mark.parametrize("door", ["salesforce", "marketo"])
async def test_an_old_address_goes_on_for_its_overlap(doors: Doors, door: str) -> None:
    """As with signatures."""
    one = await caller(doors, door)
    made = await rotate(doors, one.id, door, hours=1)
    new = Caller(doors, one.id, urlsplit(made["url"]).path, made["secret"])
    for each in (one, new):
        assert (await told(each, door)).status == 200
    doors.clock.ahead += HOUR
    assert (await told(one, door)).code == "hook.wrong_secret"
    assert (await told(new, door)).status == 200


async def told(one: Caller, door: str) -> Answer:
    """Send what a door takes."""
    if door == "salesforce":
        return await one.send(message([notification(1)]), "text/xml")
    return await one.call(b'{"event":"sync","person":1}')


async def test_a_rotation_by_the_page(doors: Doors) -> None:
    """A form without scripts; the new secret is on the page that answers it, this once."""
    id_ = (await doors.create())["id"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await doors.ask("POST", f"/i/{id_}/hooks/marketo", headers=form, data=b"overlap_hours=5")
    assert answer.status == 201
    assert f"/hooks/{id_}/marketo/" in answer.text
    assert "X-Syncline-Secret" in answer.text
    assert "Set Custom Header" in answer.text
    assert (await doors.ask("POST", f"/i/{id_}/hooks/marketo", headers=form, data=b"overlap_hours=x")).status == 422
    assert (await doors.ask("GET", f"/i/{id_}/hooks", role="viewer")).status == 200
    assert (await doors.ask("POST", f"/i/{id_}/hooks/marketo", role="viewer", headers=form, data=b"")).status == 403


async def test_a_key_that_is_being_opened_while_it_is_exchanged(doors: Doors) -> None:
    """What was read before the exchange is not kept after it."""
    id_ = (await doors.create())["id"]
    drops = doors.site.hook_keys.drops
    await rotate(doors, id_, "events", hours=1)
    doors.site.hook_keys.keep(id_, ((HMAC(b"stale", SHA256()), 0),), drops=drops)
    assert doors.site.hook_keys.find(id_) == ()


@pytest.mark.case("webhooks", 14)
@pytest.mark.parametrize("field", ["hook_secret", "hook_secret.0a1b", "source_hook.0a1b", "target_hook.0a1b"])
@pytest.mark.parametrize("text", ["", "whsec_", "whsec_AAAA"])
async def test_an_empty_secret_refuses_to_start(doors: Doors, field: str, text: str) -> None:
    """Whoever put it there, everybody could sign with it."""
    id_ = (await doors.create())["id"]
    await credentials.refuse_empty_hooks(doors.store)
    safe = await credentials.open_safe(doors.store, doors.site.vault, id_)
    await plant(doors, id_, safe.seal(field, SecretStr(text)))
    with pytest.raises(ConfigurationError) as refused:
        await credentials.refuse_empty_hooks(doors.store)
    assert (refused.value.code, id_ in refused.value.detail) == ("hook.empty_secret", True)


@pytest.mark.case("webhooks", 14)
async def test_an_empty_secret_opens_nothing(doors: Doors) -> None:
    """Also if it came there while the service runs."""
    id_ = (await doors.create())["id"]
    safe = await credentials.open_safe(doors.store, doors.site.vault, id_)
    await plant(doors, id_, safe.seal(credentials.HOOK_SECRET, SecretStr("whsec_")))
    assert await send(doors, id_, "whsec_", "m1") == 404


async def plant(doors: Doors, id_: str, secret: SealedSecret) -> None:
    """Put a secret into the database behind the service's back."""
    row = {"field": secret.field, "blob": secret.blob, "key_id": secret.key_id, "fingerprint": secret.fingerprint}
    await doors.store.write(lambda tx: tx.keep_secret(integration=id_, seq=1, at=1, **row))
