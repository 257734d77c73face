"""What both sides stand on: one database, one clock, one source of chance, and the switches.

Law: nothing here or below asks the computer for the time or for chance; what happens follows from the seed and
from what is asked of the world, in that order.
"""

import copy
import random
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from syncline_sim import mailbox
from syncline_sim.marketo import switches as marketo_switches
from syncline_sim.marketo import tables as marketo_tables
from syncline_sim.marketo.bulk import tables as bulk_tables
from syncline_sim.marketo.webhooks import tables as webhook_tables
from syncline_sim.salesforce import record_tables
from syncline_sim.salesforce import switches as salesforce_switches
from syncline_sim.salesforce import tables as salesforce_tables
from syncline_sim.salesforce.bulk import tables as salesforce_bulk_tables
from syncline_sim.salesforce.outbound import tables as outbound_tables
from syncline_sim.salesforce.streaming import tables as streaming_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncline_sim.salesforce.rest.call import Call

SIDES = ("salesforce", "marketo")
#: How many bytes of the database are in memory at most; sorting takes as much again.
_CACHE = 64 * 2**20
_DEFAULTS = {"salesforce": salesforce_switches.DEFAULTS, "marketo": marketo_switches.DEFAULTS}


class World:
    """One simulated world; `data` is the file its tables live in.

    Without one they are in memory as far as `_CACHE` goes and beyond that in a file of SQLite's own, which has no name.
    """

    def __init__(self, *, seed: int = 1, data: str = "") -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.switches: dict[str, dict[str, Any]] = copy.deepcopy(_DEFAULTS)
        #: The origins under which the sides are reached, once they listen: "salesforce", "marketo", "control".
        self.urls: dict[str, str] = {}
        #: How often everything has been emptied: what began before a reset has no business after it.
        self.resets = 0
        #: Told of each call inside a composite one; what it raises is the answer to that part.
        self.on_part: Callable[[Call], None] = lambda _: None
        #: Answers how many clients of an org listen for events.
        self.listeners: Callable[[str], int] = lambda _: 0
        #: What the main org is opened as: its edition, and whether it is a sandbox.
        self.main_org: dict[str, Any] = {}
        self._offset = 0.0
        self.db = sqlite3.connect(data, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        # A world that is lost in a power cut is made again from its seed.
        self.db.executescript(f"""
            PRAGMA page_size = 16384; PRAGMA cache_size = -{_CACHE // 1024}; PRAGMA secure_delete = OFF;
            PRAGMA journal_mode = {"WAL" if data else "MEMORY"}; PRAGMA synchronous = OFF;
        """)
        scripts = (mailbox.TABLES, salesforce_tables.TABLES, salesforce_bulk_tables.TABLES, outbound_tables.TABLES)
        others = (streaming_tables.TABLES, marketo_tables.TABLES, bulk_tables.TABLES, webhook_tables.TABLES)
        for script in (*scripts, *others):
            self.db.executescript(script)
        record_tables.create(self.db)
        self._begin_chance()

    @property
    def empty(self) -> bool:
        """Whether nobody has populated it yet."""
        return self.db.execute("SELECT 1 FROM salesforce_orgs").fetchone() is None

    def now(self) -> float:
        """Answer the world's time in seconds since the epoch."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Let time pass without waiting for it."""
        self._offset += seconds

    def word(self, length: int, alphabet: str) -> str:
        """Answer a random word: a key, a token, a code."""
        return "".join(self.random.choices(alphabet, k=length))

    def reset(self, *, seed: int | None = None) -> None:
        """Empty every table, put the clock and all switches back, and start chance from the seed again."""
        self.seed = self.seed if seed is None else seed
        self.random.seed(self.seed)
        self.resets += 1
        self._offset = 0.0
        for side, defaults in _DEFAULTS.items():
            self.switches[side].clear()
            self.switches[side].update(copy.deepcopy(defaults))
        for (name,) in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            self.db.execute(f'DELETE FROM "{name}"')  # noqa: S608 - the name is from the database's own list

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def _begin_chance(self) -> None:
        """Draw other tokens after each start: those of earlier ones are still in the file."""
        starts = self.db.execute("PRAGMA user_version").fetchone()[0]
        self.db.execute(f"PRAGMA user_version = {starts + 1}")
        self.random.seed(f"{self.seed}:{starts}" if starts else self.seed)
