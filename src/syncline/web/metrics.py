"""What is counted: few series, with labels from closed sets only, so that no id or secret can become one."""

from collections import Counter
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from syncline.checkpoints.signing import Standing
from syncline.forwarding import State
from syncline.store.record import Outcome
from syncline.store.subscriptions import Subscription

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Series:
    """A counter with labels; a dictionary, since the package's own costs a lock or two per event."""

    __slots__ = ("counts", "labels", "name", "text")

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self.name, self.text, self.labels = name, text, labels
        self.counts: dict[tuple[str, ...], int] = {}

    def count(self, *labels: str) -> None:
        self.counts[labels] = self.counts.get(labels, 0) + 1


def _forwarded(states: Sequence[State]) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
    """Answer the series of the places that the log is forwarded to, by the operator's names for them."""
    name, labels = "syncline_forwarding", ("destination",)
    waiting = GaugeMetricFamily(f"{name}_waiting_rows", "Rows of the log that have not arrived.", labels=labels)
    lag = GaugeMetricFamily(f"{name}_lag_seconds", "Age of the oldest of them.", labels=labels)
    rows = CounterMetricFamily(f"{name}_rows", "Rows delivered, repetitions too.", labels=labels)
    failures = CounterMetricFamily(f"{name}_failures", "Deliveries that failed.", labels=labels)
    for state in states:
        destination = (state.destination.name,)
        waiting.add_metric(destination, state.standing.waiting)
        lag.add_metric(destination, state.lag)
        rows.add_metric(destination, state.delivered)
        failures.add_metric(destination, state.failures)
    yield from (waiting, lag, rows, failures)


def _checkpoints(standing: Standing) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
    """Answer the series of checkpoints and of the places outside, by their kinds."""
    name, labels = "syncline_checkpoint", ("place",)
    yield GaugeMetricFamily(f"{name}_rows", "Rows that the newest checkpoint covers.", standing.size)
    yield GaugeMetricFamily(f"{name}_timestamp_seconds", "When it was signed; 0: never.", standing.at / 1_000_000)
    yield GaugeMetricFamily(f"{name}_waiting_rows", "Rows that no checkpoint covers yet.", standing.waiting)
    contradicts = float(bool(standing.contradiction))
    yield GaugeMetricFamily(f"{name}_contradiction", "1: the log is not what was signed for.", contradicts)
    left = GaugeMetricFamily(f"{name}_place_waiting", "Checkpoints that a place has not got.", labels=labels)
    failures = CounterMetricFamily(f"{name}_place_failures", "Tries to bring it some that failed.", labels=labels)
    for kind, (waiting, failed, _) in standing.places.items():
        left.add_metric((kind,), waiting)
        failures.add_metric((kind,), failed)
    yield from (left, failures)


def _told(found: Sequence[Subscription]) -> Iterator[GaugeMetricFamily]:
    """Answer the series of subscriptions, by how they stand."""
    standings = ("failing" if each.failing_since else "on" if each.kept.enabled else "off" for each in found)
    counts = {"on": 0, "failing": 0, "off": 0} | Counter(standings)
    standing = GaugeMetricFamily("syncline_subscriptions", "Subscriptions by how they stand.", labels=("standing",))
    for name, count in counts.items():
        standing.add_metric((name,), count)
    waiting = sum(each.waiting for each in found)
    yield from (standing, GaugeMetricFamily("syncline_deliveries_waiting", "Deliveries that have not ended.", waiting))


class Metrics(Collector):
    """The counters of one process, in a registry of their own; used on the loop's thread only."""

    def __init__(self) -> None:
        """Start from zero."""
        self._requests = _Series("syncline_requests", "Requests answered.", "route", "status")
        self._events = _Series("syncline_events", "Events recorded.", "type", "disposition")
        self._hooks = _Series("syncline_hooks_refused", "Signed events refused at the door.", "problem")
        self._under_way: Sequence[tuple[str, str, int]] = ()
        self._forwarding: Sequence[State] = ()
        self._subscriptions: Sequence[Subscription] = ()
        self._standing = Standing()
        self._index_lag: int | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def count_request(self, route: str, status: int) -> None:
        """Count an answer by its route's template and its class of status."""
        self._requests.count(route, f"{status // 100}xx")

    def count_event(self, outcome: Outcome) -> None:
        """Count an event by what became of it; fit to be an engine's watcher.

        The type is closed too: a person's and a hook's are checked, the others are our own. How effects end shows
        here, since each end is an event.
        """
        self._events.count(outcome.type, outcome.disposition)

    def count_refused_hook(self, problem: str) -> None:
        """Count a signed event that was refused before it became one."""
        self._hooks.count(problem)

    def write(self, effects: Sequence[tuple[str, str, int]], index_lag: int | None = None) -> bytes:
        """Answer all series in the text format of Prometheus, with the effects (name, status, number) under way.

        `index_lag` is how many rows the search index lacks; None when there is no index.
        """
        self._under_way, self._index_lag = effects, index_lag
        return generate_latest(self._registry)

    def tell_checkpoints(self, standing: Standing) -> None:
        """Take how it stands with checkpoints, for what is written next."""
        self._standing = standing

    def tell_forwarding(self, states: Sequence[State]) -> None:
        """Take how the places do that the log is forwarded to, for what is written next."""
        self._forwarding = states

    def tell_subscriptions(self, found: Sequence[Subscription]) -> None:
        """Take the subscriptions and how each is doing, for what is written next."""
        self._subscriptions = found

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Answer the series as the package wants them."""
        yield from _forwarded(self._forwarding)
        yield from _checkpoints(self._standing)
        yield from _told(self._subscriptions)
        for series in (self._requests, self._events, self._hooks):
            family = CounterMetricFamily(series.name, series.text, labels=series.labels)
            for labels, count in series.counts.items():
                family.add_metric(labels, count)
            yield family
        load = GaugeMetricFamily("syncline_effects", "Effects under way.", labels=("effect", "status"))
        for effect, status, number in self._under_way:
            load.add_metric((effect, status), number)
        yield load
        lag = GaugeMetricFamily(
            "syncline_audit_index_lag", "Rows of the log that the search index lacks; -1: no index."
        )
        lag.add_metric((), -1 if self._index_lag is None else self._index_lag)
        yield lag
