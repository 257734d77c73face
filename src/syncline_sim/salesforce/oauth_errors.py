"""How the OAuth endpoints say no: an error and a description, in the vendor's words.

Law: no other module of this side spells an OAuth error out. Texts are those that clients match and that the vendor's
page "OAuth Authorization Flow Errors" lists.
"""


class OAuthError(Exception):
    """A refusal by an OAuth endpoint: `kind` names a row of the table below."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        #: Whether it is shown on a page of ours and never reaches the callback.
        self.on_page = kind == "approval"
        self.error, self.description = _ERRORS[kind]

    @property
    def body(self) -> dict[str, str]:
        """The document that the token endpoint answers with."""
        return {"error": self.error, "error_description": self.description}

    @classmethod
    def of(cls, pair: list[str]) -> "OAuthError":
        """Make a refusal of any two strings, for switches."""
        made = cls("server_error")
        made.error, made.description = pair
        return made


_ERRORS = {
    # The app
    "client_id": ("invalid_client_id", "client identifier invalid"),
    "client": ("invalid_client", "invalid client credentials"),
    "app_blocked": ("OAUTH_APP_BLOCKED", "this app is blocked by admin"),
    "app_denied": ("OAUTH_APP_ACCESS_DENIED", "user is not admin approved to access this app"),
    "app_access": ("invalid_app_access", "user is not admin approved to access this app"),
    "app_not_found": ("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org"),
    "not_installed": ("invalid_client", "app must be installed into org"),
    "approval": ("OAUTH_APPROVAL_ERROR_GENERIC", "An unexpected error has occurred during authentication"),
    "cross_org": (
        "OAUTH_AUTHORIZATION_BLOCKED",
        "Cross-org OAuth flows are not supported for this external client app",
    ),
    # The request
    "response_type": ("unsupported_response_type", "response type not supported"),
    "grant_type": ("unsupported_grant_type", "grant type not supported"),
    "token_type": ("unsupported_token_type", "this type of token is not supported"),
    "callback": ("invalid_request", "invalid callback"),
    "must_get": ("invalid_request", "must use HTTP GET"),
    "must_post": ("invalid_request", "must use HTTP POST"),
    "redirect_uri_missing": ("redirect_uri_missing", "redirect_uri not provided"),
    "redirect_uri": ("redirect_uri_mismatch", "redirect_uri must match configuration"),
    "scope": ("invalid_scope", "the requested scope is not allowed"),
    "challenge_missing": ("invalid_request", "missing required code challenge"),
    "challenge": ("invalid_request", "invalid code challenge"),
    "challenge_method": ("invalid_request", "unsupported code challenge method"),
    "immediate": ("immediate_unsuccessful", "immediate unsuccessful"),
    # The person
    "denied": ("access_denied", "end-user denied authorization"),
    "inactive_user": ("inactive_user", "user is inactive"),
    "inactive_org": ("inactive_org", "organization is locked, closed, or suspended"),
    "ip": ("invalid_grant", "IP restricted or invalid login hours"),
    # Codes and tokens
    "code_unknown": ("invalid_grant", "invalid authorization code"),
    "code_expired": ("invalid_grant", "expired authorization code"),
    "verifier": ("invalid_grant", "invalid code verifier"),
    "authentication": ("invalid_grant", "authentication failure"),
    # Logins without a browser
    "domain": ("invalid_grant", "request not supported on this domain"),
    "no_run_as": ("invalid_grant", "no client credentials user enabled"),
    "assertion": ("invalid_grant", "invalid assertion"),
    "audience": ("invalid_grant", "Audience validation failed"),
    "not_approved": ("invalid_grant", "user hasn't approved this consumer"),
    "login_rate": ("rate_limit_exceeded", "logins exceeded"),
    "token_dead": ("invalid_grant", "expired access/refresh token"),
    "token_idle": ("invalid_grant", "token validity expired"),
    "token_unknown": ("invalid_token", "invalid token"),
    "server_error": ("server_error", "unexpected error"),
}
