"""An auditor's pack of a log of a million rows: how long it takes to make, and the single-file verifier to check."""

import asyncio
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.audit import fill
from benchmarks.measure import SCRATCH, Result, result
from syncline import verifier
from syncline.config import Settings
from syncline.key_ring import KeyFile
from syncline.main import rules
from syncline.pack import Pack, Wanted
from syncline.privacy import Privacy
from syncline.store.charts import keep_charts
from syncline.store.sqlite import open_store
from syncline.vault import Vault
from syncline.web.site import now

ROWS = 1_000_000


def measure(rows: int = ROWS) -> list[Result]:
    """Write a log as the service would, pack it, and check the pack as an auditor does."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        folder = Path(name)
        seconds = asyncio.run(_pack(folder, rows))
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-I", "-S", verifier.__file__, folder / "pack.zip"],
            capture_output=True,
            text=True,
            check=True,
        )
        checked = time.perf_counter() - begun
        assert done.stdout.startswith(f"TRUE: {rows:,} rows"), done.stdout
        size = (folder / "pack.zip").stat().st_size / 1e6
    return [
        result(f"pack of {rows:,} audit rows, {size:.0f} MB", [seconds], "s"),
        result(f"single-file verifier on {rows:,} rows", [checked], "s"),
    ]


async def _pack(folder: Path, rows: int) -> float:
    store = await open_store(folder / "syncline.sqlite3")
    try:
        decider = rules(Settings())
        await store.write(partial(keep_charts, charts=decider.all, now=now()))
        await fill(store, decider, rows)
        pack = Pack(store, Privacy(store, Vault(KeyFile(folder).read())), Wanted(), now)
        begun = time.perf_counter()
        with (folder / "pack.zip").open("wb") as file:
            async for piece in pack.pieces():
                file.write(piece)
        return time.perf_counter() - begun
    finally:
        await store.close()


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure(*map(int, sys.argv[1:]))))
