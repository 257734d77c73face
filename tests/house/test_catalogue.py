"""Every code that is raised or reported anywhere has an entry in the error catalogue, and every entry is whole."""

import ast
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from syncline import errors, providers
from syncline.config import Settings
from syncline.core.catalogue import CATALOGUE
from syncline.errors import Problem

SOURCE = Path(errors.__file__).parent
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
FIXERS = {"admin", "salesforce_admin", "marketo_admin", "engineer", "operator", "nobody"}


async def merged() -> dict[str, Problem]:
    """Answer the catalogue as the service merges it."""
    async with aiohttp.ClientSession() as http:
        pair = providers.connect(http, Settings())
    return {**CATALOGUE, **pair.source.problems, **pair.target.problems}


def raised() -> Iterator[tuple[str, str]]:
    """Answer (where, code) for each code that is written as the first argument of an error or as a `problem`."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for value in _codes(node):
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                    yield f"{path.relative_to(SOURCE)}:{value.lineno}", value.value


def _codes(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if name in ERRORS:
            yield first
        case ast.keyword(arg="problem", value=value):
            yield value
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "problem":
                    yield value


async def test_every_code_has_an_entry() -> None:
    """A code without one would reach a person as a bare word."""
    catalogue = await merged()
    found = list(raised())
    assert len(found) > 50
    assert [(where, code) for where, code in found if code not in catalogue] == []


async def test_every_entry_is_whole() -> None:
    """Meaning, cause, remedy, and somebody who can do it."""
    for code, problem in (await merged()).items():
        assert problem.code == code
        assert problem.fixer in FIXERS, code
        for text in (problem.meaning, problem.cause, problem.remedy):
            assert text.endswith((".", "?")), code


def test_no_entry_is_dead() -> None:
    """An entry that nothing mentions would be a promise that nobody keeps."""
    files = [path for path in SOURCE.rglob("*.py") if not path.stem.startswith("catalogue")]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [code for code in CATALOGUE if f'"{code}"' not in text] == []


def test_no_code_is_entered_twice() -> None:
    """A provider may not redefine ours; ours are listed once."""
    names = [path.stem for path in (SOURCE / "core").glob("catalogue_*.py")]
    assert len(CATALOGUE) == sum(_entries(SOURCE / "core" / f"{name}.py") for name in names)


def _entries(path: Path) -> int:
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return sum(isinstance(call.func, ast.Name) and call.func.id == "Problem" for call in calls)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_code_has_the_form_of_all(code: str) -> None:
    """`area.what`, in small letters."""
    area, dot, what = code.partition(".")
    assert dot
    assert (area + what).replace("_", "").isalpha()
    assert code == code.lower()
