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
  | (?P<span>[A-Za-z_]+:\d+)
  | (?P<word>[A-Za-z_][\w.]*)
  | (?P<sign><=|>=|!=|<>|[=<>(),])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
#: How much of a long query is shown around the place where it stumbled.
_BEFORE, _AFTER = 41, 43


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: `kind` is string, datetime, date, number, span, word, sign or end; `at` counts from 0."""

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
            if text[at] == ":":
                raise malformed(text, at, "Bind variables only allowed in Apex code")
            raise malformed(text, at, f"unexpected token: '{text[at]}'")
        if match.lastgroup not in (None, "space"):
            tokens.append(Token(match.lastgroup, match[0], at))
        at = match.end()
    tokens.append(Token("end", "<EOF>", at))
    return tokens


def malformed(text: str, at: int, message: str) -> SalesforceError:
    """Answer the vendor's error for a query that cannot be read."""
    return refusal(text, at, "MALFORMED_QUERY", message)


def refusal(text: str, at: int, code: str, message: str) -> SalesforceError:
    """Answer an error that shows where in the query it lies."""
    return SalesforceError(400, code, f"{pointer(text, at)}{message}")


def pointer(text: str, at: int) -> str:
    """Answer the lines with which the vendor shows where in a query it stumbled: some words to either side."""
    before = text.rfind("\n", 0, at) + 1
    line = text[before:].split("\n", 1)[0]
    row, column = text.count("\n", 0, at) + 1, at - before
    start, end = 0, len(line)
    if column > _BEFORE:
        start = line.find(" ", column - _BEFORE - 1, column) + 1 or column
    if end > column + _AFTER:
        end = max(line.rfind(" ", column, column + _AFTER + 1), column + 1)
    return f"\n{line[start:end]}\n{' ' * (column - start)}^\nERROR at Row:{row}:Column:{column + 1}\n"
