"""Public clients, unmodified: what the simulated world is judged by."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as slow: the clients block, pace themselves and log in again and again."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker("slow")
