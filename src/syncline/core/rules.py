"""What decides: the charts, and how long timers wait."""

from collections.abc import Mapping
from functools import cached_property

import msgspec

from syncline.core.chart import Chart
from syncline.core.event import SERVICE


class Rules(msgspec.Struct, frozen=True, dict=True):
    """What decides: the compiled charts, and the delays of the timers, in seconds."""

    chart: Chart
    delays: Mapping[str, float]
    #: The chart of the service's own log.
    service: Chart

    @cached_property
    def chart_name(self) -> str:
        """The integrations' chart as a row names it."""
        return self.chart.reference

    @cached_property
    def service_name(self) -> str:
        """The service's chart as a row names it."""
        return self.service.reference

    @property
    def all(self) -> tuple[Chart, ...]:
        """Every chart that decides."""
        return self.chart, self.service

    def chart_of(self, integration: str) -> Chart:
        """Answer the chart that decides for an integration, or for the service."""
        return self.service if integration == SERVICE else self.chart

    def name_of(self, integration: str) -> str:
        """Answer that chart as a row names it."""
        return self.service_name if integration == SERVICE else self.chart_name
