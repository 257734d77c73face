"""Two providers made by hand: they know addresses and words, and fail a test that makes them go out."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import NoReturn, cast
from urllib.parse import urlencode

from syncline.errors import InputError, Problem
from syncline.providers.marketo.notifications import CampaignWebhooks
from syncline.providers.port import App, Field, Instruction, Providers, Source, Target
from syncline.providers.salesforce.notifications import OutboundMessages


class UnaskedError(AssertionError):
    """A door has asked a provider for something that only effects may ask for."""


class _Quiet:
    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnaskedError(name)


class _Source(_Quiet):
    title = "CRM"
    objects = ("Lead", "Contact")
    scopes = ("api", "refresh_token")
    notices = OutboundMessages(objects)
    changes = SimpleNamespace(title="Change Feed")
    login_hosts = (("Production", "https://login.crm.example", "for work"),)
    problems: Mapping[str, Problem] = {
        "crm.denied": Problem("crm.denied", "Denied.", "Deny was pressed.", "Press Allow.", "admin"),
    }

    def app_guide(self, redirect_uri: str) -> Mapping[str, tuple[Instruction, ...]]:
        return {"App": (Instruction("New app", "Make it.", (("Callback", redirect_uri),)),)}

    def login_host(self, text: str) -> str:
        if text.rstrip("/") not in {"https://login.crm.example", "https://test.crm.example"}:
            raise InputError("request.invalid", "not a login host", facts={"field": "login_host"})
        return text.rstrip("/")

    def authorize_url(self, app: App, *, state: str, challenge: str) -> str:
        query = {
            "client_id": app.consumer_key.get_secret_value(),
            "redirect_uri": app.redirect_uri,
            "state": state,
            "code_challenge": challenge,
        }
        return f"{app.login_host}/authorize?{urlencode(query)}"

    def refusal(self, error: str, _description: str) -> str:
        return "crm.denied" if error == "access_denied" else "login.denied"


class _Target(_Quiet):
    title = "Mailer"
    notices = CampaignWebhooks()
    key_field = Field("Person", "crmId", "CRM ID", "string")
    problems: Mapping[str, Problem] = {}

    def account_url(self, text: str) -> str:
        if not text.rstrip("/").endswith(".mail.example") or not text.startswith("https://"):
            raise InputError("request.invalid", "not an instance", facts={"field": "url"})
        return text.rstrip("/")

    def account_guide(self) -> tuple[Instruction, ...]:
        return (Instruction("API user", "Make one."),)


def providers() -> Providers:
    """Answer the pair."""
    return Providers(cast("Source", _Source()), cast("Target", _Target()))
