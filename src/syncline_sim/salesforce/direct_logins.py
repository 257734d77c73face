"""Logins at the token endpoint in which no browser takes part: password, client credentials, signed assertion.

Law: none of them makes a refresh token, and none of them approves an app for a user.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from syncline_sim.salesforce import apps, assertions, grants, hosts, networks, orgs, passwords, policies
from syncline_sim.salesforce.apps import OFFLINE, App
from syncline_sim.salesforce.grants import Issued
from syncline_sim.salesforce.oauth_errors import OAuthError
from syncline_sim.salesforce.orgs import User

if TYPE_CHECKING:
    from syncline_sim.world import World

ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def asserted_app(world: "World", assertion: str, request: web.Request) -> App:
    """Answer the app that proves itself by a signature instead of a secret (RFC 7523 §2.2); raises `OAuthError`."""
    asserted = _read(assertion)
    app = apps.find_working(world, asserted.issuer)
    if app is None:
        raise OAuthError("client_id")
    audience = asserted.audience.removesuffix("/services/oauth2/token").rstrip("/")
    good = audience in hosts.audiences(world, request, orgs.find_org(world, app.org_id))
    if not good or asserted.expires <= world.now() or not asserted.signed_by(app.settings.certificate):
        raise OAuthError("client")
    return app


def claimed_app(world: "World", form: Mapping[str, str]) -> App:
    """Answer the app that an assertion names; whether it is from there is judged later; raises `OAuthError`."""
    app = apps.find_working(world, _read(form.get("assertion", "")).issuer)
    if app is None:
        raise OAuthError("client_id")
    return app


def _by_password(world: "World", app: App, form: Mapping[str, str], request: web.Request) -> Issued:
    if not world.switches["salesforce"]["password_flow"]:
        raise OAuthError("authentication")
    try:
        user = passwords.admit_program(
            world, form.get("username", ""), form.get("password", ""), networks.source(world, request)
        )
    except passwords.LoginRefusedError as error:
        # Unlike the other door for programs this one does not say what is wrong.
        raise OAuthError("login_rate" if error.code == "LOGIN_RATE_EXCEEDED" else "authentication") from None
    if not hosts.admits(world, request, orgs.find_org(world, user.org_id)):
        raise OAuthError("authentication")
    policies.judge(world, app, user, networks.source(world, request), "direct")
    return grants.open_session(world, app.consumer_key, user, frozenset(app.settings.scopes) - OFFLINE)


def _by_credentials(world: "World", app: App, _: Mapping[str, str], request: web.Request) -> Issued:
    org = orgs.find_org(world, app.org_id)
    if hosts.is_generic(request) or not hosts.admits(world, request, org):
        raise OAuthError("domain")
    try:
        user = orgs.find_user(world.db, app.settings.client_credentials_user)
    except KeyError:
        raise OAuthError("no_run_as") from None
    if not user.may_enter or user.org_id != org.id:
        raise OAuthError("no_run_as")
    policies.judge_address(world, app, user, networks.source(world, request), "direct")
    _check_login_rate(world, user)
    return grants.open_session(world, app.consumer_key, user, frozenset(app.settings.scopes) - OFFLINE)


def _by_assertion(world: "World", app: App, form: Mapping[str, str], request: web.Request) -> Issued:
    asserted = _read(form.get("assertion", ""))
    if not asserted.signed_by(app.settings.certificate):
        raise OAuthError("assertion")
    if asserted.expires <= world.now():
        raise OAuthError("code_expired")
    try:
        user = orgs.find_user(world.db, asserted.subject)
    except KeyError:
        raise OAuthError("not_approved") from None
    org = orgs.find_org(world, user.org_id)
    if asserted.audience.rstrip("/") not in hosts.audiences(world, request, org):
        raise OAuthError("audience")
    if not hosts.admits(world, request, org):
        raise OAuthError("not_approved")
    if not user.active:
        raise OAuthError("inactive_user")
    policies.judge(world, app, user, networks.source(world, request), "direct")
    if app.settings.admin_approval:
        scopes = frozenset(app.settings.scopes)
    else:
        # Only approvals that would give a refresh token count: https://salesforce.stackexchange.com/a/216785
        scopes = grants.lasting_scopes(world.db, app, user)
    if not scopes:
        raise OAuthError("not_approved")
    _check_login_rate(world, user)
    return grants.open_session(world, app.consumer_key, user, scopes)


Login = Callable[["World", App, Mapping[str, str], web.Request], Issued]
BY_GRANT_TYPE: Mapping[str, Login] = {
    "password": _by_password,
    "client_credentials": _by_credentials,
    ASSERTION: _by_assertion,
}


def _read(text: str) -> assertions.Assertion:
    try:
        return assertions.read(text)
    except assertions.AssertionRefusedError:
        raise OAuthError("assertion") from None


def _check_login_rate(world: "World", user: User) -> None:
    try:
        passwords.check_rate(world, user)
    except passwords.LoginRefusedError:
        raise OAuthError("login_rate") from None
