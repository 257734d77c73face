"""How Bulk API 1.0 writes jobs, batches, lists of results and refusals: in XML or in JSON.

Law: nothing says a charset but the records of a query; clients compare the other types word for word.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from syncline_sim import xml_writer
from syncline_sim.salesforce.failure import SalesforceError

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
JSON, XML, CSV = "application/json", "application/xml", "text/csv"
#: What only the JSON of a job has.
_JSON_ONLY = ("fastPathEnabled", "assignmentRuleId")
_MOMENTS = ("createdDate", "systemModstamp")
#: What checks that are shared with Bulk API 2.0 call otherwise.
_CODES = {"INVALIDENTITY": "InvalidEntity", "API_ERROR": "ClientInputError"}


def in_json(request: web.Request) -> bool:
    """Whether a call is in JSON, and so is what it is told of jobs and of errors."""
    if "Content-Type" in request.headers:
        return request.content_type == JSON
    return JSON in request.headers.get("Accept", "")


def answer(tag: str, document: Mapping[str, Any], status: int = 200, *, as_json: bool) -> web.Response:
    """Answer a job, a batch, or a list of batches under its name in XML."""
    if as_json:
        return raw(msgspec.json.encode(document), JSON, status)
    return raw(f'{HEAD}<{tag} xmlns="{NAMESPACE}">{_elements(document)}</{tag}>'.encode(), XML, status)


def results(found: Iterable[str], *, as_json: bool) -> web.Response:
    """Answer the ids of the results of a query."""
    if as_json:
        return raw(msgspec.json.encode(list(found)), JSON)
    listed = "".join(f"<result>{each}</result>" for each in found)
    return raw(f'{HEAD}<result-list xmlns="{NAMESPACE}">{listed}</result-list>'.encode(), XML)


def refusal(error: SalesforceError, *, as_json: bool) -> web.Response:
    """Answer an error."""
    # Most of those checks put the name that an error has here in front of its words.
    name, found, message = error.message.partition(" : ")
    code = name if found and name.upper() == error.code else _CODES.get(error.code, error.code)
    document = {"exceptionCode": code, "exceptionMessage": message if found else error.message}
    return answer("error", document, error.status, as_json=as_json)


def raw(body: Any, content_type: str, status: int = 200, charset: str | None = None) -> web.Response:  # noqa: ANN401 - bytes, or what writes them
    """Answer what is written already."""
    return web.Response(status=status, body=body, content_type=content_type, charset=charset)


def _elements(document: Mapping[str, Any]) -> str:
    parts: list[str] = []
    for name, value in document.items():
        if isinstance(value, list):
            parts.extend(f"<{name}>{_elements(each)}</{name}>" for each in value)
        elif value is not None and name not in _JSON_ONLY:
            parts.append(f"<{name}>{xml_writer.text(_shaped(name, value))}</{name}>")
    return "".join(parts)


def _shaped(name: str, value: object) -> object:
    return str(value).replace("+0000", "Z") if name in _MOMENTS else value
