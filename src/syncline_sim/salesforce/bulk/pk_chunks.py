"""A query split by the ids of the records: each chunk of it is a batch of its own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syncline_sim.salesforce import ids, objects, records
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.soql.parser import parse
from syncline_sim.salesforce.soql.syntax import Group, Not
from syncline_sim.salesforce.soql.tokens import Token, tokenize

if TYPE_CHECKING:
    from syncline_sim.salesforce.query import Caller


def splits(text: str) -> bool:
    """Whether a query can be split, which is so when nothing but WHERE follows its object; raises `SalesforceError`."""
    asked = parse(text)
    more = any(token.is_word("FOR", "USING") for token in tokenize(text))
    return not (more or asked.order or asked.limit is not None or asked.offset or asked.grouped)


def chunks(who: "Caller", job: Job, text: str) -> Iterator[str]:
    """Answer the queries into which one is split: what is deleted counts, so a chunk may find less than it spans."""
    spec, org = objects.find(job.object), records.org_number(who.world.db, job.org_id)
    query = f'SELECT min("Id"), max("Id") FROM {spec.table} WHERE org = ?'  # noqa: S608 - ours
    first, last = who.world.db.execute(query, (org,)).fetchone()
    begin = max(first or "", job.chunk_start)
    while last and begin <= last:
        end = ids.after(begin, job.chunk_size)
        yield _bounded(text, f"Id >= '{begin[:15]}' AND Id < '{end[:15]}'")
        begin = end


def _bounded(text: str, bounds: str) -> str:
    tokens = tokenize(text)
    where = next((token for token, depth in _depths(tokens) if not depth and token.is_word("WHERE")), None)
    if where is None:
        return f"{text.rstrip()} WHERE {bounds}"
    condition, tree = text[where.at + len(where.text) :].strip(), parse(text).where
    # Only where it must be, for a semi-join has to stay at the top.
    if isinstance(tree, Not) or (isinstance(tree, Group) and tree.word == "OR"):
        condition = f"({condition})"
    return f"{text[: where.at]}WHERE {condition} AND {bounds}"


def _depths(tokens: list[Token]) -> Iterator[tuple[Token, int]]:
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        yield token, depth
