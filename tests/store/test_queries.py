"""The queries: each has a name of its own, for a later one would silently take the place of an earlier one."""

import re
from collections import Counter
from pathlib import Path

from syncline.store import transaction

FOLDER = Path(transaction.__file__).parent / "queries"


def test_names_of_queries_are_unique() -> None:
    """All files are loaded into one set of names."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.sql"))]
    names = Counter(name for text in texts for name in re.findall(r"^-- name: (\w+)", text, re.MULTILINE))
    assert {name for name, count in names.items() if count > 1} == set()
    assert len(names) > 50
