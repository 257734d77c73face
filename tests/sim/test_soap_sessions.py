"""SOAP calls about the session, with the bytes of a public client that logs out by them."""

import pytest

from syncline_sim.app import Simulation
from tests.sim.person import Person
from tests.sim.raw_calls import RawAnswer, say
from tests.sim.test_soap import PARTNER, USER, envelope, login, post

ENVELOPE = (
    '<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"><se:Header>'
    f'<SessionHeader xmlns="{PARTNER}"><sessionId>{{session}}</sessionId></SessionHeader>'
    f'</se:Header><se:Body><{{call}} xmlns="{PARTNER}"/></se:Body></se:Envelope>'
)


@pytest.fixture
async def session(simulation: Simulation, person: Person) -> str:
    """A session that was opened by SOAP."""
    _, root = await post(person, "u/64.0", envelope(login(simulation)))
    found = root.findtext(f".//{{{PARTNER}}}sessionId")
    assert found
    return found


async def call(simulation: Simulation, session: str, name: str) -> RawAnswer:
    """Make a call as jsforce writes it."""
    body = ENVELOPE.format(session=session, call=name).encode()
    lines = 'POST /services/Soap/u/64.0 HTTP/1.1\nContent-Type: text/xml\nSOAPAction: ""'
    return await say(simulation.world.urls["salesforce"], lines, body)


async def test_logout(simulation: Simulation, person: Person, session: str) -> None:
    """The end of a session is answered with an empty element, and is its end at every door."""
    assert (await person.get("/services/data/v64.0/limits", session))[0] == 200
    answer = await call(simulation, session, "logout")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=UTF-8")
    assert b"<logoutResponse></logoutResponse>" in answer.body
    assert (await person.get("/services/data/v64.0/limits", session))[0] == 401
    again = await call(simulation, session, "logout")
    assert again.status == 500
    assert b"<faultcode>sf:INVALID_SESSION_ID</faultcode>" in again.body  # jsforce looks for just this.


async def test_whose_it_is(simulation: Simulation, session: str) -> None:
    """The user and the time are told."""
    told = (await call(simulation, session, "getUserInfo")).body
    assert f"<userName>{USER}</userName>".encode() in told
    assert b"<getUserInfoResponse><result><accessibilityMode>" in told
    moment = (await call(simulation, session, "getServerTimestamp")).body
    assert b"<getServerTimestampResponse><result><timestamp>20" in moment
    assert b"Z</timestamp>" in moment
