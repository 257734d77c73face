"""The endpoints of custom objects: their kinds, which API users make in some subscriptions, and their records."""

from collections.abc import Callable
from typing import Any

from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.objects import custom_types, doors
from syncline_sim.marketo.objects.records import Records
from syncline_sim.marketo.objects.sync import Rules
from syncline_sim.marketo.tables import transaction

_NOUN = "Custom Object"
_READ = (f"Read-Only {_NOUN}", f"Read-Write {_NOUN}")
_READ_TYPE = (f"Read-Only {_NOUN} Type", f"Read-Write {_NOUN} Type")
_WRITE_TYPE = (f"Read-Write {_NOUN} Type",)


def find(call: Call) -> dict[str, Any]:
    """Answer the kinds that have records."""
    names = call.listed("names")
    kinds = [one.kind() for one in custom_types.every(call.world.db) if one.approved]
    return {"result": [{"relationships": [], **kind.head()} for kind in kinds if not names or kind.name in names]}


def find_types(call: Call) -> dict[str, Any]:
    """Answer all kinds, drafts too."""
    _need_schema(call)
    names, state = call.listed("names"), call.parameters.get("state")
    kinds = [one for one in custom_types.every(call.world.db) if not names or one.name in names]
    return {"result": [one.view() for one in kinds if state in (None, one.state)]}


def describe_type(call: Call) -> dict[str, Any]:
    """Answer one kind, be it a draft."""
    _need_schema(call)
    return {"result": [custom_types.find(call.world.db, call.path["name"]).view()]}


def _change(do: Callable[[Call, int], None]) -> Callable[[Call], dict[str, Any]]:
    def answer(call: Call) -> dict[str, Any]:
        _need_schema(call)
        with transaction(call.world.db):
            do(call, int(call.world.now()))
        return {"result": []}

    return answer


def _need_schema(call: Call) -> None:
    if not call.switches["custom_object_schema"]:
        raise VendorError("616")


def _records(call: Call) -> Records:
    return Records(call.world.db, custom_types.find(call.world.db, call.path["name"]).kind())


_ROOT = "/rest/v1/customobjects"
_TYPE = _ROOT + "/schema/{name:[^/]+}"
_CHANGES: dict[str, Callable[[Call, int], None]] = {
    f"{_ROOT}/schema": lambda call, now: custom_types.sync(call.world.db, call.document(), now),
    f"{_TYPE}/addField": lambda call, now: custom_types.add_fields(
        call.world.db, call.path["name"], call.records(), now
    ),
    f"{_TYPE}/approve": lambda call, now: custom_types.approve(call.world.db, call.path["name"], now),
    f"{_TYPE}/discardDraft": lambda call, now: custom_types.discard(call.world.db, call.path["name"], now),
    f"{_TYPE}/delete": lambda call, _: custom_types.delete(call.world.db, call.path["name"]),
}
#: What has a fixed path comes before what has the name of a kind there.
ENDPOINTS = (
    Endpoint("GET", f"{_ROOT}.json", find, _READ),
    Endpoint("GET", f"{_ROOT}/schema.json", find_types, _READ_TYPE),
    Endpoint("GET", f"{_TYPE}/describe.json", describe_type, _READ_TYPE),
    *(Endpoint("POST", f"{path}.json", _change(do), _WRITE_TYPE) for path, do in _CHANGES.items()),
    *doors.of(_ROOT + "/{name:[^/]+}", _NOUN, _records, Rules()),
)
