"""What an OAuth `error` with its `error_description` means, as a catalogue code.

The pairs are from Salesforce's tables of OAuth errors and from what clients were seen to get. Salesforce uses one
`error` for many causes, so the description decides where it can; a code nobody knows stays data.
"""

#: (error, part of the description, code): the first row that fits is taken, '' fits all.
_TABLE = (
    ("invalid_client_id", "", "salesforce.wrong_key"),
    ("invalid_client", "must be installed", "salesforce.app_not_installed"),
    ("invalid_client", "", "salesforce.wrong_secret"),
    ("redirect_uri_mismatch", "", "salesforce.redirect_mismatch"),
    ("redirect_uri_missing", "", "salesforce.redirect_mismatch"),
    ("invalid_request", "redirect", "salesforce.redirect_mismatch"),
    ("invalid_request", "code challenge", "salesforce.pkce_required"),
    ("invalid_request", "code verifier", "salesforce.verifier_refused"),
    ("invalid_grant", "code verifier", "salesforce.verifier_refused"),
    ("invalid_grant", "authorization code", "salesforce.code_expired"),
    ("invalid_grant", "ip restricted", "salesforce.ip_restricted"),
    ("invalid_grant", "approved this consumer", "salesforce.not_approved"),
    ("invalid_grant", "access/refresh token", "salesforce.grant_lost"),
    ("invalid_grant", "token validity expired", "salesforce.grant_lost"),
    ("invalid_grant", "", "salesforce.login_refused"),
    ("access_denied", "", "salesforce.denied"),
    ("access-denied", "", "salesforce.denied"),
    ("invalid_scope", "", "salesforce.missing_scope"),
    ("invalid_app_access", "", "salesforce.not_approved"),
    ("oauth_app_access_denied", "", "salesforce.not_approved"),
    ("oauth_app_blocked", "", "salesforce.app_blocked"),
    ("app_blocked", "", "salesforce.app_blocked"),
    ("fail_close_app_blocked", "", "salesforce.app_blocked"),
    ("oauth_flow_disabled", "", "salesforce.app_blocked"),
    ("oauth_ec_app_not_found", "", "salesforce.app_not_installed"),
    ("app_not_found", "", "salesforce.app_not_installed"),
    ("ecapp_policy_not_found", "", "salesforce.app_not_installed"),
    ("oauth_policy_not_found", "", "salesforce.app_not_installed"),
    ("installation_error", "", "salesforce.app_not_installed"),
    ("oauth_authorization_blocked", "", "salesforce.cross_org"),
    ("invalid_distribution_state", "", "salesforce.cross_org"),
    ("inactive_user", "", "salesforce.inactive_user"),
    ("inactive_org", "", "salesforce.inactive_org"),
    ("rate_limit_exceeded", "", "salesforce.login_rate_exceeded"),
    ("server_error", "", "salesforce.unreachable"),
    ("service_unavailable", "", "salesforce.unreachable"),
    ("temporarily_unavailable", "", "salesforce.unreachable"),
    ("system_down", "", "salesforce.unreachable"),
)
UNKNOWN = "salesforce.unknown_refusal"

#: Answers to a refresh which say that another one is under way, not that the token is dead.
_BUSY = ("already being processed", "expired authorization code")
_LONGEST = 200


def meaning(error: str, description: str) -> str:
    """Answer the catalogue code."""
    error, description = error.strip().lower(), description.lower()
    for name, part, code in _TABLE:
        if error == name and part in description:
            return code
    return UNKNOWN


def is_collision(error: str, description: str) -> bool:
    """Whether a refused refresh only met another one, so that it may be tried again."""
    return error.lower() == "invalid_grant" and any(part in description.lower() for part in _BUSY)


def shown(error: str, description: str) -> str:
    """Answer both strings as a person may see them."""
    words = f"{error}: {description}" if description else error or "no reason was given"
    return "Salesforce said " + words[:_LONGEST]
