"""What the pages of the manual say, held against the code that they speak of."""

import re
import runpy
from pathlib import Path

import pytest
import typer
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from syncline import data_folder, key_ring
from syncline.cli import app
from syncline.core.event import EVENTS
from syncline.web import hooks
from syncline.web.api import API
from syncline.web.metrics import Metrics
from syncline.web.models import Result, Status

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
API_PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
DOCUMENT = API.document("http://127.0.0.1")


def rows() -> list[str]:
    """List the rows of the table of routes."""
    return [line for line in API_PAGE.splitlines() if re.match(r"\| `(GET|POST|DELETE) ", line)]


@pytest.mark.parametrize("path", list(DOCUMENT["paths"]))
def test_every_route_is_in_the_manual_with_its_parameters(path: str) -> None:
    """The table names each method and path of the OpenAPI document, and in the same row what may be asked."""
    for method, operation in DOCUMENT["paths"][path].items():
        row = next((row for row in rows() if f"`{method.upper()} {path}`" in row), "")
        assert row, f"{method.upper()} {path}"
        asked = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"}
        assert {name for name in asked if not re.search(rf"`{name}[`=]", row)} == set()


def test_the_manual_names_every_command_and_its_fields() -> None:
    """A row for each type that has fields of its own; those with a default or null are marked."""
    schemas = DOCUMENT["components"]["schemas"]
    for model in (schema for name, schema in schemas.items() if "type" in schema.get("properties", {})):
        kind = model["properties"]["type"]
        for name in kind.get("enum", [kind["const"]] if "const" in kind else []):
            row = next((line for line in API_PAGE.splitlines() if line.startswith("| `") and f"`{name}`" in line), "")
            assert row, name
            for field in set(model["properties"]) - {"type"}:
                marked = f"`{field}`" + ("" if field in model["required"] else "?")
                assert marked in row, f"{name}: {marked}"


def test_the_manual_names_all_that_a_status_and_an_outcome_hold() -> None:
    """Every field, by the name that the API gives it."""
    names = {*Status.model_fields, *(field.alias or name for name, field in Result.model_fields.items())}
    assert {name for name in names if not re.search(rf'[`"]{name}[`"]', API_PAGE)} == set()


def test_the_manual_names_what_a_hook_may_send() -> None:
    """All of it, and nothing else."""
    (sentence,) = re.findall(r"a hook may send\s([^.]*(?:\.\w[^.]*)*)\.\s", API_PAGE)
    assert set(re.findall(r"`([^`]+)`", sentence)) == {name for name, kind in EVENTS.items() if "hook" in kind.senders}


def test_the_example_signs_what_the_door_accepts(tmp_path: Path) -> None:
    """The code that senders copy from the manual."""
    (code,) = re.findall(r"```python\n(.*?)```", API_PAGE, re.DOTALL)
    (tmp_path / "example.py").write_text(code, encoding="utf-8")
    signed = runpy.run_path(str(tmp_path / "example.py"))["sign"]("whsec_c2VjcmV0", b"{}")
    keyed = HMAC(b"secret", SHA256())
    id_, stamp = signed["webhook-id"], signed["webhook-timestamp"]
    assert hooks.verify(keyed, id_, stamp, b"{}", [signed["webhook-signature"]])
    assert not hooks.verify(keyed, id_, stamp, b"[]", [signed["webhook-signature"]])


def test_the_manual_names_every_series() -> None:
    """What an operator may draw and be woken by."""
    series = set(re.findall(r"^# TYPE (\S+)", Metrics().write(()).decode(), re.MULTILINE))
    assert set(re.findall(r"`(syncline_\w+)`", OPERATING)) == series


@pytest.mark.parametrize(
    "name", [data_folder.DATABASE, data_folder.INDEX, data_folder.LOCK, data_folder.HOLDER, key_ring.KEY_FILE]
)
def test_the_manual_names_every_file(name: str) -> None:
    """What lies in the data directory."""
    assert f"`{name}`" in OPERATING


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """To files that are there, and to headings that they have."""
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        assert file.is_file(), target
        headings = re.findall(r"^#+ (.*)", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert not heading or heading in {text.lower().replace(" ", "-") for text in headings}, heading


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_named_exist(page: Path) -> None:
    """`make …` and `syncline …`, in the text and in examples."""
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) <= targets
    commands = getattr(typer.main.get_command(app), "commands")  # noqa: B009  a group has them, a command has not
    for words in re.findall(r"(?:`|^|bin/)syncline ([a-z]+(?: [a-z]+(?:-[a-z]+)*)?)", text, re.MULTILINE):
        name, _, rest = words.partition(" ")
        assert name in commands, words
        assert not rest or rest in getattr(commands[name], "commands", {rest: ...}), words
