"""What the manual says is on the log, held against the events that there are."""

import re
from pathlib import Path

from syncline.core.event import BIRTH, DOOR_EVENTS, EVENTS, SERVICE_EVENTS

ROOT = Path(__file__).parents[2]
(SECTION,) = re.findall(
    r"^## What is on the log\n(.*?)^## ",
    (ROOT / "docs" / "operating.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
CHART = (ROOT / "statecharts" / "integration.md").read_text(encoding="utf-8")


def test_every_row_of_the_service_and_of_the_doors_is_told() -> None:
    """By its name and in its words, each once, and none that there is not."""
    told = re.findall(r"^\| `([a-z_.]+)` \| ([^|]*) \| [^|]+ \|$", SECTION, re.MULTILINE)
    assert sorted(told) == sorted((name, kind.title) for name, kind in (SERVICE_EVENTS | DOOR_EVENTS).items())


def test_every_event_of_an_integration_is_told() -> None:
    """On the page of the chart, which the section points to."""
    assert "(../statecharts/integration.md)" in SECTION
    assert {name for name in EVENTS if name != BIRTH and not re.search(rf"\b{re.escape(name)}\b", CHART)} == set()


def test_every_event_that_is_named_exists() -> None:
    """In the text around the tables."""
    named = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", SECTION))
    assert named <= EVENTS.keys() | SERVICE_EVENTS.keys() | DOOR_EVENTS.keys()
