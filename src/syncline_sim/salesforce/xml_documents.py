"""The documents of the REST API in XML, and records that are sent in XML.

Facts: the roots and their parts as the vendor's own people and public clients show them; what nobody shows, such as
`updated` and composite calls, has no XML here.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from syncline_sim import xml_reader, xml_writer
from syncline_sim.salesforce import objects
from syncline_sim.salesforce.failure import SalesforceError

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_NIL = f"{{{_INSTANCE}}}nil"
#: What a list holds, where the vendor names each of its members.
_MEMBERS = {"Errors": "Error", "Versions": "Version"}
_QUERY, _RESULT, _RECORD = "QueryResult", "Result", ""
_ROOTS: tuple[tuple[str, str, str], ...] = (
    ("GET", r"", "urls"),
    ("GET", r"/sobjects", "DescribeGlobal"),
    ("GET", r"/sobjects/(\w+)(/describe)?", _RECORD),
    ("POST", r"/sobjects/(\w+)", _RESULT),
    # An id, as nothing else has its length.
    ("GET", r"/sobjects/(\w+)/(\w{15}|\w{18})", _RECORD),
    ("PATCH", r"/sobjects/(\w+)/(\w{15}|\w{18})", _RESULT),
    ("GET", r"/sobjects/(\w+)/[^/]+/[^/]+", _RECORD),
    ("PATCH", r"/sobjects/(\w+)/[^/]+/[^/]+", _RESULT),
    ("DELETE", r"/sobjects/.+", _RESULT),
    ("GET", r"/query(All)?(/[^/]+)?", _QUERY),
    ("GET", r"/limits", "LimitsSnapshot"),
)


def root(method: str, path: str) -> str | None:
    """Answer what the answer to a call is called in XML, None when it has none; records go by their object."""
    for name, pattern, found in _ROOTS:
        if name == ("GET" if method == "HEAD" else method) and (match := re.fullmatch(f"{pattern}/?", path)):
            return found or _object(match[1])
    return None


def write(name: str, document: object) -> bytes:
    """Write a document under a name."""
    content = {_MEMBERS[name]: document} if name in _MEMBERS else document
    text = "".join(_elements(name, content))
    if "xsi:nil" in text:
        text = text.replace(f"<{name}", f'<{name} xmlns:xsi="{_INSTANCE}"', 1)
    return f"{_HEAD}{text}".encode()


def read(path: str, body: bytes) -> dict[str, Any]:
    """Read a record that is sent to a path; raises `SalesforceError` 400."""
    try:
        record = xml_reader.read(body)
    except xml_reader.XmlError as error:
        raise SalesforceError(400, "XML_PARSER_ERROR", f"The request body is not XML: {error}") from None
    return dict(_values(path.split("/")[2], record))


def _object(name: str) -> str:
    spec = objects.BY_NAME.get(name.lower())
    return spec.name if spec else name


def _elements(name: str, value: object) -> Iterator[str]:
    match value:
        case list():
            for each in value:
                yield from _elements(name, each)
        case dict():
            told = value.get("attributes") if isinstance(value.get("attributes"), dict) else {}
            marks = "".join(f' {key}="{xml_writer.text(each)}"' for key, each in (told or {}).items())
            parts = (_elements(key, each) for key, each in value.items() if key != "attributes")
            yield f"<{name}{marks}>{''.join(itertools.chain.from_iterable(parts))}</{name}>"
        case None:
            yield f'<{name} xsi:nil="true"/>'
        case _:
            yield f"<{name}>{xml_writer.text(value)}</{name}>"


def _values(object_name: str, record: Element) -> Iterator[tuple[str, Any]]:
    spec = objects.BY_NAME.get(object_name.lower())
    fields: Mapping[str, Any] = spec.by_name if spec else {}
    for child in record:
        name, text = child.tag.rpartition("}")[2], child.text or ""
        if len(child):
            yield name, dict(_values("", child))
        elif child.get(_NIL) in ("true", "1"):
            yield name, None
        elif name.lower() in fields and fields[name.lower()].type == "boolean":
            yield name, {"true": True, "false": False}.get(text.strip().lower(), text)
        else:
            yield name, text
