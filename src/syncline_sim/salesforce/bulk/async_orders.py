"""What a client orders of Bulk API 1.0 when it creates or changes a job: in XML or in JSON."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim import xml_reader
from syncline_sim.salesforce import ids
from syncline_sim.salesforce.bulk import orders
from syncline_sim.salesforce.bulk.async_forms import NAMESPACE
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.visibility import visible_object

if TYPE_CHECKING:
    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.salesforce.orgs import User

QUERIES = ("query", "queryAll")
_WRITES = ("insert", "update", "upsert", "delete", "hardDelete")
_CONTENT_TYPES, _MODES = ("CSV", "XML", "JSON"), ("Parallel", "Serial")
_USUAL_CHUNK, _LARGEST_CHUNK = 100_000, 250_000


def document(body: bytes, *, as_json: bool) -> Mapping[str, Any]:
    """Read the properties of a job; raises `SalesforceError`."""
    if as_json:
        try:
            return orders.document(body)
        except SalesforceError as error:
            raise SalesforceError(400, "ClientInputError", error.message) from None
    try:
        root = xml_reader.read(body)
    except xml_reader.XmlError as error:
        raise SalesforceError(400, "InvalidXml", f"The request body is not XML: {error}") from None
    if root.tag != f"{{{NAMESPACE}}}jobInfo":
        raise SalesforceError(400, "InvalidXml", f"Expected jobInfo of {NAMESPACE}, found {root.tag}")
    return {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in root}


def job(user: "User", sent: Mapping[str, Any], chunking: str) -> dict[str, object]:
    """Answer a job by the names of its columns; `chunking` is a header of the call. Raises `SalesforceError`."""
    operation, kind = orders.text(sent, "operation"), orders.text(sent, "contentType") or "XML"
    mode = orders.text(sent, "concurrencyMode") or "Parallel"
    if operation not in (*QUERIES, *_WRITES):
        raise _invalid(f"Invalid operation: {operation}")
    if kind not in _CONTENT_TYPES:
        raise _invalid(f"Unsupported content type: {kind}")
    if mode not in _MODES:
        raise _invalid(f"Invalid concurrency mode: {mode}")
    if orders.text(sent, "assignmentRuleId"):  # There are no rules in these orgs.
        raise _invalid(f"Invalid assignment rule id: {orders.text(sent, 'assignmentRuleId')}")
    spec = _read(user, sent) if operation in QUERIES else orders.subject(user, sent)
    orders.permit(user, operation)
    size, start = _chunks(user, spec, chunking) if operation in QUERIES else (0, "")
    return {
        "operation": operation,
        "object": spec.name,
        "external_id_field": orders.key(spec, operation, sent),
        "content_type": kind,
        "concurrency": mode,
        "chunk_size": size,
        "chunk_start": start,
    }


def _read(user: "User", sent: Mapping[str, Any]) -> "ObjectSpec":
    name = orders.text(sent, "object")
    try:
        return visible_object(user, name)
    except SalesforceError:
        raise _invalid(f"Unable to find object: {name}") from None


def _chunks(user: "User", spec: "ObjectSpec", header: str) -> tuple[int, str]:
    """Read `Sforce-Enable-PKChunking`, such as `chunkSize=50000; startRow=00Q…; parent=Lead` or `true`."""
    settings = dict(_setting(part) for part in re.split("[;,]", header) if part.strip())
    if not settings or settings.get("false") == "":
        return 0, ""
    size, start = settings.get("chunksize", str(_USUAL_CHUNK)), settings.get("startrow", "")
    if not size.isdecimal() or not 1 <= int(size) <= _LARGEST_CHUNK:
        raise _invalid(f"Invalid chunk size: {size}, it has to be from 1 to {_LARGEST_CHUNK}")
    if start and not ids.meant(start).startswith(spec.key_prefix):
        raise _invalid(f"Invalid start row: {start}")
    if "parent" in settings:  # It means something for histories and shares only, of which there are none.
        _read(user, {"object": settings["parent"]})
    return int(size), ids.meant(start)


def _setting(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip()


def _invalid(message: str) -> SalesforceError:
    return SalesforceError(400, "InvalidJob", message)
