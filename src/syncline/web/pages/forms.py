"""Forms: read from a request, turned into what the API takes, with faults that name the field and never its value."""

import secrets
from collections.abc import Iterable, Mapping

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from syncline.core.event import EVENTS
from syncline.errors import InputError
from syncline.web.asked import Command, NewIntegration

_COMMAND: TypeAdapter[Command] = TypeAdapter(Command)

#: The fields of each command's form, as the command calls them. One that is left empty is left out.
_FIELDS: dict[str, tuple[str, ...]] = {
    "credentials.saved": ("consumer_key", "consumer_secret", "login_host"),
    "connection.confirmed": ("org_id", "user_id"),
    "account.saved": ("url", "client_id", "client_secret"),
}
_TEXTS = {
    "missing": "Fill this in.",
    "string_too_short": "Fill this in.",
    "too_short": "Fill this in.",
    "string_too_long": "This is too long.",
    "too_long": "This is too long.",
    "string_pattern_mismatch": "This has letters that are not taken here.",
}


class Form:
    """What was typed: a name may come several times."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Keep the pairs in their order."""
        self.pairs = tuple(pairs)
        self._last = dict(self.pairs)

    def get(self, name: str) -> str:
        """Answer a field, empty when it did not come."""
        return self._last.get(name, "")

    def all(self, name: str) -> frozenset[str]:
        """Answer every value of a field that may come several times, as ticked boxes do."""
        return frozenset(value for key, value in self.pairs if key == name)


class Texts(dict[str, str]):
    """What was typed into a form, or what is wrong with it, by field; nothing reads as empty in a template."""

    def __missing__(self, field: str) -> str:
        """Answer that there is nothing."""
        return ""


class FaultyFormError(Exception):
    """A form that has to be shown again with its faults."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        """Keep the faults."""
        super().__init__("the form has faults")
        self.faults = Texts(faults)


async def read(request: web.Request) -> Form:
    """Read the form of a request; raises `InputError` when it is none."""
    try:
        posted = await request.post()
    except (ValueError, LookupError) as error:
        raise InputError("request.malformed", "the form cannot be read") from error
    return Form((name, value) for name, value in posted.items() if isinstance(value, str))


def form_key() -> str:
    """Make the key that a form carries, so that a form which is sent twice does its work once."""
    return secrets.token_urlsafe(12)


def new_integration(form: Form) -> NewIntegration:
    """Answer the integration that a form asks for; raises `FaultyFormError`."""
    target = {name: form.get(name) for name in ("url", "client_id", "client_secret")}
    asked = {"name": form.get("name"), "source": {"login_host": form.get("login_host")}, "target": target}
    try:
        return NewIntegration.model_validate(asked)
    except ValidationError as error:
        raise FaultyFormError(_faults(error)) from None


def command(event: str, fields: Mapping[str, object]) -> Command:
    """Answer a command; raises `FaultyFormError` for its fields, `InputError` for an event that nobody can send."""
    kind = EVENTS.get(event)
    if kind is None or "person" not in kind.senders:
        raise InputError("request.invalid", "there is no such command", facts={"field": "event"})
    try:
        return _COMMAND.validate_python({"type": event, **fields})
    except ValidationError as error:
        raise FaultyFormError(_faults(error)) from None


def simple_fields(event: str, form: Form) -> dict[str, object]:
    """Answer the fields of a command whose form has one input for each."""
    return {name: form.get(name) for name in _FIELDS.get(event, ()) if form.get(name)}


def fault_of(error: InputError, meaning: str) -> Texts:
    """Answer an error of a later check as a fault of its field."""
    field = str(error.facts.get("field", "")).rpartition(".")[2]
    detail = error.detail[:1].upper() + error.detail[1:]
    return Texts({field: f"{meaning} {detail}".strip()})


def _faults(error: ValidationError) -> dict[str, str]:
    # Neither the input nor pydantic's own sentence: both may repeat what was typed.
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return {str(fault["loc"][-1]): _TEXTS.get(fault["type"], "This is not what belongs here.") for fault in faults}
