"""XML from clients, read by a parser that refuses a document type, and with it every entity there could be.

Written by hand because `xml.etree` does not let its own parser refuse one, and one rule is no reason for a package.
"""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

#: More than any document of the vendor's has: ten thousand records with all their fields.
_MOST_ELEMENTS = 1_000_000
_DEEPEST = 200


class XmlError(ValueError):
    """That is no XML, XML with a document type, or too much of it."""


def read(text: bytes) -> Element:
    """Answer the root of a document, its tags as `{namespace}name`; raises `XmlError`."""
    tree = _Tree()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.builder.data
    try:
        parser.Parse(text, True)  # noqa: FBT003 - it takes no names
    except (expat.ExpatError, LookupError, ValueError) as error:  # The last two: an encoding that nobody knows.
        raise XmlError(str(error)) from None
    return tree.builder.close()


class _Tree:
    """What is read grows here, up to a limit: a few bytes of text are many of an element."""

    def __init__(self) -> None:
        self.builder = TreeBuilder()
        self._elements = self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        self._elements += 1
        self._depth += 1
        if self._elements > _MOST_ELEMENTS or self._depth > _DEEPEST:
            raise XmlError(f"more than {_MOST_ELEMENTS} elements, or elements more than {_DEEPEST} deep")
        self.builder.start(_full(tag), {_full(name): value for name, value in attributes.items()})

    def end(self, tag: str) -> None:
        """End one."""
        self._depth -= 1
        self.builder.end(_full(tag))


def _refuse(*_: object) -> None:
    raise XmlError("a document type is not allowed")


def _full(name: str) -> str:
    return "{" + name if "}" in name else name
