"""What Salesforce's OAuth errors mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.providers.salesforce import refusals
from syncline.providers.salesforce.problems import PROBLEMS


@pytest.mark.parametrize(
    ("error", "description", "code"),
    [
        ("invalid_client_id", "client identifier invalid", "salesforce.wrong_key"),
        ("invalid_client", "invalid client credentials", "salesforce.wrong_secret"),
        ("invalid_client", "app must be installed into org", "salesforce.app_not_installed"),
        ("access_denied", "end-user denied authorization", "salesforce.denied"),
        ("access-denied", "", "salesforce.denied"),
        ("redirect_uri_mismatch", "redirect_uri must match configuration", "salesforce.redirect_mismatch"),
        ("invalid_grant", "expired authorization code", "salesforce.code_expired"),
        ("invalid_grant", "invalid code verifier", "salesforce.verifier_refused"),
        ("invalid_grant", "expired access/refresh token", "salesforce.grant_lost"),
        ("invalid_grant", "IP restricted or invalid login hours", "salesforce.ip_restricted"),
        ("invalid_grant", "user hasn't approved this consumer", "salesforce.not_approved"),
        ("invalid_grant", "authentication failure", "salesforce.login_refused"),
        ("invalid_request", "missing required code challenge", "salesforce.pkce_required"),
        ("invalid_scope", "", "salesforce.missing_scope"),
        ("OAUTH_APP_BLOCKED", "this app is blocked by admin", "salesforce.app_blocked"),
        ("OAUTH_EC_APP_NOT_FOUND", "", "salesforce.app_not_installed"),
        ("OAUTH_AUTHORIZATION_BLOCKED", "Cross-org OAuth flows are not supported", "salesforce.cross_org"),
        ("invalid_app_access", "user is not admin approved to access this app", "salesforce.not_approved"),
        ("inactive_user", "user is inactive", "salesforce.inactive_user"),
        ("inactive_org", "organization is locked", "salesforce.inactive_org"),
        ("rate_limit_exceeded", "login rate exceeded", "salesforce.login_rate_exceeded"),
        ("server_error", "", "salesforce.unreachable"),
        ("something_new_in_2031", "never seen", "salesforce.unknown_refusal"),
        ("", "", "salesforce.unknown_refusal"),
    ],
)
def test_each_error_has_its_entry(error: str, description: str, code: str) -> None:
    """In the catalogue, with a remedy."""
    assert refusals.meaning(error, description) == code
    assert PROBLEMS[code].remedy


@given(st.text(), st.text())
def test_any_two_strings_mean_something(error: str, description: str) -> None:
    """Both come from outside."""
    assert refusals.meaning(error, description) in PROBLEMS
    assert len(refusals.shown(error, description)) < 230


def test_every_row_of_the_table_leads_to_the_catalogue() -> None:
    """A code without an entry would be a page without a remedy."""
    assert {code for _, _, code in refusals._TABLE} <= set(PROBLEMS)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Token request is already being processed", True),
        ("expired authorization code", True),
        ("expired access/refresh token", False),
        ("token validity expired", False),
    ],
)
def test_a_refresh_that_met_another_is_told_from_a_dead_token(description: str, *, expected: bool) -> None:
    """Only the first may be tried again."""
    assert refusals.is_collision("invalid_grant", description) is expected
