"""The rows of a batch that writes, read from CSV, XML or JSON."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

import msgspec

from syncline_sim import xml_reader
from syncline_sim.salesforce import objects
from syncline_sim.salesforce.bulk import header
from syncline_sim.salesforce.bulk.async_forms import NAMESPACE
from syncline_sim.salesforce.bulk.header import NULL, Header
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.bulk.uploads import BadUpload

if TYPE_CHECKING:
    from syncline_sim.salesforce.query import Caller

#: Answers what a row sets, or raises `SalesforceError` because of what stands in it.
Row = Callable[[], Mapping[str, object]]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def read(who: "Caller", job: Job, body: bytes) -> list[Row]:
    """Answer the rows of a batch; raises `BadUpload` when the batch makes no sense."""
    return list(_READERS[job.content_type](who, job, body))


def _csv(who: "Caller", job: Job, body: bytes) -> Iterator[Row]:
    try:
        rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        columns = header.read(who, objects.find(job.object), job, next(rows, []))
        yield from [partial(columns.values, row) for row in rows if row]
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadUpload(f"InvalidBatch : Failed to parse CSV: {error}") from None


def _xml(who: "Caller", job: Job, body: bytes) -> Iterator[Row]:
    try:
        root = xml_reader.read(body)
    except xml_reader.XmlError as error:
        raise BadUpload(f"InvalidBatch : Failed to parse XML: {error}") from None
    if root.tag != f"{{{NAMESPACE}}}sObjects":
        raise BadUpload(f"InvalidBatch : Failed to parse XML: expected sObjects, found {root.tag}")

    @cache
    def columns(*names: str) -> Header:
        return header.read(who, objects.find(job.object), job, names)

    for record in root:
        cells = [_cell(child) for child in record]
        yield partial(columns(*(name for name, _ in cells)).values, [text for _, text in cells])


def _cell(element: Element) -> tuple[str, str]:
    """Answer name and text of an element as a column of CSV has them: `Account.Legacy_Id__c` for a nested record."""
    name = _plain(element)
    for key in element.iterfind(f"{{{NAMESPACE}}}sObject/*"):
        if _plain(key) != "type":  # It only says which object is meant where a field may lead to several.
            return f"{name}.{_plain(key)}", key.text or ""
    return name, NULL if element.get(_NIL) in ("true", "1") else element.text or ""


def _plain(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _json(_: "Caller", job: Job, body: bytes) -> Iterator[Row]:
    try:
        rows = msgspec.json.decode(body, type=list[dict[str, Any]])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BadUpload("InvalidBatch : Failed to parse the batch: it is not a JSON list of records") from None
    fields = objects.find(job.object).by_name
    # Names of fields are written as the object does; the rest is for others to refuse.
    for row in rows:
        yield partial(dict, {fields[name.lower()].name if name.lower() in fields else name: row[name] for name in row})


_READERS: Mapping[str, Callable[["Caller", Job, bytes], Iterator[Row]]] = {"CSV": _csv, "XML": _xml, "JSON": _json}
