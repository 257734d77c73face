"""Random events over a real file that loses its process between any two statements: nothing acknowledged is lost.

A crash takes the file as it lies on the disk at that moment, in the middle of a transaction, and goes on with it, as
the next process would. The dead one writes nothing any more.
"""

import asyncio
import shutil
import sqlite3
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from syncline.core.brought import Brought, Document, Erasure, SealedSecret, SettledEffect
from syncline.core.event import EVENTS, ActorKind, Event
from syncline.engine import Engine
from syncline.store import effects, log, secrets
from syncline.store.record import Outcome
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.transaction import Operation, Transaction
from syncline.store.verify import verify
from tests.store.events import RULES, birth, event

T = TypeVar("T")

NAMES = ("in_1", "in_2")
FAR = 4_000_000_000_000_000

DATA: tuple[dict[str, Any], ...] = (
    {},
    {"org_id": "00D1", "user_id": "0051", "generation": 1},
    {"org_id": "00D2", "user_id": "0051", "generation": 2},
    {"problem": "source.unreachable", "detail": "It is slow."},
)
BROUGHT: tuple[tuple[Brought, ...], ...] = (
    (),
    (SealedSecret("access_token", b"one", "dk_1", "f1"), Document("grant", {"generation": 1})),
    (SealedSecret("access_token", b"two", "dk_1", "f2"), SealedSecret("code", b"three", "dk_1", "f3")),
    (Erasure(("code",)),),
    (Erasure(),),
)


#: What an event is made of: whose it is, which of the possible ones, its data, and what comes along.
Fitting = tuple[str, int, dict[str, Any], tuple[Brought, ...]]
FITTING = st.tuples(st.sampled_from(NAMES), st.integers(0, 11), st.sampled_from(DATA), st.sampled_from(BROUGHT))


class Crash(sqlite3.OperationalError):
    """The process is gone."""


class Dying:
    """A connection that dies before or after a certain statement, and the file as it was at that moment."""

    def __init__(self, inner: sqlite3.Connection, statement: int, *, before: bool, path: Path, left: Path) -> None:
        self._inner, self._path, self._left = inner, path, left
        self._until, self._before = statement, before
        self.dead = False

    @property
    def in_transaction(self) -> bool:
        """A dead process takes nothing back either."""
        return not self.dead and self._inner.in_transaction

    def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:
        """Pass a statement on until the last one."""
        self._until -= 1
        if self.dead:
            raise Crash("dead already")
        if self._until <= 0 and self._before:
            self._die()
        cursor = self._inner.execute(sql, parameters)  # type: ignore[arg-type]
        if self._until <= 0:
            self._die()
        return cursor

    def _die(self) -> None:
        for suffix in ("", "-wal"):
            if (source := Path(f"{self._path}{suffix}")).exists():
                shutil.copy(source, f"{self._left}{suffix}")
        self.dead = True
        raise Crash("power cut")


class Crashes(RuleBasedStateMachine):
    """The service's life: events, effects, crashes, restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.lives = 0
        self.path = self.folder / "life0.sqlite3"
        self.acknowledged: list[tuple[str, Outcome]] = []
        self.store: SQLiteStore = self.runner.run(open_store(self.path))
        self.engine = Engine(self.store, RULES)
        self.keys = 0

    @initialize()
    def begin(self) -> None:
        """Two integrations are born."""
        self.send_all([birth(integration=name) for name in NAMES])

    @rule(several=st.lists(FITTING, min_size=1, max_size=5))
    def events_that_fit(self, several: list[Fitting]) -> None:
        """Things happen that mean something where the integrations are; several at once make one group."""
        self.send_all([self.fitting(*each) for each in several])

    @rule(
        name=st.sampled_from(NAMES),
        event_type=st.sampled_from(sorted(EVENTS)),
        sender=st.sampled_from(["person", "hook", "effect", "timer", "source"]),
        key=st.integers(1, 8),
        data=st.sampled_from(DATA),
        brings=st.sampled_from(BROUGHT),
        state_seq=st.none() | st.integers(0, 5),
    )
    def any_event(
        self,
        name: str,
        event_type: str,
        sender: ActorKind,
        key: int,
        data: dict[str, Any],
        brings: tuple[Brought, ...],
        state_seq: int | None,
    ) -> None:
        """Things happen that nobody expects, under keys that were used before."""
        reused = f"reused_{key}"
        self.send_all(
            [event(event_type, *brings, integration=name, key=reused, sender=sender, data=data, state_seq=state_seq)]
        )

    @rule(fails=st.booleans())
    def work(self, *, fails: bool) -> None:
        """A worker takes what is due and ends it, or gives it back."""
        for taken in self.runner.run(
            self.store.write(partial(effects.claim, now=FAR, lease="mine", lease_until=FAR, limit=9))
        ):
            if fails:
                back = partial(effects.postpone, effect=taken.id, lease="mine", due_at=FAR, error="x")
                assert self.runner.run(self.store.write(back))
                continue
            kind = event("effect.exhausted", SettledEffect(taken.id, "mine"), integration=taken.integration)
            self.send_all([kind])

    @rule(statement=st.integers(1, 25), before=st.booleans(), several=st.lists(FITTING, min_size=1, max_size=4))
    def crash(self, statement: int, several: list[Fitting], *, before: bool) -> None:
        """The process dies at some statement of a group; the senders that got no answer send again."""
        self.lives += 1
        left = self.folder / f"life{self.lives}.sqlite3"
        writer = self.store._writer
        assert writer is not None
        inner = writer._conn
        dying = Dying(inner, statement, before=before, path=self.path, left=left)
        writer._connection, writer._transaction = cast("sqlite3.Connection", dying), None
        events = [self.fitting(*each) for each in several]
        unanswered = self.send_all(events)
        writer._connection = inner
        if not dying.dead:
            writer._transaction = None
            assert unanswered == []
            return
        self.restart(left)
        self.send_all(unanswered)

    @rule()
    def restart_in_order(self) -> None:
        """The process ends as it should, and another goes on with the file."""
        self.restart(self.path)

    def restart(self, path: Path) -> None:
        """Open a file with another process's store."""
        self.runner.run(self.store.close())
        self.path = path
        self.store = self.runner.run(open_store(path))
        self.engine = Engine(self.store, RULES)
        self.runner.run(self.store.write(effects.release_all))

    def fitting(self, name: str, number: int, data: dict[str, Any], brings: tuple[Brought, ...]) -> Event:
        """Make an event that the chart knows in the state where the integration is."""
        self.keys += 1
        possible = RULES.chart.possible(self.state(name)) or ["account.saved"]
        event_type = possible[number % len(possible)]
        return event(event_type, *brings, integration=name, key=f"key_{self.keys}", data=data)

    def send_all(self, events: list[Event]) -> list[Event]:
        """Send events at once; answers those that got no answer."""

        async def gather() -> list[Outcome | BaseException]:
            return await asyncio.gather(*map(self.engine.handle, events), return_exceptions=True)

        unanswered = []
        for sent, answer in zip(events, self.runner.run(gather()), strict=True):
            if isinstance(answer, Outcome):
                self.acknowledged.append((sent.key, answer))
            else:
                unanswered.append(sent)
        return unanswered

    def read(self, operation: Operation[T]) -> T:
        """Read something from the store."""
        return self.runner.run(self.store.read(operation))

    def state(self, name: str) -> str:
        """Answer where an integration is, or is about to be born."""
        rows = self.read(partial(log.latest, wanted=log.Filter(integration=name), limit=1))
        return str(rows[0].row.to) if rows else "unconfigured"

    @invariant()
    def the_log_is_true(self) -> None:
        """Every chain, column, state and memory is proved: the state is the fold of the log."""
        report = self.read(verify)
        assert report.proved, report.faults

    @invariant()
    def what_was_acknowledged_is_there_once(self) -> None:
        """Each answer that was given stands in the log, under the number that it named, and each key has one owner."""
        rows = [entry.row for entry in self.read(partial(log.rows, wanted=log.Filter(), limit=10_000))]
        places = {(row.integration, row.seq): row for row in rows}
        assert len(places) == len(rows)
        for key, outcome in self.acknowledged:
            row = places[outcome.integration, outcome.seq]
            assert (row.key, row.type, row.disposition) == (key, outcome.type, outcome.disposition)
        owners = Counter((row.integration, row.key) for row in rows if not row.repeats)
        assert all(count == 1 for count in owners.values())

    @invariant()
    def effects_are_those_of_the_log(self) -> None:
        """An effect is there exactly when its cause is."""

        def ids(tx: Transaction) -> list[str]:
            return [each.id for name in NAMES for each in effects.effects(tx, integration=name, limit=10_000)]

        rows = self.read(partial(log.rows, wanted=log.Filter(), limit=10_000))
        assert sorted(self.read(ids)) == sorted(effect for entry in rows for effect in entry.row.effects)

    @invariant()
    def secrets_are_those_of_the_log(self) -> None:
        """The sealed secrets are what the log says was brought and not erased since."""
        for name in NAMES:
            expected: dict[str, str] = {}
            for entry in self.read(partial(log.rows, wanted=log.Filter(integration=name), limit=10_000)):
                for brought in entry.row.brought:
                    kind, _, rest = brought.partition(":")
                    if kind == "secret":
                        field, _, expected[field] = rest.partition(":")
                    elif kind == "erasure" and rest == "everything":
                        expected.clear()
                    elif kind == "erasure":
                        expected.pop(rest, None)
            stored = self.read(partial(secrets.sealed, integration=name))
            assert {field: row.fingerprint for field, row in stored.items()} == expected

    def teardown(self) -> None:
        """Close and clean up."""
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)


def live(examples: int, steps: int) -> None:
    """Run that many lives of that many steps."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    asked = settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=quiet)
    run_state_machine_as_test(Crashes, settings=asked)


@pytest.mark.slow
def test_a_few_short_lives() -> None:
    """Enough to find what is plainly wrong."""
    live(8, 20)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_long_lives() -> None:
    """Enough to believe it."""
    live(25, 60)
