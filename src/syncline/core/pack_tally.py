"""What is counted and held together while a pack is made: the pack's report is written from it.

It finds what shows in the rows alone; whoever gets the pack checks more than that (verifier.py).
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from syncline.core.audit import GENESIS, UNREADABLE, chain
from syncline.core.event import SERVICE
from syncline.core.merkle import Range
from syncline.core.note import NoteError, VerifierKey, open_checkpoint


class Glance(msgspec.Struct, frozen=True, gc=False, rename={"origin": "from"}):
    """What a count needs of a row."""

    integration: str
    seq: int
    at: int
    type: str
    disposition: str
    origin: str
    to: str


class Told(msgspec.Struct):
    """A chain as far as its rows were packed."""

    seq: int = 0
    hash: bytes = GENESIS
    state: str = ""
    rows: int = 0
    last: int = 0  #: the moment of its last row


_GLANCE = msgspec.json.Decoder(Glance)


class Tally:
    """Reads what is packed, in order."""

    def __init__(self, tree: Range, chains: dict[str, Told], keys: Iterable[VerifierKey]) -> None:
        """Begin where the log begins: at nothing, or behind what was let go."""
        self.tree, self.chains, self._keys = tree, chains, tuple(keys)
        self.rows = self.hidden = self.signed = self.checkpoints = 0
        self.since = self.until = 0
        #: By type and disposition: what happened to the service, and to integrations.
        self.service: Counter[tuple[str, str]] = Counter()
        self.others: Counter[str] = Counter()
        #: The first thing that is not true; empty when there is none.
        self.fault = ""

    def read(self, position: int, hash_: bytes, content: bytes | None) -> None:
        """Read a row; without its bytes it is of a chain that is not shown."""
        if position != self.tree.size + 1:
            self._find(f"position {self.tree.size + 1} is missing")
        self.tree.extend([hash_])
        if content is None:
            self.hidden += 1
            return
        try:
            row = _GLANCE.decode(content)
        except UNREADABLE:
            self._find(f"position {position} holds no row")
            return
        self.rows += 1
        self.since, self.until = min(self.since or row.at, row.at), max(self.until, row.at)
        told = self.chains.setdefault(row.integration, Told())
        if chain(told.hash, content) != hash_ or row.seq != told.seq + 1 or row.origin != told.state:
            self._find(f"position {position} ({row.integration}, seq {row.seq}) does not follow from the row before it")
        told.seq, told.hash, told.state, told.last = row.seq, hash_, row.to, row.at
        told.rows += 1
        if row.integration == SERVICE:
            self.service[row.type, row.disposition] += 1
        else:
            self.others[row.disposition] += 1

    def hold(self, note: str) -> None:
        """Hold the rows so far against a checkpoint over as many."""
        self.checkpoints += 1
        try:
            checkpoint, _ = open_checkpoint(note, self._keys)
        except NoteError as error:
            self._find(f"a checkpoint after position {self.tree.size}: {error}")
            return
        if (checkpoint.size, checkpoint.root) == (self.tree.size, self.tree.root()):
            self.signed = checkpoint.size
        else:
            self._find(f"the rows up to {self.tree.size} do not lead to what was signed for {checkpoint.size} rows")

    def end(self, heads: dict[str, tuple[int, str, str]]) -> None:
        """Hold the chains against where they should end: seq, hash, state."""
        found = {name: (told.seq, told.hash.hex(), told.state) for name, told in self.chains.items()}
        for name in sorted(found.keys() | heads.keys()):
            if found.get(name) != heads.get(name):
                self._find(f"the log of {name} does not end where {name} stands")

    def _find(self, fault: str) -> None:
        self.fault = self.fault or fault
