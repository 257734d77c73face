"""What is looked for in the search index: the terms that stand for what a filter wants."""

import msgspec

from syncline.store.filter import Filter, words


class Query(msgspec.Struct, frozen=True):
    """What is looked for: one term of each group, none of some, between two moments."""

    groups: tuple[tuple[str, ...], ...]
    none: tuple[str, ...]
    since: int
    until: int


def query_of(wanted: Filter) -> Query:
    """Answer what to look for, to find what a filter wants; what is found is still to be judged by the filter."""
    facets = (
        ("i", (wanted.integration,) if wanted.integration else wanted.only),
        ("e", (wanted.type,)),
        ("d", (wanted.disposition,)),
        ("k", (wanted.actor_kind,)),
        ("a", (wanted.actor,)),
        ("f", (wanted.origin,)),
        ("t", (wanted.target,)),
        ("r", (wanted.request,)),
        ("c", (wanted.cause,)),
    )
    groups = [tuple([_facet(kind, value) for value in values]) for kind, values in facets if any(values)]
    if wanted.state:
        groups.append((_facet("f", wanted.state), _facet("t", wanted.state)))
    groups += [(word,) for word in words(wanted.text)]
    return Query(tuple(groups), tuple([_facet("i", value) for value in wanted.without]), wanted.since, wanted.until)


def _facet(kind: str, value: str) -> str:
    """Answer the term that stands for a column or a field; the same is made by `index_sql.ADD`."""
    return f"§{kind}{value.encode().hex()}"
