"""A crash writes no memory to the disk: opened secrets lie in it."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.processes import Program

PATTERN = Path("/proc/sys/kernel/core_pattern")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="how cores are written is asked of Linux")


@pytest.fixture
def cores(tmp_path: Path) -> Iterator[Path]:
    """A folder that cores would be written to, by processes that may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def limit(pid: int) -> list[str]:
    """Answer the limits of a process on the size of its core."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line for line in lines if line.startswith("Max core file size")).split()[4:6]


def test_an_aborted_service_leaves_no_core(cores: Path) -> None:
    """Whatever the shell that started it allows; a plain process that dies so in the same place does leave one."""
    data = cores / "data"
    service = Program("syncline", "serve", "--json", "--data", str(data), "--port", "0", log=cores / "service.log")
    assert limit(service.pid) == ["0", "0"]
    os.kill(service.pid, signal.SIGABRT)
    assert service.stop() == -signal.SIGABRT
    assert [path.name for path in cores.rglob("*core*")] == []

    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    plain = subprocess.run([sys.executable, "-c", "import os; os.abort()"], stderr=subprocess.DEVNULL, check=False)
    assert plain.returncode == -signal.SIGABRT
    if PATTERN.read_text().strip() == "core" and hard:
        assert [path.name for path in cores.rglob("*core*")] != []


def test_no_other_process_may_look_in(cores: Path) -> None:
    """As the kernel sees it: the process cannot be dumped, so nobody but root traces it."""
    code = "import ctypes; from syncline import memory; memory.keep_private(); print(ctypes.CDLL(None).prctl(3))"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, cwd=cores)
    assert done.stdout.strip() == b"0"
