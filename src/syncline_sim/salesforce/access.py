"""Whether somebody who has a session may call the API: edition, permission, org, app, address, and limits.

Law: every door of the API asks here, and words the answer in its own way.
"""

from typing import TYPE_CHECKING

from syncline_sim.salesforce import apps, limits, networks
from syncline_sim.salesforce.bulk import usage
from syncline_sim.salesforce.failure import API_DISABLED, LIMIT_EXCEEDED, SESSION_INVALID, SalesforceError

if TYPE_CHECKING:
    from syncline_sim.salesforce.orgs import Org, User
    from syncline_sim.salesforce.tokens import Login
    from syncline_sim.world import World

_NOT_VALID = "This session is not valid for use with the REST API"
_FULL_ACCESS = frozenset({"api", "full"})


def enabled(world: "World", org: "Org", user: "User") -> bool:
    """Whether the org has the API and the user may use it; the vendor has one answer for both."""
    return org.has_api and user.may("ApiEnabled") and not world.switches["salesforce"]["api_disabled"]


def judge(world: "World", login: "Login", address: str) -> None:
    """Refuse a session that may not call the API from an address; raises `SalesforceError`."""
    if not login.scopes & _FULL_ACCESS or not _app_may(world, login):
        raise SalesforceError(401, "INVALID_SESSION_ID", _NOT_VALID)
    closed = closed_by(world, login.org)
    if closed:
        raise SalesforceError(403, closed, "The organization is locked, or its trial is over")
    settings = login.org.settings
    ranges = settings.login_ranges.get(login.user.profile, ())
    if settings.ip_every_request and address and ranges and not networks.inside(address, ranges):
        raise SalesforceError(401, "INVALID_SESSION_ID", SESSION_INVALID)
    if not enabled(world, login.org, login.user):
        raise SalesforceError(403, "API_DISABLED_FOR_ORG", API_DISABLED)


def closed_by(world: "World", org: "Org") -> str:
    """Answer the code of what has closed an org, nothing when it is open."""
    if org.settings.locked:
        return "ORG_LOCKED"
    ends = org.settings.trial_ends
    return "TRIAL_EXPIRED" if ends and ends <= world.now() else ""


def check_limits(world: "World", login: "Login", used: int) -> None:
    """Refuse a call that is one too many; raises `SalesforceError`."""
    switches = world.switches["salesforce"]
    if switches["api_limit_reached"] or used >= limits.daily_calls(world, login.org):
        raise SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", LIMIT_EXCEEDED)
    if switches["long_calls_elsewhere"] >= login.org.kind.long_calls:
        raise SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")


def count_call_of_app(world: "World", login: "Login") -> str:
    """Count a call of an app that has a limit of its own, and answer what is told of it; raises `SalesforceError`."""
    app = apps.find(world.db, login.consumer_key)
    if app is None or not app.settings.daily_calls:
        return ""
    name, most = f"calls of {app.consumer_key}", app.settings.daily_calls
    used = usage.used(world, login.org.id, name)
    if used >= most:
        raise SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", LIMIT_EXCEEDED)
    usage.count(world, login.org.id, name)
    return f"; per-app-api-usage={used + 1}/{most}(appName={app.name})"


def _app_may(world: "World", login: "Login") -> bool:
    """Whether the app is one by which the user may call, which an org can make depend on its admin."""
    app = apps.find(world.db, login.consumer_key)
    if app is not None and app.settings.blocked:
        return False
    if not login.org.settings.api_access_control or login.user.may("UseAnyApiClient"):
        return True
    return app is not None and app.settings.admin_approval and login.user.username in app.settings.approved_users
