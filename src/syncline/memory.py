"""Keeps the memory of the process, where opened secrets lie for a moment, from being written down or looked into."""

import ctypes
import resource
import sys

#: prctl(2): with 0 no core is written, not even to a program that collects them, and only root may trace the process.
_PR_SET_DUMPABLE = 4


def keep_private() -> None:
    """Write no core dump, whatever happens, and let no other process of this user look in (on Linux)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
