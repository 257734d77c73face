"""What can be set about the simulated Salesforce while it runs, and what holds at first."""

from typing import Any

#: Times are in seconds.
DEFAULTS: dict[str, Any] = {
    # Login and approval
    "verification": True,  # a login from a browser that is not known asks for a code sent by e-mail
    "verification_lifetime": 600,
    "verification_attempts": 5,
    "lockout_failures": 5,  # wrong passwords in a row, then the user is locked
    "lockout_seconds": 900,
    "soap_login": True,  # off in new orgs of the vendor
    "password_flow": True,  # as above
    "trusted_network": False,  # programs need no security token behind the password
    "login_rate_limit": 3600,  # logins of programs per user in an hour
    "reveal_by_code": True,  # key and secret of an app are shown after a code sent by e-mail
    "app_latency": 0,  # how long a new app takes to work; minutes in life
    # Codes and tokens
    "require_pkce": False,  # the org's own setting, beside each app's
    "code_lifetime": 900,
    "session_lifetime": 7200,
    "refresh_idle_lifetime": 0,  # a refresh token that nobody has used for so long is dead; 0: lives until revoked
    "rotation": None,  # true or false overrules what each app has set
    "rotation_grace": 0,  # an old refresh token that comes back within this is answered, not punished
    "max_approvals": 5,  # per user and app; one more revokes the oldest
    "ask_again": False,  # the approval page comes even when the user has approved the app before
    "token_latency": 0,  # how long the token endpoint takes; lets refreshes overlap
    "omit_refresh_token": False,
    "instance_url": "",  # what token replies name instead of our own origin
    "token_error": None,  # [error, description]: the token endpoint says nothing else
    "authorize_error": None,  # [error, description]: what the approval ends with
    # The data API
    "api_disabled": False,  # API_DISABLED_FOR_ORG, as in an edition without the API
    "api_limit": 0,  # calls in any 24 hours; 0: as the edition and the licences say
    "api_calls_elsewhere": 0,  # how many of them the org's other apps have made
    "api_limit_reached": False,
    "long_calls_elsewhere": 0,  # calls of other apps that have been running for 20 seconds and more
    # Bulk jobs
    "bulk_latency": 0,  # how long a job waits before it is done
    "bulk_polls": 0,  # how often it is asked about before it is done
    "bulk_failure": "",  # every job fails with this message
    "bulk_query_jobs": 10_000,  # in any 24 hours
    "bulk_batches": 15_000,  # as above; an ingest job counts one for 10,000 rows
    "bulk_upload_bytes": 112_500_000,  # 150 MB once it is written in base64
    # Outbound messages
    "outbound_latency": 0,  # how long a notification waits before it is first sent
    "outbound_first_retry": 30,  # how long after a failure; twice as long after each further one
    "outbound_longest_retry": 7200,
    "outbound_lifetime": 86_400,  # what has not been acknowledged by then has failed
    "outbound_failed_lifetime": 604_800,  # how long it may be retried
    "outbound_timeout": 60,  # how long an answer may take, by the clock on the wall
    "outbound_disorder": False,  # the newest notifications are sent first
    "outbound_repeats": 0,  # so many of the next acknowledged messages come once more
    # Change Data Capture
    "capture_gaps": False,  # every change is told by a gap event only
    "capture_bytes": 1_000_000,  # what is larger is a gap event
    "capture_changes": 100_000,  # in one transaction; what goes beyond is an overflow event
    "streaming_clients": 1000,  # that are subscribed in an org at the same time
    "streaming_timeout": 110,  # how long a connect is held, by the clock on the wall
    "streaming_reconnect": 40,  # a client that calls no more is forgotten after so long
    # Where calls come from
    "ip_blocked": False,  # the org lets nobody in from here
    "client_address": "",  # from where all calls are said to come; empty: from where they do
}
