"""Where in an answer a value is, such as `orders[0].orderDate` (page "Response Mappings")."""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import msgspec

from syncline_sim import xml_reader

_STEP = r"[\w:\- ]+(?:\[\d+\])*"
_PATH = re.compile(rf"{_STEP}(?:\.{_STEP})*", re.ASCII)
_PART = re.compile(r"[\w:\- ]+|\[\d+\]", re.ASCII)


def check(path: str) -> None:
    """Refuse what is no path; raises `ValueError`."""
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path} is no path such as orders[0].orderDate")


def read(body: bytes, response_type: str) -> Any:  # noqa: ANN401 - what JSON or XML holds
    """Answer a body as something in which a path can be looked for; raises `ValueError`."""
    if response_type == "JSON":
        return msgspec.json.decode(body)
    top = Element("")  # A path begins with the root's name, so that the root is a child too.
    top.append(xml_reader.read(body))
    return top


def find(document: Any, path: str) -> Any:  # noqa: ANN401 - as above
    """Answer what a path leads to, nothing where it leads nowhere or to more than a value."""
    found = document
    for part in _parts(path):
        found = _step(found, part)
    found = _first(found)
    if isinstance(found, Element):
        return found.text
    return None if isinstance(found, (dict, list)) else found


def _parts(path: str) -> Iterator[str | int]:
    for part in _PART.findall(path):
        yield int(part[1:-1]) if part.startswith("[") else part


def _step(at: Any, part: str | int) -> Any:  # noqa: ANN401 - as above
    if isinstance(part, int):
        return at[part] if isinstance(at, list) and part < len(at) else None
    at = _first(at)
    if isinstance(at, Element):
        return [child for child in at if child.tag.rpartition("}")[2] == part]
    return at.get(part) if isinstance(at, dict) else None


def _first(found: Any) -> Any:  # noqa: ANN401 - as above
    """Answer the one element that is meant: those that share a name are a list, also when there is one."""
    return found[0] if isinstance(found, list) and found and isinstance(found[0], Element) else found
