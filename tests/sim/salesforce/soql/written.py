"""A query's tree, written as SOQL again."""

from syncline_sim.salesforce.soql.syntax import (
    Aliased,
    Call,
    Comparison,
    Condition,
    Expression,
    Fields,
    Group,
    Item,
    Name,
    Not,
    Order,
    Query,
    SemiJoin,
)


def query(wanted: Query) -> str:
    """Write a query."""
    text = f"SELECT {', '.join(item(each) for each in wanted.fields) or 'COUNT()'}"
    text += f" FROM {wanted.object.text}"
    text += f" {wanted.alias}" if wanted.alias else ""
    text += f" WHERE {condition(wanted.where)}" if wanted.where else ""
    text += f" GROUP BY {', '.join(expression(each) for each in wanted.group)}" if wanted.group else ""
    text += f" HAVING {condition(wanted.having)}" if wanted.having else ""
    text += f" ORDER BY {', '.join(order(each) for each in wanted.order)}" if wanted.order else ""
    text += f" LIMIT {wanted.limit}" if wanted.limit is not None else ""
    text += f" OFFSET {wanted.offset}" if wanted.offset else ""
    return text + (" ALL ROWS" if wanted.all_rows else "")


def condition(wanted: Condition) -> str:
    """Write a condition."""
    match wanted:
        case Not(inner):
            return f"NOT {part(inner)}"
        case Group(word, parts):
            return f" {word} ".join(part(each) for each in parts)
        case SemiJoin(field, inner, negated):
            return f"{expression(field)} {'NOT ' if negated else ''}IN ({query(inner)})"
        case Comparison(field, operator, values):
            texts = [f"'{value.text}'" if value.kind == "string" else value.text for value in values]
            several = operator in ("IN", "NOT IN", "INCLUDES", "EXCLUDES")
            right = f"({', '.join(texts)})" if several else texts[0]
            return f"{expression(field)} {operator} {right}"


def part(wanted: Condition) -> str:
    """Write a part of a condition, in parentheses if it needs them."""
    return f"({condition(wanted)})" if isinstance(wanted, Group | Not) else condition(wanted)


def item(wanted: Item) -> str:
    """Write one thing that is selected."""
    match wanted:
        case Query():
            return f"({query(wanted)})"
        case Fields(which):
            return f"FIELDS({which})"
        case Aliased(inner, alias):
            return f"{expression(inner)} {alias}"
        case _:
            return expression(wanted)


def expression(wanted: Expression) -> str:
    """Write a field or a function of one."""
    match wanted:
        case Call(function, argument):
            return f"{function}({argument.text})"
        case Name(text):
            return text


def order(wanted: Order) -> str:
    """Write one field to sort by."""
    direction, nulls = "DESC" if wanted.descending else "ASC", "LAST" if wanted.nulls_last else "FIRST"
    return f"{expression(wanted.field)} {direction} NULLS {nulls}"
