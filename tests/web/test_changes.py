"""How changes come, as a person reads it."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from syncline.config import Settings
from syncline.core.catalogue import CATALOGUE
from syncline.providers.salesforce.problems import PROBLEMS
from syncline.web.changes import changes_view
from tests.core.chart_file import chart

if TYPE_CHECKING:
    from syncline.web.site import Site

CHART = chart()
TOLD = {"at": 7, "objects": ["Lead", "Contact"], "positions": {"Lead": "9"}}


def said(stored: dict[str, Any] | None, state: str = "syncing.waiting", **settings: Any) -> dict[str, Any] | None:  # noqa: ANN401  as Settings
    """Answer what is said of an integration of a service with these settings."""
    source = SimpleNamespace(objects=("Lead", "Contact"), changes=SimpleNamespace(title="Change Data Capture"))
    site = SimpleNamespace(
        engine=SimpleNamespace(rules=SimpleNamespace(chart=CHART)),
        settings=Settings(**settings),
        providers=SimpleNamespace(source=source),
        catalogue=CATALOGUE | PROBLEMS,
        public_url="https://sync.example.com",
    )
    return changes_view(cast("Site", site), state, {} if stored is None else {"changes": stored})


@pytest.mark.parametrize(
    ("stored", "settings", "by", "title"),
    [
        (None, {}, "cycle", "Changes are asked for every 5 minutes"),
        (None, {"cycle_interval": 3600}, "cycle", "Changes are asked for every hour"),
        (None, {"cycle_interval": 90}, "cycle", "Changes are asked for every 90 seconds"),
        (None, {"cycle_interval": 0.5}, "cycle", "Changes are asked for every 0.5 seconds"),
        (TOLD, {}, "stream", "Changes arrive by Change Data Capture"),
        (
            TOLD | {"objects": ["Lead"], "refused": {"Contact": "no"}},
            {},
            "stream",
            "Changes arrive by Change Data Capture, those of Contact every 5 minutes",
        ),
        (TOLD, {"follow_changes": False}, "cycle", "Changes are asked for every 5 minutes"),
    ],
)
def test_one_sentence_says_it(stored: dict[str, Any] | None, settings: dict[str, Any], by: str, title: str) -> None:
    """As they happen or by the cycles, and what the operator has switched off does not happen."""
    found = said(stored, **settings)
    assert found is not None
    assert (found["by"], found["title"], found["reason"]) == (by, title, "")


@pytest.mark.parametrize("code", ["salesforce.changes_unavailable", "salesforce.changes_limit", "changes.no_room"])
def test_a_reason_comes_with_its_remedy(code: str) -> None:
    """Out of the catalogue."""
    found = said({"at": 7, "reason": code, "detail": "words"})
    assert found is not None
    assert (found["by"], found["reason"], found["detail"]) == ("cycle", code, "words")
    assert found["meaning"]
    assert found["remedy"]
    assert found["url"].endswith(code)


@pytest.mark.parametrize("state", ["unconfigured", "syncing.paused", "reauthorization_required.awaiting_person"])
def test_where_nobody_syncs_nothing_is_said(state: str) -> None:
    """Changes do not come at all."""
    assert said(TOLD, state) is None
