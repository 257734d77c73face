"""The hand of the control door in the records of the simulated Salesforce: what its users and its automations do."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from syncline_sim.salesforce import changes, conversion, merging, objects, orgs
from syncline_sim.salesforce.transactions import Series

if TYPE_CHECKING:
    from syncline_sim.world import World

_SHOWN = 100
#: The pages of the org write through an API of their own.
_PAGES = ("soap", "67.0", "SfdcInternalAPI/")


def show(world: "World", object_name: str, *, limit: int = _SHOWN, offset: int = 0) -> dict[str, Any]:
    """Answer how many records of an object there are, and some of them, oldest first; raises `SalesforceError`."""
    found = changes.read_records(world, object_name, limit=limit, offset=offset)
    return {"count": changes.count_records(world, object_name), "records": found}


def change(  # noqa: PLR0913 - what can be said of a change is that much; it is passed by name
    world: "World",
    *,
    object: str = "Lead",  # noqa: A002 - the member is called so
    change: str | dict[str, Any] = "touch",
    id: str = "",  # noqa: A002 - as above
    count: int = 1,
    stamp: float | str | None = None,
    org_id: str = "",
    by: str = "",
) -> dict[str, Any]:
    """Do one thing to one record, or to the `count` oldest, and answer their ids; raises `SalesforceError`.

    `by` is the username of who does it. `change` is "touch", "delete", "undelete", the fields that are written, or one
    of `create`, `background`, `merge` and `convert` with what belongs to it. `{n}` in a text of a created or changed
    record becomes the record's number in this call.
    """
    user = orgs.find_user(world.db, by) if by else None
    user_id, pages = user.id if user else "", Series(*_PAGES)
    if isinstance(change, dict) and isinstance(change.get("create"), dict):
        values, who = change["create"], {"org_id": org_id or (user.org_id if user else ""), "user_id": user_id}
        made = []
        for n in range(count):
            with pages.next():
                made.append(changes.create_record(world, object, _numbered(values, n), stamp, **who))
        return {"ids": made}
    if isinstance(change, dict) and "Id" in change:
        id = change["Id"]  # noqa: A001 - as above
        change = {name: value for name, value in change.items() if name != "Id"}
    ids = [id] if id else [record["Id"] for record in changes.read_records(world, object, limit=count)]
    told: list[dict[str, Any]] = []
    for n, record_id in enumerate(ids):
        with pages.next():
            wanted = _numbered(change, n) if isinstance(change, dict) else change
            told += _change(world, object, record_id, wanted, stamp, user_id)
    return {"ids": ids, **({"results": told} if told else {})}


def _change(
    world: "World", name: str, record_id: str, change: str | dict[str, Any], stamp: changes.Stamp, user_id: str
) -> list[dict[str, Any]]:
    """Do one thing to one record and answer what there is to tell of it."""
    match change:
        case "touch":
            changes.touch_record(world, name, record_id, stamp)
        case "delete":
            changes.delete_record(world, name, record_id, stamp, user_id=user_id)
        case "undelete":
            changes.undelete_record(world, name, record_id, stamp, user_id=user_id)
        case {"background": dict() as values}:
            changes.change_record(world, name, record_id, values, stamp, unseen=True)
        case {"merge": list() as losers, **rest}:
            spec, new = objects.find(name), cast("dict[str, Any] | None", rest.get("values"))
            return [asdict(merging.merge(world, spec, record_id, losers, new, stamp, user_id=user_id))]
        case {"convert": dict() as wanted}:
            order = conversion.Order(record_id, **wanted)
            return [asdict(conversion.convert(world, order, stamp, user_id=user_id))]
        case dict():
            changes.change_record(world, name, record_id, change, stamp, user_id=user_id)
        case _:
            raise ValueError("change is touch, delete, undelete or an object")
    return []


def _numbered(values: dict[str, Any], number: int) -> dict[str, Any]:
    return {name: v.replace("{n}", str(number)) if isinstance(v, str) else v for name, v in values.items()}
