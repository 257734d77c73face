"""A query's text, cut into tokens."""

import re
from dataclasses import dataclass

from syncline_sim.salesforce.failure import SalesforceError

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d(?![\w:]))
  | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<word>[A-Za-z_][\w.]*)
  | (?P<sign><=|>=|!=|<>|[=<>(),])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: `kind` is string, datetime, date, number, word, sign or end; `at` counts from 0."""

    kind: str
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words, whatever its case."""
        return self.kind == "word" and self.text.upper() in words


def tokenize(text: str) -> list[Token]:
    """Cut a query up; the last token is the end. Raises `SalesforceError` MALFORMED_QUERY."""
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise malformed(text, at, f"unexpected token: '{text[at : at + 1]}'")
        if match.lastgroup not in (None, "space"):
            tokens.append(Token(match.lastgroup, match[0], at))
        at = match.end()
    tokens.append(Token("end", "<EOF>", at))
    return tokens


def malformed(text: str, at: int, message: str) -> SalesforceError:
    """Answer the vendor's error for a query that cannot be read."""
    return SalesforceError(400, "MALFORMED_QUERY", f"{pointer(text, at)}{message}")


def pointer(text: str, at: int) -> str:
    """Answer the lines with which the vendor shows where in a query it stumbled."""
    before = text.rfind("\n", 0, at) + 1
    line = text[before:].split("\n", 1)[0]
    row, column = text.count("\n", 0, at) + 1, at - before + 1
    return f"\n{line}\n{' ' * (column - 1)}^\nERROR at Row:{row}:Column:{column}\n"
