"""What is counted: few series, with labels from closed sets only, so that no id or secret can become one."""

from prometheus_client import CollectorRegistry, Counter, generate_latest

from syncline.store.record import Outcome

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        """Start from zero."""
        self._registry = CollectorRegistry()
        self._requests = self._counter("syncline_requests", "Requests answered.", "route", "status")
        self._events = self._counter("syncline_events", "Events recorded.", "disposition")
        self._effects = self._counter(
            "syncline_effects", "Effects that ended or were tried again.", "effect", "outcome"
        )
        self._refused_hooks = self._counter("syncline_hooks_refused", "Hook requests refused at the door.", "problem")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def count_request(self, route: str, status: int) -> None:
        """Count an answer by its route's template and its class of status."""
        self._requests.labels(route, f"{status // 100}xx").inc()

    def count_event(self, outcome: Outcome) -> None:
        """Count an event by what became of it; fit to be an engine's watcher."""
        self._events.labels(outcome.disposition).inc()

    def count_effect(self, effect: str, outcome: str) -> None:
        """Count an effect by its name and one of `done`, `retried`, `dead`, `released`."""
        self._effects.labels(effect, outcome).inc()

    def count_refused_hook(self, problem: str) -> None:
        """Count a hook request that was refused before it became an event."""
        self._refused_hooks.labels(problem).inc()

    def write(self) -> bytes:
        """Answer all series in the text format of Prometheus."""
        return generate_latest(self._registry)
