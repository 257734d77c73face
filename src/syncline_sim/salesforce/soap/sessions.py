"""The calls about the session itself."""

from datetime import UTC, datetime

from syncline_sim.salesforce import grants
from syncline_sim.salesforce.soap.call import Answer, Call
from syncline_sim.salesforce.soap.envelope import element
from syncline_sim.salesforce.soap.login import user_info


def _user_info(call: Call) -> str:
    login = call.who.login
    return element("result", user_info(call.who.world, login.org, login.user))


def _timestamp(call: Call) -> str:
    now = datetime.fromtimestamp(call.who.world.now(), UTC).isoformat(timespec="milliseconds")
    return element("result", {"timestamp": now.replace("+00:00", "Z")})


def _logout(call: Call) -> str:
    grants.revoke_token(call.who.world, call.who.login.token)
    return ""


ANSWERS: dict[str, Answer] = {"getUserInfo": _user_info, "getServerTimestamp": _timestamp, "logout": _logout}
