"""An export takes the same memory for a short log and for a long one, in the service and in the command."""

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from syncline import main
from syncline.core.audit import GENESIS, Row, chain, encode
from syncline.core.event import Actor
from syncline.store.sqlite import open_store
from tests.acceptance.processes import Program

SHORT, LONG = 30_000, 300_000
FORMS = ("ndjson", "csv", "ocsf")
#: What the long one may take more, in KiB: allocators are not exact. All of its rows are 150 MiB and more.
TOLERANCE = 12 * 1024
CHAIN = "in_1"


def rows(count: int) -> Iterator[tuple[object, ...]]:
    """Rows of one integration, chained, as the store writes them."""
    head = GENESIS
    actor = Actor("hook", "msg", via="signature", address="203.0.113.9")
    for seq in range(1, count + 1):
        data = {"name": "Long"} if seq == 1 else {"note": "some text that belongs to the event", "number": seq}
        type_ = "integration.created" if seq == 1 else "sync.requested"
        made = Row(
            CHAIN,
            seq,
            1_795_000_000_000_000 + seq,
            type_,
            f"k{seq}",
            "unexpected",
            "unconfigured",
            "unconfigured",
            actor,
            "integration@1#000000000000",
            "0.1",
            data,
            v=2,
            digest="00" * 16,
        )
        content = encode(made)
        head = chain(head, content)
        fixed = (made.at, type_, made.key, 1, bytes(16), made.disposition, made.origin, made.to)
        yield CHAIN, seq, *fixed, content, head


def fill(folder: Path, count: int) -> None:
    """Make a data directory with a log of so many rows."""
    folder.mkdir(mode=0o700)
    asyncio.run(_migrate(folder / main.DATABASE))
    with closing(sqlite3.connect(folder / main.DATABASE)) as database, database:
        database.execute(
            "INSERT INTO integrations (id, name, state, seq, state_seq, state_since, context, chart, head, created_at) "
            "VALUES (?, 'Long', 'unconfigured', ?, 1, 0, '{}', 'integration@1#000000000000', ?, 0)",
            (CHAIN, count, bytes(32)),
        )
        database.executemany(
            "INSERT INTO audit (integration, seq, at, type, key, owns_key, digest, disposition, origin, target, "
            "content, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows(count),
        )


async def _migrate(path: Path) -> None:
    await (await open_store(path)).close()


def memory(pid: int, name: str) -> int:
    """What a process takes now (`VmRSS`) or took at most (`VmHWM`), in KiB."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def export(program: Program, form: str, target: Path) -> int:
    """Export by the command; answers what it took at most, in KiB."""
    environment = {"SYNCLINE_URL": program.facts["address"], "SYNCLINE_KEY": program.facts["admin_key"]}
    arguments = ("audit", "export", CHAIN, "--format", form, "--output", str(target))
    process = subprocess.Popen(
        [sys.executable, "-m", "syncline", *arguments], env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss


def peaks(folder: Path, count: int) -> dict[str, tuple[int, int]]:
    """What an export of so many rows takes at most, by form: more than before it in the service, all of the command."""
    data = folder / f"data-{count}"
    fill(data, count)
    log, taken = folder / f"{count}.log", {}
    program = Program("syncline", "serve", "--json", "--data", str(data), "--port", "0", log=log)
    try:
        export(program, "ocsf", folder / f"warm-{count}")
        for form in FORMS:
            target = folder / f"{count}.{form}"
            Path(f"/proc/{program.pid}/clear_refs").write_text("5")  # The peak begins anew.
            before = memory(program.pid, "VmRSS")
            command = export(program, form, target)
            taken[form] = (max(0, memory(program.pid, "VmHWM") - before), command)
            with target.open("rb") as file:
                assert sum(1 for _ in file) == count + (form == "csv")
    finally:
        assert program.stop() == 0, program.tail()
    return taken


@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform != "linux", reason="how much a process took is read from /proc")
def test_long_log_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """Ten times the rows, in each form, on both ends."""
    short, long = peaks(tmp_path, SHORT), peaks(tmp_path, LONG)
    for form in FORMS:
        for place, few, many in zip(("service", "command"), short[form], long[form], strict=True):
            assert many < few + TOLERANCE, f"{form}, {place}: {few} KiB for {SHORT} rows, {many} KiB for {LONG}"
