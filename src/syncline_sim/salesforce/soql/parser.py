"""A query's tokens, read into a tree by recursive descent. Law: SOQL does not mix AND with OR without parentheses."""

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.soql.syntax import (
    Comparison,
    Condition,
    Constant,
    Group,
    Name,
    Not,
    Operator,
    Order,
    Query,
)
from syncline_sim.salesforce.soql.tokens import Token, malformed, tokenize

_COMPARING: dict[str, Operator] = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_RESERVED = ("AND", "OR", "NOT", "WHERE", "ORDER", "LIMIT", "OFFSET", "FROM", "SELECT", "GROUP", "HAVING")
_DEEPEST = 50


def parse(text: str) -> Query:
    """Read a query; raises `SalesforceError` MALFORMED_QUERY."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text)
        self._at = 0
        self._depth = 0

    def query(self) -> Query:
        self._word("SELECT")
        fields = self._selected()
        self._word("FROM")
        subject = self._name()
        where = self._condition() if self._took("WHERE") else None
        order = self._order() if self._took("ORDER") else ()
        limit = self._count() if self._took("LIMIT") else None
        offset = self._count() if self._took("OFFSET") else 0
        if self._next.kind != "end":
            raise self._refusal()
        return Query(fields, subject, where, order, limit, offset)

    def _selected(self) -> tuple[Name, ...]:
        if self._next.is_word("COUNT") and self._tokens[self._at + 1].text == "(":
            self._at += 1
            self._sign("(")
            self._sign(")")
            return ()
        names = [self._name()]
        while self._took_sign(","):
            names.append(self._name())
        return tuple(names)

    def _condition(self) -> Condition:
        first = self._term()
        if not self._next.is_word("AND", "OR"):
            return first
        word = self._next.text.upper()
        conditions = [first]
        while self._took(word):
            conditions.append(self._term())
        if self._next.is_word("AND", "OR"):
            raise self._refusal()
        return Group("AND" if word == "AND" else "OR", tuple(conditions))

    def _term(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refusal()
        try:
            if self._took("NOT"):
                return Not(self._term())
            if self._took_sign("("):
                inner = self._condition()
                self._sign(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Comparison:
        field, token = self._name(), self._take()
        if token.text in _COMPARING and token.kind == "sign":
            return Comparison(field, _COMPARING[token.text], (self._literal(),))
        if token.is_word("LIKE"):
            return Comparison(field, "LIKE", (self._literal(),))
        if token.is_word("NOT") and self._next.is_word("IN"):
            self._at += 1
            return Comparison(field, "NOT IN", self._literals())
        if token.is_word("IN"):
            return Comparison(field, "IN", self._literals())
        self._at -= 1
        raise self._refusal()

    def _literals(self) -> tuple[Constant, ...]:
        self._sign("(")
        literals = [self._literal()]
        while self._took_sign(","):
            literals.append(self._literal())
        self._sign(")")
        return tuple(literals)

    def _literal(self) -> Constant:
        token = self._take()
        match token.kind:
            case "string":
                return Constant("string", token.text[1:-1])
            case "number" | "date" | "datetime" as kind:
                return Constant(kind, token.text)
        if token.is_word("TRUE", "FALSE"):
            return Constant("boolean", token.text.lower())
        if token.is_word("NULL"):
            return Constant("null", "null")
        self._at -= 1
        raise self._refusal()

    def _order(self) -> tuple[Order, ...]:
        self._word("BY")
        orders = [self._sorted_by()]
        while self._took_sign(","):
            orders.append(self._sorted_by())
        return tuple(orders)

    def _sorted_by(self) -> Order:
        field = self._name()
        descending = self._took("DESC")
        if not descending:
            self._took("ASC")
        nulls_last = False
        if self._took("NULLS"):
            nulls_last = self._took("LAST")
            if not nulls_last:
                self._word("FIRST")
        return Order(field, descending, nulls_last)

    def _count(self) -> int:
        token = self._take()
        if not token.text.isdecimal():
            self._at -= 1
            raise self._refusal()
        return int(token.text)

    def _name(self) -> Name:
        token = self._take()
        if token.kind != "word" or token.is_word(*_RESERVED):
            self._at -= 1
            raise self._refusal()
        return Name(token.text, token.at)

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        if token.kind == "end":
            raise self._refusal()
        self._at += 1
        return token

    def _took(self, word: str) -> bool:
        found = self._next.is_word(word)
        self._at += found
        return found

    def _took_sign(self, sign: str) -> bool:
        found = self._next.kind == "sign" and self._next.text == sign
        self._at += found
        return found

    def _word(self, word: str) -> None:
        if not self._took(word):
            raise self._refusal(f"expecting '{word}', found '{self._next.text}'")

    def _sign(self, sign: str) -> None:
        if not self._took_sign(sign):
            raise self._refusal(f"expecting '{sign}', found '{self._next.text}'")

    def _refusal(self, message: str = "") -> SalesforceError:
        token = self._next
        default = "unexpected end of query" if token.kind == "end" else f"unexpected token: '{token.text}'"
        return malformed(self._text, token.at, message or default)
