"""The addresses of SOAP, and the way of every call: version, XML, session, limit, then the operation.

Facts: a fault comes with HTTP 500; who is in is told in a header how much of the limit is used. A call that is not
covered is answered as one that the service's description does not have.
"""

import re
from typing import TYPE_CHECKING

from aiohttp import web

from syncline_sim import xml_reader
from syncline_sim.salesforce import gate, limits, networks, query, tokens, transactions, versions
from syncline_sim.salesforce.compression import compress_later
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.soap import envelope, login, queries, records, sessions
from syncline_sim.salesforce.soap.call import Answer, Call, option
from syncline_sim.salesforce.soap.envelope import NAMESPACES, PREFIX, client_fault, fault

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from syncline_sim.world import World

_OPERATIONS: dict[str, Answer] = {**sessions.ANSWERS, **queries.ANSWERS, **records.ANSWERS}
_FAULTS = {
    "MALFORMED_QUERY": "MalformedQueryFault",
    "INVALID_FIELD": "InvalidFieldFault",
    "INVALID_TYPE": "InvalidSObjectFault",
    "INVALID_QUERY_LOCATOR": "InvalidQueryLocatorFault",
}
_AT = re.compile(r"ERROR at Row:(\d+):Column:(\d+)")
_ILLEGAL = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key: "


def add_routes(app: web.Application, world: "World") -> None:
    """Mount the endpoints, which take POST only."""

    async def handle(request: web.Request) -> web.Response:
        kind, version = request.match_info["kind"], request.match_info["rest"].split("/")[0]
        if not versions.served(version):
            message = "Invalid Api version specified on URL"
            return fault(kind, "UNSUPPORTED_API_VERSION", message, of="UnexpectedErrorFault")
        try:
            header, operation = envelope.parts(await request.read())
        except xml_reader.XmlError as error:
            return client_fault(str(error))
        except web.HTTPRequestEntityTooLarge:
            message = "Maximum size of request exceeded"
            return fault(kind, "EXCEEDED_MAX_SIZE_REQUEST", message, of="UnexpectedErrorFault")
        name = envelope.local(operation.tag)
        known = kind in NAMESPACES and operation.tag == f"{{{NAMESPACES[kind]}}}{name}"
        if known and name == "login":
            return login.log_in(world, request, kind, version, header, operation)
        if not known or name not in _OPERATIONS:
            return client_fault(
                f"No operation available for request {operation.tag}, please check the WSDL for the service."
            )
        response = _answer(world, networks.source(world, request), kind, version, header, operation)
        compress_later(request, response, ("gzip",))
        return response

    app.router.add_post(f"{PREFIX}/{{kind}}/{{rest:.+}}", handle)


def _answer(
    world: "World", address: str, kind: str, version: str, header: "Element | None", operation: "Element"
) -> web.Response:
    name = envelope.local(operation.tag)
    batch = query.batch_size(f"batchSize={option(header, 'QueryOptions', 'batchSize')}")
    client = option(header, "CallOptions", "client")
    try:
        caller = Caller(world, _admitted(world, address, header), version, batch, client)
        with transactions.within(transactions.Transaction("soap", version, client)):
            body = _OPERATIONS[name](Call(caller, kind, header, operation))
    except SalesforceError as error:
        return _refused(kind, error)
    limit = {
        "current": gate.calls_today(world, caller.login.org.id),
        "limit": limits.daily_calls(world, caller.login.org),
        "type": "API REQUESTS",
    }
    told = envelope.element("LimitInfoHeader", {"limitInfo": limit})
    return envelope.answer(kind, f"<{name}Response>{body}</{name}Response>", told)


def _admitted(world: "World", address: str, header: "Element | None") -> tokens.Login:
    session = option(header, "SessionHeader", "sessionId")
    try:
        found = tokens.login(world, session)
        gate.admit(world, found, address)
    except SalesforceError as error:
        words = {"INVALID_SESSION_ID": _ILLEGAL + session, "API_DISABLED_FOR_ORG": login.API_DISABLED}
        raise SalesforceError(error.status, error.code, words.get(error.code, error.message)) from None
    return found


def _refused(kind: str, error: SalesforceError) -> web.Response:
    found, of = _AT.search(error.message), _FAULTS.get(error.code, "UnexpectedErrorFault")
    row, column = found.groups() if found else (-1, -1)
    where = "" if of == "UnexpectedErrorFault" else f"<sf:row>{row}</sf:row><sf:column>{column}</sf:column>"
    if of == "InvalidQueryLocatorFault":
        where = ""
    return fault(kind, error.code, error.message, of=of, more=where)
