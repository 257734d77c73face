"""What an authorization request asks for, judged the way the vendor does.

Law: while the app and its callback URL are in doubt, an error is shown on a page; after that it goes to the callback.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yarl import URL

from syncline_sim.salesforce import apps, grants
from syncline_sim.salesforce.apps import App
from syncline_sim.salesforce.oauth_errors import OAuthError
from syncline_sim.salesforce.orgs import User

if TYPE_CHECKING:
    from syncline_sim.world import World

#: 32 bytes in base64url without padding.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """One request of an app, known well enough to answer at its callback."""

    app: App
    redirect_uri: str
    state: str | None
    parameters: Mapping[str, str]

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes asked for; all of the app's when none are named."""
        return frozenset(self.parameters.get("scope", "").split()) or frozenset(self.app.settings.scopes)

    @property
    def prompts(self) -> frozenset[str]:
        """The words of `prompt`: `login`, `consent`, `select_account`."""
        return frozenset(self.parameters.get("prompt", "").split())

    def answer(self, **members: str) -> URL:
        """Answer the callback URL with these members and the state."""
        state = {} if self.state is None else {"state": self.state}
        return URL(self.redirect_uri).update_query({**members, **state})

    def refuse(self, error: OAuthError) -> URL:
        """Answer the callback URL with an error."""
        return self.answer(error=error.error, error_description=error.description)


def receive(world: "World", parameters: Mapping[str, str]) -> AuthorizationRequest:
    """Answer who asks and where the answer goes; raises `OAuthError` to be shown on a page."""
    app = apps.find_working(world, parameters.get("client_id", ""))
    if app is None:
        raise OAuthError("client_id")
    redirect_uri = parameters.get("redirect_uri", "")
    if not redirect_uri:
        raise OAuthError("redirect_uri_missing")
    if redirect_uri not in app.settings.callback_urls:
        raise OAuthError("redirect_uri")
    return AuthorizationRequest(app, redirect_uri, parameters.get("state"), parameters)


def judge(world: "World", asked: AuthorizationRequest) -> None:
    """Find what is wrong with a request before anybody logs in; raises `OAuthError` for the callback."""
    settings, parameters = asked.app.settings, asked.parameters
    if parameters.get("response_type") != "code":
        raise OAuthError("response_type")
    if settings.blocked:
        raise OAuthError("app_blocked")
    if not asked.app.allows(asked.scopes):
        raise OAuthError("scope")
    challenge = parameters.get("code_challenge", "")
    if not challenge and (settings.require_pkce or world.switches["salesforce"]["require_pkce"]):
        raise OAuthError("challenge_missing")
    # Clients that name no method mean S256.
    if challenge and parameters.get("code_challenge_method", "S256") != "S256":
        raise OAuthError("challenge_method")
    if challenge and not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("challenge")


def needs_approval(world: "World", asked: AuthorizationRequest, user: User) -> bool:
    """Whether the user has to be asked."""
    if asked.app.settings.admin_approval:
        return False  # The admin has approved for everybody.
    again = "consent" in asked.prompts or world.switches["salesforce"]["ask_again"]
    return again or not grants.approved(world.db, asked.app, user, asked.scopes)


def approve(world: "World", asked: AuthorizationRequest, user: User) -> URL:
    """Answer the callback URL with a fresh code."""
    if world.switches["salesforce"]["authorize_error"]:
        return asked.refuse(OAuthError.of(world.switches["salesforce"]["authorize_error"]))
    code = grants.issue_code(
        world,
        asked.app,
        user,
        redirect_uri=asked.redirect_uri,
        scopes=asked.scopes,
        challenge=asked.parameters.get("code_challenge", ""),
        nonce=asked.parameters.get("nonce", ""),
    )
    return asked.answer(code=code)
