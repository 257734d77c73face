"""The chart as it is shipped, for the tests of the core."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from syncline.core.chart import Chart, read_chart

PATH = Path(__file__).parents[2] / "statecharts" / "integration.v1.yaml"
SERVICE_PATH = PATH.with_name("service.v1.yaml")


@cache
def chart() -> Chart:
    """Compile the shipped chart, once for all tests of a process: it never changes, and it takes 0.2 s."""
    return read_chart(PATH)


@cache
def service_chart() -> Chart:
    """Compile the chart of the service's own log, once."""
    return read_chart(SERVICE_PATH)


def source() -> dict[str, Any]:
    """Read the shipped chart as plain YAML, a fresh copy each time."""
    read: dict[str, Any] = yaml.safe_load(PATH.read_bytes())
    return read
