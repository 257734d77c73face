"""Found records as JSON texts, written by SQLite itself as far as they go: that is what makes big pages quick."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from syncline_sim.salesforce.records import concatenated, head
from syncline_sim.salesforce.soql.plan import Children, Plan
from syncline_sim.salesforce.soql.scope import Column
from syncline_sim.salesforce.soql.selection import Shape

#: Keeps children that do not fit on a page and answers the locator of the rest: which children, their row numbers.
Keep = Callable[[tuple[str, ...], Sequence[int]], str]


@dataclass(frozen=True, slots=True)
class Page:
    """How pages are written: under which version, how long they are, and where the rest of children is kept."""

    version: str
    batch: int
    keep: Keep
    path: tuple[str, ...] = ()


def written(db: sqlite3.Connection, plan: Plan, numbers: Sequence[int], page: Page) -> list[str]:
    """Answer records by their row numbers, in that order, each a JSON object of the plan's shape."""
    children = [member for member in plan.shape.members.values() if isinstance(member, Children)]
    # The CROSS JOIN keeps SQLite from turning the loops round, so the order of the list stays.
    sql = f"""
        SELECT {", ".join(_pieces(plan.shape, page.version))}, t."Id"
        FROM json_each(?) AS wanted CROSS JOIN {plan.scope.source} WHERE t.number = wanted.value
    """  # noqa: S608 - built from our own declarations
    cursor = db.cursor()
    cursor.row_factory = None
    rows = cursor.execute(sql, (f"[{','.join(map(str, numbers))}]",)).fetchall()
    if not children:
        return [row[0] for row in rows]
    lists = [_listed(db, each, [row[-1] for row in rows], page) for each in children]
    return ["".join(_mingled(row[:-1], texts)) for row, *texts in zip(rows, *lists, strict=True)]


def paged(total: int, records: Sequence[str], page: Page, locator: str) -> str:
    """Answer the document that has these records; with a locator more of them follow."""
    parts = [f'"totalSize":{total},"done":{"false" if locator else "true"}']
    if locator:
        parts.append(f'"nextRecordsUrl":"/services/data/v{page.version}/query/{locator}"')
    return f'{{{",".join(parts)},"records":[{",".join(records)}]}}'


def _pieces(shape: Shape, version: str) -> list[str]:
    """Answer what SQL writes before, between and after the lists of children."""
    pieces = [[head(shape.place.spec, shape.place.alias, version)]]
    for key, member in shape.members.items():
        match member:
            case Column():
                pieces[-1].append(f"""',"{key}":' || {member.field.as_json(member.sql)}""")
            case Shape():
                (inner,) = _pieces(member, version)
                pieces[-1].append(f"""',"{key}":' || iif({member.place.alias}."Id" IS NULL, 'null', {inner})""")
            case Children():
                pieces[-1].append(f"""',"{key}":'""")
                pieces.append([])
    pieces[-1].append("'}'")
    return [concatenated(piece) for piece in pieces]


def _listed(db: sqlite3.Connection, children: Children, parents: Sequence[str], page: Page) -> list[str]:
    """Answer the list of children of each parent, null where there are none."""
    by_parent = children.plan.numbers_by_parent(db, children.field, parents)
    inner, size = replace(page, path=(*page.path, children.name)), children.plan.page(page.batch)
    shown = {parent: numbers[:size] for parent, numbers in by_parent.items() if numbers}
    texts = iter(written(db, children.plan, list(chain.from_iterable(shown.values())), inner))
    lists = {}
    for parent, numbers in shown.items():
        total = len(by_parent[parent])
        locator = f"{page.keep(inner.path, by_parent[parent])}-{size}" if total > size else ""
        lists[parent] = paged(total, [next(texts) for _ in numbers], page, locator)
    return [lists.get(parent, "null") for parent in parents]


def _mingled(pieces: Sequence[str], texts: Sequence[str]) -> Iterator[str]:
    for piece, text in zip_longest(pieces, texts, fillvalue=""):
        yield piece
        yield text
