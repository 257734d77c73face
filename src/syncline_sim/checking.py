"""What may be sent to the control door, in the words of JSON Schema, and the sentence that says what is wrong with it.

Law: whoever is refused is told which member it is, what it may be, and an example that would be taken.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: A part of JSON Schema: `type`, one or a list of them, `enum`, `minimum`, `maximum`, `description`.
Schema = Mapping[str, Any]
_TYPES: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "string": ("a text", str),
    "integer": ("a whole number", int),
    "number": ("a number", (int, float)),
    "boolean": ("true or false", bool),
    "array": ("a list", list),
    "object": ("an object", dict),
    "null": ("null", type(None)),
}


@dataclass(frozen=True, slots=True)
class Form:
    """The members of a JSON object; with `open` it may have others, which are looked at elsewhere."""

    members: Mapping[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    open: bool = False
    example: Mapping[str, Any] = field(default_factory=dict)

    def check(self, document: Mapping[str, Any], what: str) -> None:
        """Refuse what does not fit; raises `ValueError` with what to send instead."""
        for name in self.required:
            if name not in document:
                raise ValueError(f"{name} is missing in {what}{self._hint()}")
        for name, value in document.items():
            if name in self.members:
                check_value(name, value, self.members[name], self._hint())
            elif not self.open:
                takes = f"which takes {', '.join(self.members)}" if self.members else "which takes nothing"
                raise ValueError(f"there is no {name} in {what}, {takes}{self._hint()}")

    def schema(self) -> dict[str, Any]:
        """Answer the form as JSON Schema."""
        found: dict[str, Any] = {"type": "object", "properties": {name: dict(s) for name, s in self.members.items()}}
        if self.required:
            found["required"] = list(self.required)
        return {**found, "additionalProperties": self.open}

    def _hint(self) -> str:
        return f"; send for example {json.dumps(self.example)}" if self.example else ""


def check_value(name: str, value: object, schema: Schema, hint: str = "") -> None:
    """Refuse a value that does not fit; raises `ValueError`."""
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(_is(value, kind) for kind in kinds):
        raise ValueError(f"{name} must be {' or '.join(_TYPES[kind][0] for kind in kinds)}{hint}")
    if "enum" in schema and value not in schema["enum"]:
        raise ValueError(f"{name} is one of {', '.join(map(str, schema['enum']))}{hint}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        if not low <= value <= high:
            raise ValueError(f"{name} must be {_range(low, high)}{hint}")


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind][1]) and not (isinstance(value, float) and not math.isfinite(value))


def _range(low: float, high: float) -> str:
    if high == math.inf:
        return f"at least {low}"
    return f"from {low} to {high}" if low > -math.inf else f"at most {high}"
