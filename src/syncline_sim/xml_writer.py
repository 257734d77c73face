"""Texts as XML can hold them."""

import re
from xml.sax.saxutils import escape

#: What XML 1.0 has no way to write, not even escaped.
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text(value: object) -> str:
    """Answer what stands between two tags; truths are written as XML has them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_IMPOSSIBLE.sub("", str(value)))
