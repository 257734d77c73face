"""Record ids in one form: the 18 characters that are the same record whatever the letter case."""

import re

_SHORT = 15
_FORM = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_IDENTITY_PATH = re.compile(r"/id/(00D[0-9A-Za-z]{12,15})/(005[0-9A-Za-z]{12,15})")


def full(identifier: str) -> str:
    """Answer the 18-character form of a 15- or 18-character id, '' for anything else.

    The last three characters say which of the first fifteen are capitals, five in each.
    """
    if not _FORM.fullmatch(identifier):
        return ""
    if len(identifier) > _SHORT:
        return identifier
    chunks = (identifier[at : at + 5] for at in range(0, _SHORT, 5))
    return identifier + "".join(_SUFFIX[sum(1 << i for i, c in enumerate(chunk) if c.isupper())] for chunk in chunks)


def named_in(identity_path: str) -> tuple[str, str]:
    """Answer org and user that the path of an identity URL names, ('', '') when it names none."""
    found = _IDENTITY_PATH.fullmatch(identity_path)
    return (full(found[1]), full(found[2])) if found else ("", "")
