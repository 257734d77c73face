"""The four endpoints that every kind of object has: describing, finding, writing and deleting its records."""

from collections.abc import Callable, Iterator
from typing import Any

from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.objects import search, sync
from syncline_sim.marketo.objects.records import Records
from syncline_sim.marketo.objects.sync import Rules

Answer = Callable[[Call, Records, Rules], dict[str, Any]]


def of(
    path: str, noun: str, records: Callable[[Call], Records], rules: Rules, *, closed_by_crm: bool = False
) -> Iterator[Endpoint]:
    """Answer the endpoints at a path; `noun` is what the permissions call the kind."""
    read, write = (f"Read-Only {noun}", f"Read-Write {noun}"), (f"Read-Write {noun}",)

    def by(do: Answer) -> Callable[[Call], dict[str, Any]]:
        return lambda call: do(call, records(call), rules)

    yield Endpoint("GET", f"{path}/describe.json", by(_describe), read, closed_by_crm)
    yield Endpoint("GET", f"{path}.json", by(_search), read, closed_by_crm)
    yield Endpoint("POST", f"{path}.json", by(sync.write), write, closed_by_crm)
    yield Endpoint("POST", f"{path}/delete.json", by(sync.delete), write, closed_by_crm)


def _describe(_: Call, records: Records, __: Rules) -> dict[str, Any]:
    return {"result": [records.kind.view()]}


def _search(call: Call, records: Records, _: Rules) -> dict[str, Any]:
    return search.search(call, records)
