"""What a start puts on the log of the service: itself, how the one before it ended, and what is different."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import syncline
from syncline.config import Settings
from syncline.core.audit import Row
from syncline.core.event import SERVICE
from syncline.core.rules import Rules
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.service_log import ServiceLog
from syncline.start import note_start
from syncline.store import log
from syncline.store.migrate import migrations
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.verify import verify
from syncline.vault import Vault
from tests.core.chart_file import chart, service_chart

RULES = Rules(chart(), {}, service_chart())
SECRET = "mk_1 canary"


@dataclass
class Installation:
    """A data directory, started again and again."""

    store: SQLiteStore
    keys: KeyFile
    clock: list[int] = field(default_factory=lambda: [0])

    async def start(self, *, stop: bool = True, **settings: Any) -> list[Row]:  # noqa: ANN401  whatever there is to set
        """Start, and stop unless it is killed; answers what the start has put on the log."""
        vault = Vault(self.keys.read())
        opened = ServiceLog(self.store, vault, Engine(self.store, RULES).handle, self._now)
        await opened.open()
        before = len(await self.rows())
        of = Settings(data=self.keys.folder, **settings)
        request = await note_start(opened, self.store, vault, of, RULES)
        new = (await self.rows())[before:]
        assert {row.request for row in new} == {request}
        if stop:
            await opened.note("service.stopped", {})
        return new

    async def rows(self) -> list[Row]:
        """Answer the log of the service."""
        found = await self.store.read(partial(log.rows, wanted=log.Filter(SERVICE), limit=100))
        return [entry.row for entry in found]

    def _now(self) -> int:
        self.clock[0] += 1
        return self.clock[0]


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Installation]:
    """An empty one."""
    store = await open_store(tmp_path / "test.sqlite3")
    yield Installation(store, KeyFile(tmp_path))
    await store.close()


def told(rows: list[Row]) -> list[str]:
    """Answer the types of rows."""
    return [row.type for row in rows]


async def test_the_first_start(made: Installation) -> None:
    """What runs, how it is set up, and which shape the database has."""
    rows = await made.start()
    assert told(rows) == ["master_key.changed", "service.started"]
    first = rows[-1]
    assert first.data | {"settings": ""} == {
        "software": syncline.__version__,
        "charts": [chart().reference, service_chart().reference],
        "settings": "",
        "migration": migrations()[-1][0],
        "after": "first",
    }
    assert first.data["settings"].startswith("sha256=")
    assert (first.origin, first.to, first.disposition) == ("stopped", "running", "transitioned")
    assert "from" not in rows[0].data


@pytest.mark.parametrize(("stop", "after"), [(True, "clean_stop"), (False, "kill")])
async def test_the_next_start_says_how_the_one_before_ended(made: Installation, stop: bool, after: str) -> None:  # noqa: FBT001  a case
    """Nothing is different, so nothing else is said, and the settings have the same digest."""
    first = await made.start(stop=stop)
    second = await made.start()
    assert told(second) == ["service.started"]
    assert second[0].data == first[-1].data | {"after": after}


async def test_other_settings_are_told_before_and_after(made: Installation) -> None:
    """One row with what is different and nothing else; the digest is another."""
    first = await made.start(concurrency=16)
    other: dict[str, Any] = {"concurrency": 3, "allow_hosts": "https://a.example https://b.example"}
    second = await made.start(**other)
    assert told(second) == ["configuration.changed", "service.started"]
    assert second[0].data["changes"] == {
        "allow_hosts": {"before": [], "after": ["https://a.example", "https://b.example"]},
        "concurrency": {"before": 16, "after": 3},
    }
    assert second[0].changed["document:configuration"].parts == ("settings.allow_hosts", "settings.concurrency")
    assert second[1].data["settings"] != first[-1].data["settings"]
    assert told(await made.start(concurrency=3, allow_hosts="https://a.example https://b.example")) == [
        "service.started"
    ]


@pytest.mark.parametrize("name", ["master_keys", "master_key_command"])
async def test_of_a_secret_only_the_fingerprint_is_seen(made: Installation, name: str) -> None:
    """Before and after: nobody can try guesses, and the same secret is known as the same."""
    await made.start()
    given: dict[str, Any] = {name: SecretStr(SECRET) if name == "master_keys" else SECRET}
    (changed, _) = await made.start(**given)
    change = changed.data["changes"][name]
    assert change["before"] == ""
    assert change["after"].startswith("fingerprint:")
    assert told(await made.start(**given)) == ["service.started"]
    stored = await made.store.read(partial(log.rows, wanted=log.Filter(SERVICE), limit=100))
    assert b"canary" not in b"".join(entry.content for entry in stored)


async def test_another_version_of_the_software_is_told(made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the number of the one before it."""
    await made.start()
    monkeypatch.setattr(syncline, "__version__", "99.0")
    (changed, started) = await made.start()
    assert changed.data["changes"]["software"]["after"] == started.data["software"] == "99.0"


async def test_a_master_key_that_was_put_there_by_hand_is_told(made: Installation) -> None:
    """Or by a rotation that was cut off before it could say so."""
    await made.start()
    before = made.keys.read().current
    after = made.keys.renew(made.keys.read()).current
    rows = await made.start()
    assert told(rows) == ["master_key.changed", "service.started"]
    assert rows[0].data == {"from": before, "to": after}
    assert (await made.store.read(verify)).faults == ()
