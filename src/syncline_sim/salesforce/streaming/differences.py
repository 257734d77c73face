"""Long texts as events tell their changes: only the lines that are others, when that is shorter.

The rules are those of https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-data-diff.html
"""

import hashlib
import re
from difflib import SequenceMatcher

LONG = 1000
_MOST_LENGTH, _MOST_LINES = 0.5, 0.25
#: Comparing takes time by the square of this.
_MOST_COMPARED = 2000
_BREAK = re.compile(r"\r\n|\r|\n")


def difference(old: str, new: str) -> str:
    """Answer a unified diff from an old text to a new one, nothing when the whole new one is to be told."""
    if len(new) < LONG or abs(len(new) - len(old)) > _MOST_LENGTH * max(len(old), len(new)):
        return ""
    before, after = _BREAK.split(old), _BREAK.split(new)
    if len(before) + len(after) > _MOST_COMPARED:
        return ""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    changed, hunks = 0, ["--- ", f"+++ {hashlib.sha256(new.encode()).hexdigest()}"]
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            changed += b - a + d - c
            hunks.append(f"@@ -{_range(a, b)} +{_range(c, d)} @@")
            hunks += (f"-{line}" for line in before[a:b])
            hunks += (f"+{line}" for line in after[c:d])
    told = "\n".join(hunks)
    return "" if changed > _MOST_LINES * (len(before) + len(after)) or len(told) > len(new) else told


def _range(start: int, end: int) -> str:
    return f"{start + 1 if end > start else start},{end - start}"
