"""`@{name.path}` in a part of a composite call: what an earlier part has answered."""

import re
from collections.abc import Mapping
from typing import Any

from syncline_sim.salesforce.failure import SalesforceError

_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def filled(template: Any, answers: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Answer a JSON value with every reference in it replaced; raises `SalesforceError` PROCESSING_HALTED."""
    match template:
        case str():
            return _text(template, answers)
        case dict():
            return {name: filled(value, answers) for name, value in template.items()}
        case list():
            return [filled(value, answers) for value in template]
        case _:
            return template


def _text(template: str, answers: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    if whole := _REFERENCE.fullmatch(template):
        return _value(whole, answers)
    return _REFERENCE.sub(lambda found: str(_value(found, answers)), template)


def _value(reference: re.Match[str], answers: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    name, path = reference.groups()
    value = answers.get(name)
    try:
        for field, index in _STEP.findall(path):
            value = value[field] if field else value[int(index)]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        value = None
    if value is None or not path:
        message = f"Invalid reference specified. No value for {name}{path} found in {name}"
        raise SalesforceError(400, "PROCESSING_HALTED", message)
    return value
