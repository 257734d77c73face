"""What holds for all tests."""

import gc

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those begin first that may take longest, by the `timeout` they are given: nobody waits for one at the end."""
    items.sort(key=_may_take, reverse=True)


def _may_take(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0.0


def pytest_collection_finish() -> None:
    """Leave alone what is there for good: thousands of tests, which each collection of garbage would look at."""
    gc.collect()
    gc.freeze()
