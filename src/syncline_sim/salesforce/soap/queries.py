"""Queries by SOAP: what the data API answers in JSON, written as records in XML.

Facts: the partner service says the type and the id of each record before its fields, and so the id twice when it is
asked for; the enterprise service says the type in an attribute. Moments end in Z.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from syncline_sim import xml_writer
from syncline_sim.salesforce import objects, query
from syncline_sim.salesforce.soap.call import Answer, Call
from syncline_sim.salesforce.soap.envelope import element

_AGGREGATE = "AggregateResult"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000")
_SCHEMA_TYPES = {str: "xsd:string", bool: "xsd:boolean", int: "xsd:int", float: "xsd:double"}


def _query(call: Call) -> str:
    return _page(call, query.run(call.who, call.text("queryString")))


def _query_all(call: Call) -> str:
    return _page(call, query.run(call.who, call.text("queryString"), deleted_too=True))


def _query_more(call: Call) -> str:
    return _page(call, query.more(call.who, call.text("queryLocator")))


def _page(call: Call, text: str) -> str:
    document = msgspec.json.decode(text, type=dict[str, Any])
    return f'<result xsi:type="QueryResult">{"".join(_result(call.kind, document))}</result>'


def _result(kind: str, document: Mapping[str, Any]) -> Iterator[str]:
    more = document.get("nextRecordsUrl")
    yield element("done", bool(document["done"]))
    yield element("queryLocator", more.rpartition("/")[2] if more else None)
    for record in document["records"]:
        yield _record(kind, "records", record)
    yield element("size", int(document["totalSize"]))


def _record(kind: str, name: str, record: Mapping[str, Any]) -> str:
    of = str(record["attributes"]["type"])
    fields = "".join(_value(kind, of, key, value) for key, value in record.items() if key != "attributes")
    if kind == "c":
        return f'<{name} xsi:type="sf:{of}">{fields}</{name}>'
    head = element("sf:type", of) + element("sf:Id", record.get("Id"))
    return f'<{name} xsi:type="sf:sObject">{head}{fields}</{name}>'


def _value(kind: str, of: str, key: str, value: Any) -> str:  # noqa: ANN401 - whatever JSON is there
    name = f"sf:{key}"
    match value:
        case {"attributes": _}:
            return _record(kind, name, value)
        case {"records": _}:
            return f'<{name} xsi:type="QueryResult">{"".join(_result(kind, value))}</{name}>'
        case dict():  # An address, the only compound value.
            return f'<{name} xsi:type="address">{"".join(element(part, text) for part, text in value.items())}</{name}>'
        case str() if _is_moment(of, key, value):
            return element(name, value.replace("+0000", "Z"))
    if of == _AGGREGATE and value is not None:
        return f'<{name} xsi:type="{_SCHEMA_TYPES[type(value)]}">{xml_writer.text(value)}</{name}>'
    return element(name, value)


def _is_moment(of: str, key: str, value: str) -> bool:
    if of == _AGGREGATE:  # What an alias stands for is not known any longer.
        return _MOMENT.fullmatch(value) is not None
    field = objects.find(of).by_name.get(key.lower())
    return field is not None and field.type == "datetime"


ANSWERS: dict[str, Answer] = {"query": _query, "queryAll": _query_all, "queryMore": _query_more}
