"""A query's tokens, read into a tree by recursive descent."""

from syncline_sim.salesforce.soql import conditions
from syncline_sim.salesforce.soql.cursor import Cursor
from syncline_sim.salesforce.soql.syntax import Aliased, Expression, Fields, Item, Order, Query
from syncline_sim.salesforce.soql.tokens import malformed

_LONGEST = 100_000
#: Words that may follow the object of a query, so that none of them is taken for its alias.
_CLAUSES = ("ALL", "FOR", "USING", "WITH", "UPDATE")


def parse(text: str) -> Query:
    """Read a query; raises `SalesforceError` MALFORMED_QUERY."""
    if len(text) > _LONGEST:
        raise malformed(text, _LONGEST, f"SOQL statement is longer than {_LONGEST} characters")
    tokens = Cursor(text)
    query = _query(tokens)
    if tokens.next.kind != "end":
        raise tokens.refusal()
    return query


def _query(tokens: Cursor) -> Query:
    tokens.word("SELECT")
    fields = _selected(tokens)
    tokens.word("FROM")
    subject = tokens.name()
    alias = tokens.alias(*_CLAUSES)
    if tokens.took("USING", "SCOPE"):
        tokens.word("EVERYTHING")  # The one scope that a describe names.
    where = conditions.read(tokens, _query) if tokens.took("WHERE") else None
    group = _grouped_by(tokens) if tokens.took("GROUP", "BY") else ()
    having = conditions.read(tokens, _query) if group and tokens.took("HAVING") else None
    order = _order(tokens) if tokens.took("ORDER", "BY") else ()
    limit = tokens.number() if tokens.took("LIMIT") else None
    offset = tokens.number() if tokens.took("OFFSET") else 0
    # These two only tell the vendor what users have looked at; no answer depends on them.
    if not tokens.took("FOR", "VIEW"):
        tokens.took("FOR", "REFERENCE")
    all_rows = tokens.took("ALL", "ROWS")
    return Query(fields, subject, where, order, limit, offset, alias, group, having, all_rows)


def _selected(tokens: Cursor) -> tuple[Item, ...]:
    if tokens.took_count():
        return ()
    items = [_item(tokens)]
    while tokens.took_sign(","):
        items.append(_item(tokens))
    return tuple(items)


def _item(tokens: Cursor) -> Item:
    if tokens.took_sign("("):
        with tokens.deeper():
            query = _query(tokens)
        tokens.sign(")")
        return query
    if tokens.next.is_word("FIELDS") and tokens.after.text == "(":
        return _fields(tokens)
    expression = tokens.expression()
    alias = tokens.alias()
    return Aliased(expression, alias) if alias else expression


def _fields(tokens: Cursor) -> Fields:
    at = tokens.take().at
    tokens.sign("(")
    if tokens.took("ALL"):
        which = Fields("ALL", at)
    elif tokens.took("STANDARD"):
        which = Fields("STANDARD", at)
    else:
        tokens.word("CUSTOM")
        which = Fields("CUSTOM", at)
    tokens.sign(")")
    return which


def _grouped_by(tokens: Cursor) -> tuple[Expression, ...]:
    groups = [tokens.expression()]
    while tokens.took_sign(","):
        groups.append(tokens.expression())
    return tuple(groups)


def _order(tokens: Cursor) -> tuple[Order, ...]:
    orders = [_sorted_by(tokens)]
    while tokens.took_sign(","):
        orders.append(_sorted_by(tokens))
    return tuple(orders)


def _sorted_by(tokens: Cursor) -> Order:
    field = tokens.expression()
    descending = tokens.took("DESC")
    if not descending:
        tokens.took("ASC")
    nulls_last = False
    if tokens.took("NULLS"):
        nulls_last = tokens.took("LAST")
        if not nulls_last:
            tokens.word("FIRST")
    return Order(field, descending, nulls_last)
