"""A share of a long log, folded by a process of its own beside the one that reads all of it.

Python proves on one processor, and folding the rows is more than half of the work. Law: whoever has asked counts the
rows that it has left to the share; if those are not as many, or nothing comes back, it folds them itself.
"""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from syncline.core.fold import Fold, advance, place_of
from syncline.store.transaction import Transaction, named_queries
from syncline.store.truncations import Base, bases, let_go

_ROWS_PER_STEP = 256
#: Integrations are told apart by the last letter of their id: five of eight go to the share, since whoever reads all
#: rows also makes the tree.
_PARTS = 3
_USAGE = 2


class Share(msgspec.Struct, frozen=True):
    """What the rows of a share have led to; the first fault of each integration with the `seq` at which it shows."""

    rows: int
    folds: dict[str, Fold]
    faults: dict[str, tuple[int, str]]


def is_shared(integration: object) -> bool:
    """Whether an integration's rows are folded by the share; the query `scan_share` says the same."""
    return isinstance(integration, str) and integration != "" and ord(integration[-1]) % _PARTS > 0


def begun(base: Base) -> Fold:
    """Answer a chain of which the first rows were let go."""
    return Fold(base.seq, base.hash, base.state, base.state_seq, base.context.encode())


class Running:
    """The process of a share."""

    def __init__(self, path: Path, *, after: int, through: int) -> None:
        """Start it on the rows behind `after` and up to `through`."""
        arguments = (sys.executable, "-P", "-m", "syncline.store.share", str(path.absolute()), str(after), str(through))
        # In a group of its own: Ctrl-C is for whoever shows the progress, who then ends this one (`stop`).
        self._process = subprocess.Popen(  # noqa: S603  ourselves
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, process_group=0
        )

    def result(self) -> Share | None:
        """Wait for what it has found; None when it has not come to its end."""
        output, _ = self._process.communicate()
        if self._process.returncode:
            return None
        try:
            return msgspec.msgpack.decode(output, type=Share)
        except msgspec.DecodeError:
            return None

    def stop(self) -> None:
        """End it, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def fold_share(tx: Transaction, *, after: int, through: int) -> Share:
    """Fold the rows of the share."""
    folds = {base.integration: begun(base) for base in bases(tx) if is_shared(base.integration)}
    faults: dict[str, tuple[int, str]] = {}
    rows, cursor = 0, tx.scan_share(after=after, through=through)
    while block := cursor.fetchmany(_ROWS_PER_STEP):
        rows += len(block)
        for row in block:
            integration = row[0]
            fold = folds.get(integration)
            if fold is None:
                fold = folds[integration] = Fold()
            elif fold.fault:
                continue
            advance(fold, row)
            if fold.fault:
                faults[integration] = (place_of(fold, row), fold.fault)
    return Share(rows, folds, faults)


def main(path: str, after: str, through: str) -> int:
    """Fold the share and write it to standard output; answers the exit code."""
    with closing(sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        tx = Transaction(connection, named_queries("sqlite3"))
        if max(0, let_go(tx)) != max(0, int(after)):
            return 1  # Rows were let go since: what is asked for is not there any more.
        sys.stdout.buffer.write(msgspec.msgpack.encode(fold_share(tx, after=int(after), through=int(through))))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Whoever asked has gone away: nobody is left to be told.
    raise SystemExit(main(*sys.argv[1:]) if len(sys.argv) == 4 else _USAGE)  # noqa: PLR2004  itself and three
