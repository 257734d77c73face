"""SOAP calls about the session itself: whose it is, what time it is, and its end.

A client that has logged in by SOAP logs out by SOAP; jsforce does.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from syncline_sim.salesforce import grants, tokens
from syncline_sim.salesforce.tokens import Login
from syncline_sim.xml_writer import text

if TYPE_CHECKING:
    from syncline_sim.world import World

Answer = Callable[["World", Login], Mapping[str, str]]


def caller(world: "World", header: Element | None, namespace: str) -> Login:
    """Answer whose session the header names; raises `SalesforceError` 401."""
    sent = "" if header is None else header.findtext(f"{{{namespace}}}SessionHeader/{{{namespace}}}sessionId", "")
    return tokens.login(world, sent.strip())


def user_info(world: "World", login: Login) -> dict[str, str]:
    """Answer what a login and `getUserInfo` say of a user."""
    return {
        "organizationId": login.org.id,
        "organizationMultiCurrency": "false",
        "organizationName": login.org.name,
        "sessionSecondsValid": str(int(world.switches["salesforce"]["session_lifetime"])),
        "userEmail": login.user.email,
        "userFullName": login.user.display_name,
        "userId": login.user.id,
        "userLanguage": "en_US",
        "userLocale": "en_GB",
        "userName": login.user.username,
        "userTimeZone": "Europe/London",
        "userType": "Standard",
    }


def elements(values: Mapping[str, str]) -> str:
    """Write values as elements."""
    return "".join(f"<{name}>{text(value)}</{name}>" for name, value in values.items())


def _time(world: "World", _: Login) -> Mapping[str, str]:
    moment = datetime.fromtimestamp(world.now(), UTC)
    return {"timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def _log_out(world: "World", login: Login) -> Mapping[str, str]:
    grants.revoke_token(world, login.token)
    return {}


#: Each answers the members of its result; a call with none has no result.
CALLS: Mapping[str, Answer] = {"getServerTimestamp": _time, "getUserInfo": user_info, "logout": _log_out}
