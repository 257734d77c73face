"""What stands in the braces of a search: words and phrases, with wildcards, joined by AND, OR and AND NOT.

Law: a word is what lies between signs and blanks, in texts as in searches; a phrase is words that follow each other in
one field; other words may be in any fields of a record.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from syncline_sim.salesforce.failure import SalesforceError

_PARTS = re.compile(r'"([^"]*)"|([()])|([^\s()"]+)')
_WORDS = re.compile(r"[\w*?]+")
_WILD = {"*": r"\w*", "?": r"\w"}
_SHORTEST = 2
#: Far more than anybody writes, and not so much that reading or looking takes long.
_DEEPEST, _MOST_PARTS, _MOST_WILD = 50, 200, 3


@dataclass(frozen=True)
class Phrase:
    """Words that follow each other; mostly there is but one."""

    words: tuple[str, ...]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        words = ("".join(_WILD.get(letter, re.escape(letter)) for letter in word) for word in self.words)
        return re.compile(r"\b" + r"\W+".join(words) + r"\b", re.IGNORECASE)

    def in_texts(self, texts: Sequence[str]) -> bool:
        """Whether one of the texts has them."""
        return any(self._pattern.search(text) for text in texts)

    def sql(self, text: str) -> tuple[str, list[str]]:
        """Answer an SQL condition that is true wherever this could be found, and its values."""
        literals = [literal for word in self.words for literal in re.split(r"[*?]+", word) if literal]
        signs = str.maketrans({sign: f"\\{sign}" for sign in "\\%_"})
        values = [f"%{literal.translate(signs)}%" for literal in literals]
        return " AND ".join([f"{text} LIKE ? ESCAPE '\\'"] * len(values)) or "1", values


@dataclass(frozen=True)
class Joined:
    """Terms of which all are needed, or one."""

    terms: tuple["Term", ...]
    every: bool

    def in_texts(self, texts: Sequence[str]) -> bool:
        """Whether the texts have them."""
        return (all if self.every else any)(term.in_texts(texts) for term in self.terms)

    def sql(self, text: str) -> tuple[str, list[str]]:
        """Answer the same for all of them."""
        pairs = [term.sql(text) for term in self.terms]
        word = " AND " if self.every else " OR "
        return f"({word.join(condition for condition, _ in pairs)})", [value for _, values in pairs for value in values]


@dataclass(frozen=True)
class Without:
    """A term that must not be there."""

    term: "Term"

    def in_texts(self, texts: Sequence[str]) -> bool:
        """Whether none of the texts has it."""
        return not self.term.in_texts(texts)

    def sql(self, _: str) -> tuple[str, list[str]]:
        """Answer what is always true: what SQL finds is more than what has the term."""
        return "1", []


Term = Phrase | Joined | Without


def read(text: str) -> Term:
    """Read what stands in the braces; raises `SalesforceError` MALFORMED_SEARCH."""
    plain = re.sub(r"\\(.)", r"\1", text)
    if len(plain.strip(" *?")) < _SHORTEST:
        raise malformed(f"search term must be longer than one character: {plain.strip()}")
    parts = [(match[1] or "", match[2] or "", match[3] or "") for match in _PARTS.finditer(plain)]
    if len(parts) > _MOST_PARTS:
        raise malformed("search term is too long")
    reader = _Reader(parts)
    term = reader.either(0)
    if reader.parts:
        raise malformed("unexpected token in the search term")
    return term


def malformed(message: str) -> SalesforceError:
    """Answer the refusal of a search."""
    return SalesforceError(400, "MALFORMED_SEARCH", message)


class _Reader:
    def __init__(self, parts: list[tuple[str, str, str]]) -> None:
        self.parts = parts

    def either(self, depth: int) -> Term:
        terms = [self._every(depth)]
        while self._took("OR"):
            terms.append(self._every(depth))
        return terms[0] if len(terms) == 1 else Joined(tuple(terms), every=False)

    def _every(self, depth: int) -> Term:
        terms = [self._one(depth)]
        while self.parts and self.parts[0][1] != ")" and self.parts[0][2].upper() != "OR":
            self._took("AND")
            negated = self._took("NOT")
            term = self._one(depth)
            terms.append(Without(term) if negated else term)
        return terms[0] if len(terms) == 1 else Joined(tuple(terms), every=True)

    def _one(self, depth: int) -> Term:
        if not self.parts or depth > _DEEPEST:
            raise malformed("unexpected end of the search term")
        quoted, sign, word = self.parts.pop(0)
        if sign == "(":
            term = self.either(depth + 1)
            if not self.parts or self.parts.pop(0)[1] != ")":
                raise malformed("missing ')' in the search term")
            return term
        words = tuple(_WORDS.findall(re.sub(r"\*+", "*", quoted or word)))
        if not words or any(word.count("*") > _MOST_WILD for word in words):
            raise malformed("unexpected token in the search term")
        return Phrase(words)

    def _took(self, word: str) -> bool:
        if self.parts and self.parts[0][2].upper() == word:
            self.parts.pop(0)
            return True
        return False
