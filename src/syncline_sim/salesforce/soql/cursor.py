"""A place among a query's tokens, from which its parts are read one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.soql.syntax import Call, Expression, Name
from syncline_sim.salesforce.soql.tokens import Token, malformed, tokenize

_RESERVED = ("AND", "OR", "NOT", "WHERE", "ORDER", "LIMIT", "OFFSET", "FROM", "SELECT", "GROUP", "HAVING")
_DEEPEST = 50
_MOST_DIGITS = 10


class Cursor:
    """What is still to be read; raises `SalesforceError` MALFORMED_QUERY where it is not what it should be."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokenize(text)
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        """The token that would be taken next."""
        return self._tokens[self._at]

    @property
    def after(self) -> Token:
        """The token after that one."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Go one level down, and refuse what is nested so deeply that reading it would end in a crash."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.refusal()
        yield
        self._depth -= 1

    def take(self) -> Token:
        """Take a token, whatever it is."""
        token = self.next
        if token.kind == "end":
            raise self.refusal()
        self._at += 1
        return token

    def took(self, *words: str) -> bool:
        """Take these words if they all come next."""
        tokens = self._tokens[self._at : self._at + len(words)]
        found = [token.is_word(word) for token, word in zip(tokens, words, strict=False)]
        taken = all(found) and len(found) == len(words)
        self._at += len(words) * taken
        return taken

    def took_sign(self, sign: str) -> bool:
        """Take a sign if it comes next."""
        found = self.next.kind == "sign" and self.next.text == sign
        self._at += found
        return found

    def took_count(self) -> bool:
        """Take `COUNT()`, the one function that may be of nothing, if it comes next."""
        tokens = self._tokens[self._at : self._at + 3]
        found = tokens[0].is_word("COUNT") and "".join(token.text for token in tokens[1:]) == "()"
        self._at += 3 * found
        return found

    def word(self, word: str) -> None:
        """Take a word that has to be there."""
        if not self.took(word):
            raise self.refusal(f"expecting '{word}', found '{self.next.text}'")

    def sign(self, sign: str) -> None:
        """Take a sign that has to be there."""
        if not self.took_sign(sign):
            raise self.refusal(f"expecting '{sign}', found '{self.next.text}'")

    def name(self) -> Name:
        """Take the name of a field or an object."""
        token = self.next
        if token.kind != "word" or token.is_word(*_RESERVED):
            raise self.refusal()
        return Name(self.take().text, token.at)

    def alias(self, *keywords: str) -> str:
        """Take another name for what came before, if there is one and it is none of the words that may follow."""
        if self.next.kind != "word" or self.next.is_word(*_RESERVED, *keywords):
            return ""
        return self.take().text

    def expression(self) -> Expression:
        """Take a field or a function of one."""
        name = self.name()
        if not self.took_sign("("):
            return name
        argument = self.name()
        self.sign(")")
        return Call(name.text.upper(), argument, name.at)

    def number(self) -> int:
        """Take a whole number."""
        if not self.next.text.isdecimal() or len(self.next.text) > _MOST_DIGITS:
            raise self.refusal()
        return int(self.take().text)

    def refusal(self, message: str = "") -> SalesforceError:
        """Answer the error that shows what comes next."""
        token = self.next
        default = "unexpected end of query" if token.kind == "end" else f"unexpected token: '{token.text}'"
        return malformed(self.text, token.at, message or default)
