"""A lint rule of the house: what an attacker could find out letter by letter is compared in constant time."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "syncline").rglob("*.py"))

#: What such things are called. A digest that everybody may compute (of a row, of a payload) is none of them, nor is a
#: constant in capitals, which is the name of a field.
SECRET = re.compile(
    r"(^|_)(signatures?|mac|hmac|expected_mac|secrets?|tokens?|password|proof_hash|browser_hash|cookie|verifier)($|_hash$|_text$)"
)
#: Where both sides are ours and nobody outside can try one after the other.
OURS = {"effects/session.py": "whether the tokens that are stored are still those that were lent"}
COMPARED = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)


def name_of(node: ast.expr) -> str:
    """Answer the last word of a name, also of what a method makes of it (`mac.digest()`, `signature.encode()`)."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=ast.Attribute(value=value, attr="digest" | "hexdigest" | "encode" | "decode" | "strip")):
            return name_of(value)
        case ast.Call(func=ast.Attribute(value=value, attr="get_secret_value")):
            return "secret" if name_of(value) else ""
        case ast.Subscript(value=value):
            return name_of(value)
        case _:
            return ""


def plain(node: ast.expr) -> bool:
    """Whether something is a constant, or a set of them: to compare with it tells nobody a secret."""
    if isinstance(node, ast.Tuple | ast.Set | ast.List):
        return all(plain(part) for part in node.elts)
    return isinstance(node, ast.Constant)


def found(source: str) -> Iterator[tuple[int, str]]:
    """Answer (line, name) of each comparison that takes less time the earlier it fails."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
            if not isinstance(operator, COMPARED) or plain(left) or plain(right):
                continue
            # What something is looked for in are the names of secrets, unless it is a list of signatures.
            among = isinstance(operator, ast.In | ast.NotIn) and name_of(right) != "signatures"
            for name in (name_of(left), "" if among else name_of(right)):
                if SECRET.search(name):
                    yield node.lineno, name


@pytest.mark.case("webhooks", 15)
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_secret_is_compared_letter_by_letter(path: Path) -> None:
    """`hmac.compare_digest` is there for it."""
    name = path.relative_to(ROOT / "src" / "syncline").as_posix()
    caught = list(found(path.read_text(encoding="utf-8")))
    assert bool(caught) is (name in OURS), caught


@pytest.mark.case("webhooks", 15)
@pytest.mark.parametrize(
    ("line", "caught"),
    [
        ("if signature == expected: pass", True),
        ("if expected != request.signature: pass", True),
        ("ok = mac.digest() == given", True),
        ("ok = given in signatures", True),
        ("ok = secret.get_secret_value() == text", True),
        ("ok = one < two == token", True),
        ("ok = headers['a'] == self.hook_secret", True),
        ("ok = hmac.compare_digest(signature, expected)", False),
        ("ok = signature == ''", False),
        ("ok = digest == first_digest", False),
        ("ok = ACCESS_TOKEN in secrets", False),
        ("ok = signature is None", False),
    ],
)
def test_the_rule_finds_what_it_should(line: str, *, caught: bool) -> None:
    """And lets be what is harmless."""
    assert bool(list(found(line))) is caught


@pytest.mark.case("webhooks", 15)
def test_the_doors_use_the_comparison_that_takes_its_time() -> None:
    """In both doors it is there to be used."""
    for name in ("hooks", "hook_secrets"):
        assert "hmac.compare_digest(" in (ROOT / "src" / "syncline" / "web" / f"{name}.py").read_text(encoding="utf-8")
