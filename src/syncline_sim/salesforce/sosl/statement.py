"""A search taken apart: the term, the fields it is sought in, and what is told of each object."""

import re
from dataclasses import dataclass

from syncline_sim.salesforce.sosl import terms
from syncline_sim.salesforce.sosl.terms import Term, malformed

_LONGEST = 10_000
_MOST = 2000
_FIND = re.compile(r"\s*FIND\s*\{((?:\\.|[^{}\\])*)\}(.*)", re.IGNORECASE | re.DOTALL)
_IN = re.compile(r"\s+IN\s+(ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS\b(.*)", re.IGNORECASE | re.DOTALL)
_RETURNING = re.compile(r"\s+RETURNING\s+(.*)", re.IGNORECASE | re.DOTALL)
_LIMIT = re.compile(r"(.*?)\s+LIMIT\s+(\d{1,9})\s*", re.IGNORECASE | re.DOTALL)
_OBJECT = re.compile(r"\s*(\w+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_CLAUSE = re.compile(r"\b(WHERE|ORDER\s+BY|LIMIT|OFFSET)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is told of one object: fields, a condition, and what follows it, each as SOQL has it."""

    name: str
    fields: str = "Id"
    condition: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """One search; nothing in `wanted` means the ids of all that is found."""

    term: Term
    group: str
    wanted: tuple[Wanted, ...]
    limit: int


def parse(text: str) -> Search:
    """Read a search; raises `SalesforceError` MALFORMED_SEARCH."""
    found = _FIND.fullmatch(text)
    if found is None or len(text) > _LONGEST:
        raise malformed("No search term found. The search term must be enclosed in braces.")
    term, rest = terms.read(found[1]), found[2].rstrip()
    group = "ALL"
    if chosen := _IN.fullmatch(rest):
        group, rest = chosen[1].upper(), chosen[2].rstrip()
    limit = _MOST
    if (last := _LIMIT.fullmatch(rest)) and last[1].count("(") == last[1].count(")"):
        rest, limit = last[1], min(int(last[2]), _MOST)
    returning = _RETURNING.fullmatch(rest)
    if rest.strip() and returning is None:
        raise malformed(f"unexpected token: {rest.split()[0]}")
    wanted = tuple(_wanted(part) for part in _parts(returning[1])) if returning else ()
    return Search(term, group, wanted, limit)


def _parts(text: str) -> list[str]:
    """Split at commas that are in no parentheses and in no quotes."""
    hidden = _hidden(text)
    cuts, depth = [-1], 0
    for at, letter in enumerate(hidden):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            cuts.append(at)
    return [text[first + 1 : last] for first, last in zip(cuts, [*cuts[1:], len(text)], strict=True)]


def _wanted(text: str) -> Wanted:
    found = _OBJECT.fullmatch(text)
    if found is None:
        raise malformed(f"unexpected token: {text.strip() or ','}")
    name, inner = found[1], (found[2] or "").strip()
    if not inner:
        return Wanted(name)
    clauses = list(_CLAUSE.finditer(_hidden(inner)))
    fields = inner[: clauses[0].start()] if clauses else inner
    condition, order = "", inner[clauses[0].start() :] if clauses else ""
    if clauses and clauses[0][1].upper() == "WHERE":
        end = clauses[1].start() if len(clauses) > 1 else len(inner)
        condition, order = inner[clauses[0].end() : end].strip(), inner[end:]
        if not condition:
            raise malformed("unexpected end of the condition")
    return Wanted(name, fields.strip() or "Id", condition, order.strip())


def _hidden(text: str) -> str:
    """Answer the text with the letters of its quotes made harmless, each in its place."""
    return _QUOTED.sub(lambda quoted: "'" * len(quoted[0]), text)
