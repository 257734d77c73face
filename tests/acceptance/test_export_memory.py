"""An export takes the same memory for a short log and for a long one, in the service and in the command."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.long_log import CHAIN, fill
from tests.acceptance.processes import Program

SHORT, LONG = 4_000, 40_000
FORMS = ("ndjson", "csv", "ocsf")
#: What the long one may take more, in KiB: allocators are not exact. All of its rows are 20 MiB, and more as objects.
TOLERANCE = 12 * 1024


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
