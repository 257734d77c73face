"""Webhooks of smart campaigns: a person is to be synced now, or has come to a stage of their life cycle.

Source: Marketo developer guide, "Webhooks": an admin defines address, headers and a template with tokens, encoded as
JSON or as a form; each call is for one person and is never repeated by itself; an answer without a body counts as an
error (1001). Nothing is signed, so the address is secret, and so is a header.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from syncline.errors import InputError
from syncline.providers.marketo import fields
from syncline.providers.notices import Delivery, Notice, Reading
from syncline.providers.port import Instruction

#: How the audit log calls this way of hearing of something.
PATH = "webhook"
#: What `event` says when the person is to be synced; any other word is a stage.
SYNC = "sync"
_EVENT = re.compile(r"[A-Za-z0-9][\w .:-]{0,63}", re.ASCII)
_PERSON = re.compile(r"[1-9][0-9]{0,17}")
_RECORD = re.compile(r"[0-9A-Za-z]{1,64}")
_DELIVERY = re.compile(r"[!-~][ -~]{0,199}")
_MOST_FIELDS = 30
_MOST_LETTERS = 1000
#: A token names a field by its label.
_RECORD_TOKEN = "{{lead." + fields.written(fields.KEY_FIELD)["displayName"] + "}}"
_TEMPLATE = '{"event": "sync", "person": {{lead.Id}}, "record": ' + _RECORD_TOKEN + "}"


class CampaignWebhooks:
    """The door of webhooks."""

    name: str = "marketo"
    header: str = "X-Syncline-Secret"
    media_types: tuple[str, ...] = ("application/json", "application/x-www-form-urlencoded")
    shape: Mapping[str, Any] = MappingProxyType(
        {
            "type": "object",
            "required": ["event", "person"],
            "maxProperties": _MOST_FIELDS,
            "properties": {
                "event": {"type": "string", "pattern": f"^{_EVENT.pattern}$", "description": f"`{SYNC}`, or a stage."},
                "person": {"type": ["string", "integer"], "description": "The id of the person."},
                "record": {"type": "string", "description": "The id of the person's record at the source."},
                "delivery": {"type": "string", "description": "An id by which a repetition is known."},
            },
        }
    )

    def read(self, delivery: Delivery) -> Reading:
        """Read a call; raises `InputError`."""
        given = _given(delivery)
        event = _required(given, "event", _EVENT)
        person = _required(given, "person", _PERSON)
        record = _optional(given, "record", _RECORD)
        name = _optional(given, "delivery", _DELIVERY)
        data: dict[str, Any] = {"path": PATH, "person": person} | ({"record": record} if record else {})
        if event == SYNC:
            return Reading((Notice(name, "person.sync_requested", data, wants=record),))
        told = {key: value for key, value in given.items() if key not in {"event", "person", "record", "delivery"}}
        # Apart, as all that a sender says in words of its own: it is personal, and no result of ours.
        data |= {"stage": event} | ({"sent": told} if told else {})
        return Reading((Notice(name, "person.reported", data),))

    def acknowledge(self, count: int) -> tuple[str, bytes]:
        """Answer a body, since an empty one would be an error over there."""
        return "application/json", b'{"recorded":%d}' % count

    def redact(self, body: bytes) -> bytes:
        """Marketo puts no secret of its own into a body."""
        return body

    def guide(self, url: str, secret: str) -> tuple[Instruction, ...]:
        """Answer how a webhook is made."""
        return (
            Instruction(
                "New Webhook",
                "In Admin, under Integration, Webhooks, make a webhook: POST, request token encoding JSON.",
                (("URL", url), ("Template", _TEMPLATE)),
            ),
            Instruction("Set Custom Header", "Add one header to it.", ((self.header, secret),)),
            Instruction("Call Webhook", "Let a trigger campaign call it; batch campaigns cannot.", ()),
        )


def _given(delivery: Delivery) -> Mapping[str, Any]:
    match delivery.media_type:
        case "application/json":
            given = _json(delivery.body)
        case "application/x-www-form-urlencoded":
            given = _form(delivery.body)
        case _:
            raise InputError("request.media_type", "a webhook is JSON or a form")
    long = (str(part) for pair in given.items() for part in pair)
    if len(given) > _MOST_FIELDS or any(len(part) > _MOST_LETTERS for part in long):
        raise InputError("hook.malformed", f"at most {_MOST_FIELDS} fields of {_MOST_LETTERS} letters")
    return given


def _json(body: bytes) -> dict[str, Any]:
    try:
        given = msgspec.json.decode(body, type=dict[str, str | int | float | bool | None])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError("hook.malformed", "the body has to be one JSON object of plain values") from None
    return {name: value for name, value in given.items() if value is not None and value != ""}


def _form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(body.decode(), strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise InputError("hook.malformed", "the body has to be a form in UTF-8") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise InputError("hook.malformed", "a field came more than once")
    return dict(pairs)


def _required(given: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = _optional(given, name, form)
    if not value:
        raise InputError("hook.malformed", f"{name} is missing")
    return value


def _optional(given: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = str(given.get(name, ""))
    if value and not form.fullmatch(value):
        raise InputError("hook.malformed", f"{name} is not what it should be")
    return value
