"""Tokens such as `{{lead.First Name:default=friend}}` in what a webhook sends, and how their values are written.

A field is named as people see it. Law: a token that there is not is refused when the webhook is defined.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import msgspec

from syncline_sim.marketo.fields import PersonField
from syncline_sim.marketo.values import Value

if TYPE_CHECKING:
    from syncline_sim.marketo.people import Person

JSON, FORM, NONE = "JSON", "Form/Url", "None"
ENCODINGS = (JSON, FORM, NONE)
Encoder = Callable[[Value], str]
_TOKEN = re.compile(r"\{\{\s*([^{}.:]+)\.([^{}:]+?)\s*(?::default=([^{}]*))?\}\}")
_SYSTEM = {"datetime": "%Y-%m-%d %H:%M:%S", "date": "%Y-%m-%d", "time": "%H:%M:%S"}
_CONTROLS = dict.fromkeys((*range(0x20), 0x7F))


class Filling:
    """Fills templates with what is known of a person at some moment."""

    def __init__(self, known: Mapping[str, PersonField], person: "Person", now: float) -> None:
        self._known = known
        self._person = person
        self._now = datetime.fromtimestamp(now, UTC)

    def fill(self, template: str, encode: Encoder) -> str:
        """Answer a template with values in the place of its tokens."""

        def write(token: re.Match[str]) -> str:
            value = self._value(token)
            return encode(token[3] if value is None and token[3] is not None else value)

        return _TOKEN.sub(write, template)

    def _value(self, token: re.Match[str]) -> Value:
        if token[1].lower() == "system":
            return self._now.strftime(_SYSTEM[token[2].lower()])
        name = _field(token, self._known).name
        return self._person.view([name])[name]


def check(template: str, known: Mapping[str, PersonField]) -> None:
    """Refuse a template with a token that there is not; raises `ValueError`."""
    for token in _TOKEN.finditer(template):
        if token[1].lower() == "system":
            if token[2].lower() not in _SYSTEM:
                raise ValueError(f"there is no token {token[0]}")
        else:
            _field(token, known)
    if "{{" in _TOKEN.sub("", template):
        raise ValueError("a token is written {{lead.First Name}} or {{lead.First Name:default=friend}}")


def body_encoder(encoding: str) -> Encoder:
    """Answer how values are written in a body."""
    return {JSON: _as_json, FORM: lambda value: quote_plus(_text(value)), NONE: _text}[encoding]


def in_address(value: Value) -> str:
    """Write a value into an address, whatever the encoding of the body."""
    return quote(_text(value), safe="")


def in_header(value: Value) -> str:
    """Write a value into a header, which is one line."""
    return _text(value).translate(_CONTROLS)


def _as_json(value: Value) -> str:
    return msgspec.json.encode(value).decode()


def _text(value: Value) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _field(token: re.Match[str], known: Mapping[str, PersonField]) -> PersonField:
    of_company, label = token[1].lower() == "company", token[2].lower()
    for field in known.values():
        if field.label.lower() == label and (field.company or not of_company):
            if token[1].lower() in ("lead", "company"):
                return field
            break
    raise ValueError(f"there is no token {token[0]}")
