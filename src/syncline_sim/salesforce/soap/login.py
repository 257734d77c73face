"""The call that logs in with username, password and security token.

Facts: it ends with version 64.0 and is off in new orgs (https://help.salesforce.com/s/articleView?id=005132110).
"""

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from aiohttp import web

from syncline_sim.salesforce import access, grants, hosts, networks, orgs, passwords
from syncline_sim.salesforce.orgs import Org, User
from syncline_sim.salesforce.soap import envelope
from syncline_sim.salesforce.soap.envelope import NAMESPACES, PREFIX, Content, fault

if TYPE_CHECKING:
    from syncline_sim.world import World

API_DISABLED = "API is not enabled for this Organization or Partner"
_LAST_WITH_LOGIN = 64
_SHORT_ID = 15
#: A session of its own may do what its user may.
_SESSION_SCOPES = frozenset({"full"})
_NEW_LOCATION = (
    " Are you at a new location? When accessing Salesforce--either via a desktop client or the API--from outside of"
    " your company's trusted networks, you must add a security token to your password to log in."
)
_WRONG = "Invalid username, password, security token; or user locked out."
_MESSAGES = {
    "INVALID_LOGIN": _WRONG,
    "LOGIN_MUST_USE_SECURITY_TOKEN": _WRONG + _NEW_LOCATION,
    "LOGIN_RATE_EXCEEDED": "login rate exceeded",
    "LOGIN_DURING_RESTRICTED_DOMAIN": "The user is not allowed to log in from this IP address",
    "API_DISABLED_FOR_ORG": API_DISABLED,
}


def log_in(
    world: "World", request: web.Request, kind: str, version: str, header: Element | None, operation: Element
) -> web.Response:
    """Answer a session, or why there is none."""
    if int(version.partition(".")[0]) > _LAST_WITH_LOGIN:
        text = f"The SOAP Login operation is not available in the API version specified ({version})."
        return fault(kind, "INVALID_OPERATION", f"{text} Refer to the documentation for supported versions.")
    namespace = NAMESPACES[kind]
    scope = "" if header is None else header.findtext(f".//{{{namespace}}}organizationId", "")
    username, password = (operation.findtext(f"{{{namespace}}}{name}", "") for name in ("username", "password"))
    try:
        user = passwords.admit_program(world, username, password, networks.source(world, request))
        org = orgs.find_org(world, user.org_id)
        _check(world, request, org, user, scope.strip())
    except passwords.LoginRefusedError as error:
        return fault(kind, error.code, _MESSAGES[error.code])
    if not world.switches["salesforce"]["soap_login"]:
        text = "SOAP API login() is disabled by default in this org."
        return fault(kind, "INVALID_OPERATION", f"{text} Contact the org administrator to enable SOAP API login().")
    session = grants.open_session(world, "", user, _SESSION_SCOPES).access_token
    address = f"{hosts.instance(world, request, org)}{PREFIX}/{{kind}}/{version}/{org.id[:_SHORT_ID]}"
    result: dict[str, Content] = {
        "metadataServerUrl": address.format(kind="m"),
        "passwordExpired": False,
        "sandbox": org.is_sandbox,
        "serverUrl": address.format(kind=kind),
        "sessionId": session,
        "userId": user.id,
        "userInfo": user_info(world, org, user),
    }
    return envelope.answer(kind, envelope.element("loginResponse", {"result": result}))


def user_info(world: "World", org: Org, user: User) -> dict[str, Content]:
    """Answer what SOAP tells of a user."""
    return {
        "accessibilityMode": False,
        "chatterExternal": False,
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": 5_242_880,
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": False,
        "organizationId": org.id,
        "organizationMultiCurrency": False,
        "organizationName": org.name,
        "roleId": None,
        "sessionSecondsValid": int(world.switches["salesforce"]["session_lifetime"]),
        "userDefaultCurrencyIsoCode": None,
        "userEmail": user.email,
        "userFullName": user.display_name,
        "userId": user.id,
        "userLanguage": "en_US",
        "userLocale": "en_GB",
        "userName": user.username,
        "userTimeZone": "Europe/London",
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }


def _check(world: "World", request: web.Request, org: Org, user: User, scope: str) -> None:
    """Judge what is not the password; raises `LoginRefusedError`."""
    switches = world.switches["salesforce"]
    if not hosts.admits(world, request, org) or (scope and scope[:_SHORT_ID] != org.id[:_SHORT_ID]):
        raise passwords.LoginRefusedError("INVALID_LOGIN")
    ranges = org.settings.login_ranges.get(user.profile, ())
    if switches["ip_blocked"] or (ranges and not networks.inside(networks.source(world, request), ranges)):
        raise passwords.LoginRefusedError("LOGIN_DURING_RESTRICTED_DOMAIN")
    if not access.enabled(world, org, user):
        raise passwords.LoginRefusedError("API_DISABLED_FOR_ORG")
