"""What an auditor's pack is made of, read in one view of the database and then page by page.

Rows are only ever added at the end, so what was there at the first look can be read in as many steps as it takes.
"""

import msgspec

from syncline.core.event import SERVICE
from syncline.core.key_trail import KEYS, KnownKeys
from syncline.errors import UnavailableError
from syncline.store.charts import charts
from syncline.store.checkpoints import tree_of
from syncline.store.integrations import documents
from syncline.store.transaction import Transaction
from syncline.store.truncations import Base, Truncation, bases, let_go, truncations


class Head(msgspec.Struct, frozen=True):
    """Where a chain ends; the hash in hexadecimal."""

    id: str
    seq: int
    head: str
    state: str


class Start(msgspec.Struct, frozen=True):
    """Where the log goes on after rows were let go."""

    through: int  #: the last position that was let go
    note: str  #: the signed record of it
    nodes: tuple[str, ...]  #: the perfect subtrees of the tree up to there, the largest first, in hexadecimal
    bases: tuple[tuple[str, int, str, str, int, str], ...]  #: as store/truncations.py hashes them


class Extent(msgspec.Struct, frozen=True):
    """What there was at a moment."""

    end: int = 0  #: the last position
    heads: tuple[Head, ...] = ()
    keys: tuple[str, ...] = ()  #: verifier keys, the present one last
    charts: dict[str, bytes] = {}
    truncations: tuple[Truncation, ...] = ()
    start: Start | None = None

    @property
    def begin(self) -> int:
        """The position before the first row."""
        return self.start.through if self.start else 0


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """A row with its place, its canonical bytes and its hash."""

    position: int
    content: bytes
    hash: bytes


def measure(tx: Transaction) -> Extent:
    """Answer what there is now."""
    (end,) = tx.find_log_end()
    found = documents(tx, integration=SERVICE).get(KEYS)
    cuts = truncations(tx)
    return Extent(
        end=end,
        heads=tuple(
            Head(name, seq, head.hex(), state) for name, seq, state, _, _, head in tx.scan_integrations(integration="")
        ),
        keys=tuple(known.key for known in msgspec.convert(found, KnownKeys).keys) if found else (),
        charts=charts(tx),
        truncations=tuple(cuts),
        start=_start(tx, cuts[-1]) if cuts else None,
    )


def packed_rows(tx: Transaction, *, extent: Extent, after: int, most: int) -> list[Packed]:
    """List rows by position, from behind `after` up to the end of the extent, at most so many.

    Raises `UnavailableError` when retention has let rows go since the extent was measured.
    """
    if let_go(tx) > extent.begin:
        raise UnavailableError("store.unavailable", "rows were let go while they were packed")
    return [Packed(*row) for row in tx.list_packed(after=after, until=extent.end, most=most)]


def packed_checkpoints(tx: Transaction, *, after: int, until: int) -> list[tuple[int, int, str]]:
    """List checkpoints (size, moment, note) over more rows than `after` and at most `until`."""
    return [tuple(row) for row in tx.list_packed_checkpoints(after=after, until=until)]


def _start(tx: Transaction, cut: Truncation) -> Start:
    nodes = tree_of(tx, size=cut.through).nodes
    return Start(cut.through, cut.note, tuple(hash_.hex() for hash_ in nodes), tuple(map(_told, bases(tx))))


def _told(base: Base) -> tuple[str, int, str, str, int, str]:
    return base.integration, base.seq, base.hash.hex(), base.state, base.state_seq, base.context
