"""What the admin of an org lets an app and a user do together, judged at each step of a login.

Law: the doors only say which step it is; whoever is refused is told so in the words of that step.
"""

from typing import TYPE_CHECKING, Literal

from syncline_sim.salesforce import access, networks, orgs
from syncline_sim.salesforce.oauth_errors import OAuthError

if TYPE_CHECKING:
    from syncline_sim.salesforce.apps import App
    from syncline_sim.salesforce.orgs import User
    from syncline_sim.world import World

#: A browser asks for a code, a program spends it, it refreshes, or it logs in without a browser.
Step = Literal["authorize", "exchange", "refresh", "direct"]


def judge(world: "World", app: "App", user: "User", address: str, step: Step) -> None:
    """Refuse a user whom the app may not serve here and now; raises `OAuthError`."""
    if user.org_id != app.org_id and app.settings.distribution == "local":
        raise OAuthError("cross_org")
    if access.closed_by(world, orgs.find_org(world, user.org_id)):
        raise OAuthError("inactive_org")
    if user.frozen:
        raise OAuthError("authentication")
    _judge_installation(app, user, step)
    if app.settings.admin_approval and user.username not in app.settings.approved_users:
        raise OAuthError("app_denied" if step == "authorize" else "app_access")
    judge_address(world, app, user, address, step)


def judge_address(world: "World", app: "App", user: "User", address: str, step: Step) -> None:
    """Refuse an address from which the user may not log in, or the app not spend what it has; raises `OAuthError`."""
    if world.switches["salesforce"]["ip_blocked"]:
        raise OAuthError("ip")
    own = app.settings.refresh_ranges
    if own and step in ("exchange", "refresh") and not networks.inside(address, own):
        raise OAuthError("ip")
    ranges = orgs.find_org(world, user.org_id).settings.login_ranges.get(user.profile, ())
    if ranges and not _relaxed(app, address, step) and not networks.inside(address, ranges):
        raise OAuthError("ip")


def _judge_installation(app: "App", user: "User", step: Step) -> None:
    # What was approved before an app had to be installed goes on working.
    if user.org_id not in app.settings.uninstalled_in or step in ("exchange", "refresh"):
        return
    if app.settings.kind == "external":
        raise OAuthError("app_not_found")
    if not user.may("ApproveUninstalledConnectedApps"):
        raise OAuthError("approval" if step == "authorize" else "not_installed")


def _relaxed(app: "App", address: str, step: Step) -> bool:
    """Whether the login ranges of profiles do not concern this step of an app."""
    match app.settings.ip_relaxation:
        case "relax":
            return True
        case "relax_refresh":
            return step == "refresh"
        case "relax_trusted":
            return not app.settings.trusted_ranges or networks.inside(address, app.settings.trusted_ranges)
        case _:
            return False
