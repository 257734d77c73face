"""In which form an answer is wanted and a body is sent: JSON, or XML for what the vendor also has in XML.

Law: what `Accept` names decides; where it leaves the choice, the answer is in the form of what was sent, else in JSON.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec
from aiohttp import web

from syncline_sim.salesforce import xml_documents
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.rest.call import Call, Reply

JSON, XML = "application/json", "application/xml"
_XML_NAMES = (XML, "text/xml")
_NOT_ACCEPTABLE = 406
_BODIES = ("POST", "PATCH", "PUT")


def wanted(headers: Mapping[str, str]) -> str:
    """Answer the content type of an answer, '' when there is none that the client takes."""
    usual = XML if _sent(headers) in _XML_NAMES else JSON
    weights = dict(_weights(headers.get("Accept", "") or "*/*"))
    anything = max(weights.get("*/*", 0.0), weights.get("application/*", 0.0))
    found = {
        JSON: weights.get(JSON, anything),
        XML: max((weights[name] for name in _XML_NAMES if name in weights), default=anything),
    }
    best = max(found.values())
    return "" if not best else usual if found[usual] == best else next(name for name in found if found[name] == best)


def check(call: Call) -> str:
    """Answer the content type of the answer to a call; raises `SalesforceError` 406 or 415."""
    in_xml = xml_documents.root(call.meant_method, call.path) is not None
    sent = _sent(call.headers)
    if call.body and call.meant_method in _BODIES and sent != JSON and not (sent in _XML_NAMES and in_xml):
        message = f"Content-Type header specified in HTTP request is not supported: {sent}"
        raise SalesforceError(415, "UNSUPPORTED_MEDIA_TYPE", message)
    found = wanted(call.headers)
    if not found or (found == XML and not in_xml):
        raise SalesforceError(_NOT_ACCEPTABLE, "NOT_ACCEPTABLE", "There is no representation that you accept")
    return found


def as_json(call: Call) -> bytes:
    """Answer the body of a call as JSON; raises `SalesforceError`."""
    if call.body and _sent(call.headers) in _XML_NAMES:
        return msgspec.json.encode(xml_documents.read(call.path, call.body))
    return call.body


def answer(reply: Reply, kind: str, root: str | None) -> web.Response:
    """Answer a reply in a form that has been chosen; addresses instead of a record are not in XML."""
    if kind == XML and root and isinstance(reply.document, dict):
        response = written(reply.document, kind, root, reply.status)
        response.headers.update(reply.headers)
        return response
    return web.Response(
        status=reply.status, headers=reply.headers, body=reply.body or None, content_type=JSON, charset="UTF-8"
    )


def refusal(error: SalesforceError, headers: Mapping[str, str]) -> web.Response:
    """Answer an error in the form that is wanted; the vendor says nothing at all with a 406."""
    if error.status == _NOT_ACCEPTABLE:
        return web.Response(status=error.status)
    entries = [dict(sorted(entry.items())) for entry in error.body]
    return (
        written(entries, XML, "Errors", error.status)
        if wanted(headers) == XML
        else written(error.body, JSON, "", error.status)
    )


def written(document: object, kind: str, root: str, status: int = 200) -> web.Response:
    """Answer a document; `root` is what it is called in XML."""
    body = xml_documents.write(root, document) if kind == XML else msgspec.json.encode(document)
    return web.Response(status=status, body=body, content_type=kind, charset="UTF-8")


def _sent(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", JSON).partition(";")[0].strip().lower()


def _weights(header: str) -> Iterator[tuple[str, float]]:
    for part in header.lower().split(","):
        name, _, rest = part.partition(";")
        weight = re.search(r"(?:^|;)\s*q\s*=\s*(\d(?:\.\d+)?)", rest)
        name = name.strip()
        yield "*/*" if name == "*" else name, float(weight[1]) if weight else 1.0
