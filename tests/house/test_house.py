"""The rules of the house that no linter knows: sizes, names, what is generated, and what must not be in a file."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncline.charts import CURRENT, chart_folder
from syncline.core.chart import read_chart
from syncline.core.diagram import write_document
from syncline.core.xstate import export_xstate

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
LARGEST = 300
#: The verifier is one file by what it is for: an auditor reads it from top to bottom and runs it.
LARGER = {"syncline/verifier.py": 450}

#: Outside these, no code of the product knows a provider's name. Comments and docstrings do not count.
KNOW_PROVIDERS = {
    "providers": "they are the providers",
    "cli/demo": "it plays the person who uses the simulated ones",
    "config.py": "the callback's path and the settings of one provider's rate",
}
PROVIDERS = re.compile(r"salesforce|(?<!settings\.)marketo", re.IGNORECASE)


def tracked() -> list[Path]:
    """Every file that a commit would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def code(path: Path) -> Iterator[tuple[int, str]]:
    """Each line of a module that is neither a comment nor part of a docstring."""
    inside = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        quotes = line.count('"""')
        if not inside and not quotes:
            yield number, re.sub(r"(^|\s)#.*", "", line)
        inside ^= quotes % 2 == 1


def test_the_floors_hold() -> None:
    """import-linter finds no import that goes up or sideways."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_a_noun_needs(path: Path) -> None:
    """A file past 300 lines is a sign that a noun is missing."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    largest = LARGER.get(path.relative_to(ROOT / "src").as_posix(), LARGEST)
    assert lines <= largest, f"{path.relative_to(ROOT)} has {lines} lines"


def test_every_module_says_what_it_is() -> None:
    """Each module begins with a docstring."""
    silent = [str(path.relative_to(ROOT)) for path in SOURCES if not path.read_text().startswith(('"""', 'r"""'))]
    assert silent == []


def test_no_module_is_named_after_nothing() -> None:
    """Modules are nouns of the house: nothing is called utils, helpers, manager or common."""
    empty = re.compile(r"^(utils?|helpers?|managers?|common|misc|base)$")
    assert [str(path.relative_to(ROOT)) for path in SOURCES if empty.match(path.stem)] == []


def test_providers_are_named_in_their_own_folders_only() -> None:
    """Outside `providers/` and a short list, no line of code says a provider's name."""
    package = ROOT / "src" / "syncline"
    found = []
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if any(name == known or name.startswith(f"{known}/") for known in KNOW_PROVIDERS):
            continue
        found += [f"{name}:{number}: {line.strip()}" for number, line in code(path) if PROVIDERS.search(line)]
    assert found == []


def test_the_diagram_is_current() -> None:
    """`statecharts/integration.md` is what `make diagram` would write."""
    chart = read_chart(chart_folder() / CURRENT)
    assert (ROOT / "statecharts" / "integration.md").read_text(encoding="utf-8") == write_document(chart)


def test_the_chart_can_be_exported() -> None:
    """The export names the seven milestones in the chart's order."""
    exported = export_xstate(read_chart(chart_folder() / CURRENT))
    milestones = [
        "unconfigured",
        "app_registered",
        "credentials_saved",
        "authorized",
        "verified",
        "fields_synced",
        "syncing",
    ]
    assert list(exported["states"])[:7] == milestones


def test_requirements_are_pinned_and_name_no_host() -> None:
    """Every requirement is an exact version with hashes, and nothing says where it was found, not even a comment."""
    pinned = re.compile(r"^(    --hash=sha256:[0-9a-f]{64}|[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+ |\s*#)")
    place = re.compile(r"://|--(?!hash=)")
    for path in sorted((ROOT / "requirements").iterdir()):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert path.suffix == ".in" or pinned.match(line), f"{path.name}: {line}"
            assert not place.search(line), f"{path.name}: {line}"


def test_what_installs_names_no_index() -> None:
    """Which package index is asked is the business of the machine that installs."""
    index = re.compile(r"(?<!emit-)(?:index-url|find-links)|trusted-host|index_url|\[\[?tool\.uv", re.IGNORECASE)
    files = [ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / ".ci" / "run", *(ROOT / "docker").iterdir()]
    found = [f"{path.name}: {match.group()}" for path in files for match in index.finditer(path.read_text())]
    assert found == []


def test_no_file_names_a_place_of_the_machine_it_was_made_on() -> None:
    """Paths of a home, or of where this checkout lies, are nobody else's business."""
    folders = {"home", "root", "Users", ROOT.parts[1]} - {"data", "opt", "src", "srv", "tmp", "usr", "var"}
    places = re.compile(rf"(?<![\w./}}])/(?:{'|'.join(sorted(map(re.escape, folders)))})/")
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in places.finditer(text)]
    assert found == []


def test_make_alone_lists_the_targets() -> None:
    """`make` says what can be done, and does nothing."""
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("demo", "run", "test", "test-quick", "check", "bench", "lock"):
        assert re.search(rf"^  {target} +[A-Z]", done.stdout, re.MULTILINE), f"{target} is not listed"
