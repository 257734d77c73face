"""The way of every call to the data API: token, edition, permission, limit, then the endpoint.

Law: every refusal is the vendor's list of one, and every answer to a known user says how much of the limit is used.
"""

from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from syncline_sim.salesforce import access, limits, networks, tokens
from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.representation import refusal
from syncline_sim.salesforce.tokens import Login

if TYPE_CHECKING:
    from syncline_sim.world import World

PREFIX = "/services/data"
#: Orgs have no Apex classes here, which is told as the data API tells it.
_GUARDED = (f"{PREFIX}/", "/services/apexrest/")
_LOGIN = web.RequestKey("login", Login)
_HOUR = 3600
_DAY_HOURS = 24
#: How many bytes an address may have, alone and together with the headers.
_LONGEST = 16_384


def plain_path(request: web.Request) -> str:
    """Answer the path with doubled slashes made single, as the vendor takes it."""
    path = request.path
    while "//" in path:
        path = path.replace("//", "/")
    return path


def caller(request: web.Request) -> Login:
    """Answer who called; there is somebody in every handler below `/services/data/v…`."""
    return request[_LOGIN]


def guard(world: "World") -> Middleware:
    """Answer the middleware that stands before everything below `/services/data` and before Apex classes."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = plain_path(request)
        if path.rstrip("/") == PREFIX or not path.startswith(_GUARDED):  # The list of versions is for everybody.
            return await handler(request)
        headers = {}
        try:
            _measure(request)
            login = tokens.authenticate(world, request)
            headers["Sforce-Limit-Info"] = admit(world, login, networks.source(world, request))
            request[_LOGIN] = login
            response = await handler(request)
        except SalesforceError as error:
            response = refusal(error, request.headers)
        except web.HTTPException as error:
            response = refusal(_worded(request, error), request.headers)
        if not response.prepared:
            response.headers.update(headers)
        return response

    return middleware


def calls_today(world: "World", org_id: str) -> int:
    """Answer how many calls the org has made in the last 24 hours."""
    since = int(world.now() // _HOUR) - _DAY_HOURS
    query = "SELECT coalesce(sum(count), 0) FROM salesforce_api_usage WHERE org_id = ? AND hour > ?"
    counted = int(world.db.execute(query, (org_id, since)).fetchone()[0])
    return counted + int(world.switches["salesforce"]["api_calls_elsewhere"])


def count_calls(world: "World", login: Login, calls: int) -> None:
    """Write down that the org has made so many calls."""
    world.db.execute(
        """
        INSERT INTO salesforce_api_usage (org_id, hour, count) VALUES (?, ?, ?)
        ON CONFLICT (org_id, hour) DO UPDATE SET count = count + excluded.count
        """,
        (login.org.id, int(world.now() // _HOUR), calls),
    )


def _worded(request: web.Request, error: web.HTTPException) -> SalesforceError:
    match error:
        case web.HTTPNotFound():
            return SalesforceError(404, "NOT_FOUND", NOT_FOUND)
        case web.HTTPRequestEntityTooLarge():
            return SalesforceError(413, "REQUEST_ENTITY_TOO_LARGE", "The request is too large")
        case web.HTTPMethodNotAllowed():
            allowed = ",".join(sorted(error.allowed_methods))
            text = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
            return SalesforceError(405, "METHOD_NOT_ALLOWED", text)
    raise error


def _measure(request: web.Request) -> None:
    address = len(request.raw_path)
    if address > _LONGEST:
        raise SalesforceError(414, "URI_TOO_LONG", f"The URI exceeds {_LONGEST} bytes")
    if address + sum(len(name) + len(value) for name, value in request.raw_headers) > _LONGEST:
        message = f"The URI and the headers together exceed {_LONGEST} bytes"
        raise SalesforceError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", message)


def admit(world: "World", login: Login, address: str = "") -> str:
    """Let a call from an address in, count it, and answer what has been used; raises `SalesforceError`."""
    access.judge(world, login, address)
    used = calls_today(world, login.org.id)
    access.check_limits(world, login, used)
    of_app = access.count_call_of_app(world, login)
    count_calls(world, login, 1)
    return f"api-usage={used + 1}/{limits.daily_calls(world, login.org)}{of_app}"
