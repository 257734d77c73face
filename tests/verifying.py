"""Runs the single-file verifier as an auditor does, and takes packs apart for those who tamper with them."""

import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec

from syncline import verifier

PROGRAM = Path(verifier.__file__)


class Answer(msgspec.Struct, frozen=True):
    """How it ended, and what it said."""

    code: int
    text: str


def run(*arguments: str | Path, python: str = sys.executable) -> Answer:
    """Run the program on its own: without the environment, without anything that is installed."""
    done = subprocess.run(
        [python, "-I", "-S", "-W", "error", str(PROGRAM), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return Answer(done.returncode, done.stdout + done.stderr)


def unpack(pack: Path, folder: Path) -> Path:
    """Put the files of a pack into a folder."""
    with zipfile.ZipFile(pack) as opened:
        assert opened.testzip() is None
        opened.extractall(folder)
    return folder
