"""Change Data Capture, heard from the simulated org over HTTP."""

from typing import Any

import pytest
from pydantic import SecretStr

from syncline.errors import RejectedError
from syncline.providers.stream import Opened, Told
from tests.providers.salesforce.listening import change, listening, write
from tests.providers.stub import FixedSession, Stub, providers_for
from tests.providers.test_simulated import Scene, scene

__all__ = ["scene"]

_HOUR = 3600


async def test_whoever_begins_is_told_of_what_changes_from_now_on(scene: Scene) -> None:
    """And knows that what has changed before has to be read."""
    await change(scene)
    async with listening(scene) as listener:
        opened = await listener.open()
        assert (opened.followed, opened.anew, opened.refused) == (("Lead", "Contact"), ("Lead", "Contact"), {})

        ids = await change(scene, "Contact")
        (told,) = await listener.next()
        assert (told.object, told.count, told.ids, told.gap) == ("Contact", 1, tuple(ids), False)
        assert told.matters
        assert told.position.isdecimal()


async def test_whoever_comes_back_is_told_of_what_has_changed_meanwhile(scene: Scene) -> None:
    """From behind the stored place on, once, also a day later."""
    async with listening(scene) as listener:
        await listener.open()
        first = await change(scene)
        (told,) = await listener.next()
        assert told.ids == tuple(first)
    missed = await change(scene, count=3)
    await scene.control("POST /clock", {"advance": 25 * _HOUR})

    async with listening(scene, listener.session, after={"Lead": told.position}) as listener:
        assert (await listener.open()).anew == ("Contact",)
        (again,) = await listener.next()
        assert (again.count, set(again.ids)) == (3, set(missed))
        assert int(again.position) > int(told.position)


@pytest.mark.parametrize("place", ["73 hours", "424242", "no number", "-2", ""])
async def test_where_no_place_is_left_it_says_so_and_goes_on_from_now(scene: Scene, place: str) -> None:
    """What is older than 72 hours, or was never told, has to be read; never is everything told again."""
    position, session = place, await scene.log_in()
    if place == "73 hours":
        async with listening(scene, session) as listener:
            await listener.open()
            await change(scene)
            position = (await listener.next())[0].position
        await scene.control("POST /clock", {"advance": 73 * _HOUR})
    await change(scene)

    async with listening(scene, session, after={"Lead": position, "Contact": position}) as listener:
        assert (await listener.open()).anew == ("Lead", "Contact")
        ids = await change(scene)
        assert (await listener.next())[0].ids == tuple(ids)


async def test_our_own_writes_are_left_out(scene: Scene) -> None:
    """What our user writes by the API, or anybody under our name; not what that user does in the org's pages."""
    async with listening(scene) as listener:
        await listener.open()
        (lead,) = (await scene.control("GET /records?object=Lead&limit=1"))["records"]
        await write(listener.session, "Lead", lead["Id"])
        (told,) = await listener.next()
        assert (told.count, told.matters) == (0, False)
        assert told.position
        await write(listener.session, "Lead", lead["Id"], Sforce_Call_Options="client=Syncline/")
        assert not (await listener.next())[0].matters

        await write(listener.session, "Lead", lead["Id"], Sforce_Call_Options="client=Other")
        assert (await listener.next())[0].count == 1
        await change(scene, by="sync@acme.example", change={"Title": "By hand"})
        assert (await listener.next())[0].count == 1


async def test_a_gap_says_that_something_has_changed(scene: Scene) -> None:
    """Whether a change could not be told, or there were too many."""
    async with listening(scene) as listener:
        await listener.open()
        await scene.switch("salesforce", capture_gaps=True)
        await change(scene)
        (told,) = await listener.next()
        assert (told.object, told.gap, told.matters) == ("Lead", True, True)
        await scene.switch("salesforce", capture_gaps=False, capture_changes=0)
        await change(scene, "Contact")
        (told,) = await listener.next()
        assert (told.object, told.gap, told.ids) == ("Contact", True, ())


async def test_objects_that_the_org_has_not_selected_are_named(scene: Scene) -> None:
    """The others are told of."""
    await scene.control("POST /change-data-capture", {"objects": ["Contact", "Account"]})
    async with listening(scene) as listener:
        opened = await listener.open()
        assert opened.followed == ("Contact",)
        assert list(opened.refused) == ["Lead"]
        assert "not allowed" in opened.refused["Lead"]
        await change(scene, "Lead")
        await change(scene, "Contact")
        assert [told.object for told in await listener.next()] == ["Contact"]


async def test_an_org_without_it_refuses(scene: Scene) -> None:
    """That is no outage: it stays so until an admin selects the objects."""
    await scene.control("POST /change-data-capture", {"objects": []})
    async with listening(scene) as listener:
        with pytest.raises(RejectedError) as caught:
            await listener.open()
        assert caught.value.code == "salesforce.changes_unavailable"
        assert "without required permissions" in caught.value.detail


async def test_an_org_that_has_too_many_listeners_says_so(scene: Scene) -> None:
    """A limit that others have used up."""
    await scene.switch("salesforce", streaming_clients=0)
    async with listening(scene) as listener:
        with pytest.raises(RejectedError) as caught:
            await listener.open()
        assert caught.value.code == "salesforce.changes_limit"


async def test_it_goes_on_with_another_token_and_misses_nothing(scene: Scene) -> None:
    """The session ends while somebody waits, and things change before the next token comes."""
    async with listening(scene) as listener:
        await listener.open()
        await change(scene)
        await listener.next()
        await scene.control("POST /tokens/expire", {"side": "salesforce"})
        ids = await change(scene)

        (told,) = await listener.next()
        assert told.ids == tuple(ids)
        assert listener.session.refreshes == 1
        assert listener.opened[-1].anew == ("Contact",)  # Of which nothing was told yet.


async def test_it_becomes_a_client_again_when_it_was_forgotten(scene: Scene) -> None:
    """A server that restarts knows nobody."""
    await scene.switch("salesforce", streaming_timeout=0.2)
    async with listening(scene) as listener:
        await listener.open()
        await change(scene)
        await listener.next()
        await scene.control("POST /clock", {"advance": 600})
        ids = await change(scene)
        assert (await listener.next())[0].ids == tuple(ids)
        assert len(listener.opened) == 2
        assert listener.session.refreshes == 0


async def test_many_changes_are_told_together(scene: Scene) -> None:
    """What comes in one answer is one telling for each object."""
    async with listening(scene) as listener:
        await listener.open()
        ids = await change(scene, count=5)
        told = Told("Lead", "")
        while told.count < len(ids):
            (more,) = await listener.next()
            told = Told("Lead", more.position, told.count + more.count, told.ids + more.ids)
        assert set(told.ids) == set(ids)


async def test_a_token_that_stays_dead_is_an_error(scene: Scene) -> None:
    """It is renewed once, not again and again."""
    session = await scene.log_in()

    class Stubborn:
        """Answers the same dead token whatever it is told."""

        instance_url = session.instance_url
        renewed = 0

        async def access_token(self) -> SecretStr:
            return SecretStr("00Ddead!t0ken")

        async def renew(self, dead: SecretStr) -> SecretStr:
            self.renewed += 1
            return dead

    stubborn = Stubborn()
    with pytest.raises(RejectedError) as caught:
        await anext(scene.providers.source.changes.follow(stubborn, user="", after={}))
    assert caught.value.code == "salesforce.changes_unavailable"
    assert "t0ken" not in str(caught.value)
    assert stubborn.renewed == 1


def event(data: object) -> dict[str, Any]:
    """An event on the channel of leads."""
    return {"channel": "/data/LeadChangeEvent", "data": data}


def header(**members: object) -> dict[str, Any]:
    """The data of an event with this header."""
    return {"payload": {"ChangeEventHeader": members}, "event": {"replayId": 5}}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, Told("Lead", "", gap=True)),
        ({"payload": [], "event": 7}, Told("Lead", "", gap=True)),
        ({"event": {"replayId": -1}}, Told("Lead", "", gap=True)),
        (header(), Told("Lead", "5", gap=True)),
        (header(changeType="UPDATE", recordIds="00Q"), Told("Lead", "5", gap=True)),
        (header(changeType="GAP_OVERFLOW", recordIds=["000000000000000AAA"]), Told("Lead", "5", gap=True)),
        (header(changeType="UPDATE", recordIds=["001*", 7]), Told("Lead", "5", count=2)),
        (header(changeType="DELETE", recordIds=[]), Told("Lead", "5", count=1)),
        (
            header(changeType="UPDATE", recordIds=["00QHs0000000001"], changeOrigin=7, commitUser=None),
            Told("Lead", "5", count=1, ids=("00QHs0000000001MAA",)),
        ),
    ],
)
async def test_an_event_that_cannot_be_read_says_at_least_that_something_has_changed(
    stub: Stub, data: object, told: Told
) -> None:
    """Whatever stands where the vendor's pages promise something else."""
    fine = [{"channel": f"/meta/{name}", "successful": True} for name in ("handshake", "subscribe", "subscribe")]
    answers = [(200, [part | {"clientId": "c1"}]) for part in fine]
    connect = {"channel": "/meta/connect", "successful": True}
    stub.on("/cometd/66.0", *answers, (200, [event(data), {"channel": "/data/Other", "data": {}}, connect]))
    async with providers_for(stub.origin, http_timeout=2) as providers:
        stream = providers.source.changes.follow(FixedSession(stub.origin), user="", after={})
        assert isinstance(await anext(stream), Opened)
        assert await anext(stream) == (told,)
        await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
