"""The SOAP endpoints: login with username, password and security token, and calls about the session itself.

Facts: it ends with version 64.0 and is off in new orgs (https://help.salesforce.com/s/articleView?id=005132110); a
fault comes with HTTP 500. Every other call is answered as one that the service's description does not have.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from aiohttp import web

from syncline_sim import xml_reader
from syncline_sim.salesforce import grants, hosts, orgs, passwords, soap_sessions, tokens, versions
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.orgs import Org, User

if TYPE_CHECKING:
    from syncline_sim.world import World

PREFIX = "/services/Soap"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_NAMESPACES = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}
_LAST_WITH_LOGIN = 64
_SHORT_ID = 15
#: A session of its own may do what its user may.
_SESSION_SCOPES = frozenset({"full"})
_NEW_LOCATION = (
    " Are you at a new location? When accessing Salesforce--either via a desktop client or the API--from outside of"
    " your company's trusted networks, you must add a security token to your password to log in."
)
_NO_SESSION = "Invalid Session ID found in SessionHeader: Illegal Session"
_WRONG = "Invalid username, password, security token; or user locked out."
_MESSAGES = {
    "INVALID_LOGIN": _WRONG,
    "LOGIN_MUST_USE_SECURITY_TOKEN": _WRONG + _NEW_LOCATION,
    "LOGIN_RATE_EXCEEDED": "login rate exceeded",
    "LOGIN_DURING_RESTRICTED_DOMAIN": "The user is not allowed to log in from this IP address",
    "API_DISABLED_FOR_ORG": "API is not enabled for this Organization or Partner",
}


def add_routes(app: web.Application, world: "World") -> None:
    """Mount the endpoints, which take POST only."""

    async def handle(request: web.Request) -> web.Response:
        kind, version = request.match_info["kind"], request.match_info["rest"].split("/")[0]
        if not versions.served(version):
            return fault(
                kind, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", of="UnexpectedErrorFault"
            )
        try:
            header, operation = _parts(xml_reader.read(await request.read()))
        except xml_reader.XmlError as error:
            return _client_fault(str(error))
        name = operation.tag.removeprefix(f"{{{_NAMESPACES.get(kind)}}}")
        if name in soap_sessions.CALLS:
            return _answer(world, kind, name, header)
        if name != "login":
            text = f"No operation available for request {operation.tag}, please check the WSDL for the service."
            return _client_fault(text)
        return _log_in(world, request, kind, version, header, operation)

    app.router.add_post(f"{PREFIX}/{{kind}}/{{rest:.+}}", handle)


def fault(kind: str, code: str, message: str, *, of: str = "LoginFault") -> web.Response:
    """Answer an error as SOAP says it; clients look for the code in `sf:exceptionCode` or before the colon."""
    namespace = _NAMESPACES.get(kind, _NAMESPACES["u"]).replace("urn:", "urn:fault.")
    return _envelope(
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(message)}</faultstring><detail>"
        f'<sf:{of} xsi:type="sf:{of}"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{escape(message)}</sf:exceptionMessage></sf:{of}></detail></soapenv:Fault>",
        status=500,
        namespaces={"sf": namespace},
    )


def _answer(world: "World", kind: str, name: str, header: Element | None) -> web.Response:
    namespace = _NAMESPACES[kind]
    try:
        login = soap_sessions.caller(world, header, namespace)
    except SalesforceError:
        return fault(kind, "INVALID_SESSION_ID", _NO_SESSION, of="UnexpectedErrorFault")
    result = soap_sessions.elements(soap_sessions.CALLS[name](world, login))
    inner = f"<result>{result}</result>" if result else ""
    return _envelope(f"<{name}Response>{inner}</{name}Response>", namespaces={"": namespace})


def _log_in(
    world: "World", request: web.Request, kind: str, version: str, header: Element | None, operation: Element
) -> web.Response:
    if int(version.partition(".")[0]) > _LAST_WITH_LOGIN:
        text = f"The SOAP Login operation is not available in the API version specified ({version})."
        return fault(kind, "INVALID_OPERATION", f"{text} Refer to the documentation for supported versions.")
    namespace = _NAMESPACES[kind]
    scope = "" if header is None else header.findtext(f".//{{{namespace}}}organizationId", "")
    username, password = (operation.findtext(f"{{{namespace}}}{name}", "") for name in ("username", "password"))
    try:
        user = passwords.admit_program(world, username, password)
        org = orgs.find_org(world, user.org_id)
        _check(world, request, org, user, scope.strip())
    except passwords.LoginRefusedError as error:
        return fault(kind, error.code, _MESSAGES[error.code])
    if not world.switches["salesforce"]["soap_login"]:
        text = "SOAP API login() is disabled by default in this org."
        return fault(kind, "INVALID_OPERATION", f"{text} Contact the org administrator to enable SOAP API login().")
    session = grants.open_session(world, "", user, _SESSION_SCOPES).access_token
    address = f"{hosts.instance(world, request, org)}{PREFIX}/{{kind}}/{version}/{org.id[:_SHORT_ID]}"
    result = {
        "metadataServerUrl": address.format(kind="m"),
        "passwordExpired": "false",
        "sandbox": str(org.is_sandbox).lower(),
        "serverUrl": address.format(kind=kind),
        "sessionId": session,
        "userId": user.id,
    }
    info = soap_sessions.elements(soap_sessions.user_info(world, tokens.login(world, session)))
    text = (
        f"<loginResponse><result>{soap_sessions.elements(result)}<userInfo>{info}</userInfo></result></loginResponse>"
    )
    return _envelope(text, namespaces={"": namespace})


def _check(world: "World", request: web.Request, org: Org, user: User, scope: str) -> None:
    """Judge what is not the password; raises `LoginRefusedError`."""
    switches = world.switches["salesforce"]
    if not hosts.admits(world, request, org) or (scope and scope[:_SHORT_ID] != org.id[:_SHORT_ID]):
        raise passwords.LoginRefusedError("INVALID_LOGIN")
    if switches["ip_blocked"]:
        raise passwords.LoginRefusedError("LOGIN_DURING_RESTRICTED_DOMAIN")
    if switches["api_disabled"] or not user.may("ApiEnabled"):
        raise passwords.LoginRefusedError("API_DISABLED_FOR_ORG")


def _parts(envelope: Element) -> tuple[Element | None, Element]:
    """Answer the header, if there is one, and the call; raises `XmlError`."""
    body = envelope.find(f"{{{_ENVELOPE}}}Body")
    if envelope.tag != f"{{{_ENVELOPE}}}Envelope" or body is None or not len(body):
        raise xml_reader.XmlError("a SOAP envelope with a call in its body is needed")
    return envelope.find(f"{{{_ENVELOPE}}}Header"), body[0]


def _client_fault(message: str) -> web.Response:
    return _envelope(
        f"<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>{escape(message)}</faultstring>"
        "</soapenv:Fault>",
        status=500,
    )


def _envelope(body: str, *, status: int = 200, namespaces: Mapping[str, str] | None = None) -> web.Response:
    known = {"soapenv": _ENVELOPE, "xsi": _INSTANCE, **(namespaces or {})}
    declared = "".join(f' xmlns{":" if prefix else ""}{prefix}="{name}"' for prefix, name in known.items())
    text = f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope{declared}>'
    text += f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    return web.Response(status=status, text=text, content_type="text/xml", charset="UTF-8")
