"""The two folders that an instance has from the first day, found by name or id (page "Folders")."""

from typing import Any

from syncline_sim.marketo import assets
from syncline_sim.marketo.call import Call, Endpoint

#: What may be in each, and under which root it is. No folder can be made here.
_KINDS = {1: ("Marketing Folder", "/Marketing Activities"), 2: ("List", "/Lead Database/Default/Group Lists")}
_ROOT = 5
_MADE = 1_577_836_800  # The first second of 2020.


def get(call: Call) -> dict[str, Any]:
    """Answer one folder, or that there is none."""
    return _found(call, [number for number in assets.FOLDERS if number == int(call.path["id"])])


def get_by_name(call: Call) -> dict[str, Any]:
    """Answer the folders of a name."""
    name = assets.filled(call, "name")
    return _found(call, [number for number, known in assets.FOLDERS.items() if known == name])


def _found(call: Call, numbers: list[int]) -> dict[str, Any]:
    programs_only = call.parameters.get("type", "Folder") == "Program"
    return assets.answer([] if programs_only else [_view(number) for number in numbers])


def _view(number: int) -> dict[str, Any]:
    kind, path = _KINDS[number]
    made = assets.stamp(_MADE)
    return {
        "name": assets.FOLDERS[number],
        "description": None,
        "createdAt": made,
        "updatedAt": made,
        "url": None,
        "folderId": {"id": number, "type": "Folder"},
        "folderType": kind,
        "parent": {"id": _ROOT, "type": "Folder"},
        "path": path,
        "isArchive": False,
        "isSystem": True,
        "accessZoneId": 1,
        "workspace": "Default",
        "id": number,
    }


ENDPOINTS = (
    Endpoint("GET", "/rest/asset/v1/folder/byName.json", get_by_name, assets.READ),
    Endpoint("GET", r"/rest/asset/v1/folder/{id:\d+}.json", get, assets.READ),
)
