"""Setting switches: each keeps the kind of value that it has at first."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.checking import Schema, check_value
from syncline_sim.marketo import switches as marketo
from syncline_sim.salesforce import switches as salesforce

if TYPE_CHECKING:
    from syncline_sim.world import World

DEFAULTS: Mapping[str, Mapping[str, Any]] = {"salesforce": salesforce.DEFAULTS, "marketo": marketo.DEFAULTS}


def switch(world: "World", document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Set switches of a side, all of them or none, and answer all that it has.

    Raises `KeyError` for a side that there is not, and `ValueError` with what to send.
    """
    side = document["side"]
    if side not in DEFAULTS:
        raise KeyError(f"side {side}: send salesforce or marketo")
    values = {name: value for name, value in document.items() if name != "side"}
    for name, value in values.items():
        if name not in DEFAULTS[side]:
            raise ValueError(f"{side} has no switch {name}; it has {', '.join(DEFAULTS[side])}")
        check_value(name, value, schema(DEFAULTS[side][name]), f"; it is {DEFAULTS[side][name]!r} at first")
    world.switches[side].update(values)
    return world.switches[side]


def schema(default: object) -> Schema:
    """Answer what a switch may be that is this at first."""
    if isinstance(default, bool):
        return {"type": "boolean"}
    if isinstance(default, int | float):
        return {"type": "number", "minimum": 0}
    if isinstance(default, str):
        return {"type": "string"}
    if isinstance(default, list):
        return {"type": "array"}
    return {"type": ["null", "boolean", "array", "string"]}  # Nothing at first: whatever its place reads.
