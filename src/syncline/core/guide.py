"""What each state of the chart means to a person: its name, one sentence, and the step that comes next.

`{source}` and `{target}` stand for the names of the two providers. A test holds this against the chart.
"""

import msgspec


class Explanation(msgspec.Struct, frozen=True):
    """A state in plain words."""

    title: str
    #: What it means or what it waits for, one sentence.
    summary: str
    #: The event that leads on, empty when nobody has to send one.
    primary: str = ""


#: The milestones in order, and the two ways off the path.
MILESTONES: dict[str, str] = {
    "unconfigured": "Not set up yet",
    "app_registered": "App registered",
    "credentials_saved": "Credentials saved",
    "authorized": "Authorized",
    "verified": "Verified",
    "fields_synced": "Fields synced",
    "syncing": "Syncing",
    "reauthorization_required": "Has to be authorized again",
    "disconnected": "Disconnected",
}

_PROBING = "The Consumer Key and Secret are being tested at {source}; nobody has to log in for that."
_NOT_PROBED = "{source} could not be asked whether the Consumer Key and Secret are right; nothing is known to be wrong."
_EXCHANGING = "The login came back and is being turned into tokens."
_AWAITING_LOGIN = "Somebody has started to log in to {source}; the login has to be finished there."

GUIDE: dict[str, Explanation] = {
    "unconfigured": Explanation(
        "Register the app", "An app has to be registered in {source}; the steps are shown here.", "app.registered"
    ),
    "app_registered.awaiting_credentials": Explanation(
        "Enter Consumer Key and Secret",
        "The app is registered; now its Consumer Key and Consumer Secret are needed.",
        "credentials.saved",
    ),
    "app_registered.probing_credentials": Explanation("Testing the credentials", _PROBING),
    "app_registered.credentials_rejected": Explanation(
        "Credentials rejected",
        "{source} did not accept the Consumer Key or the Consumer Secret; enter them again.",
        "credentials.saved",
    ),
    "app_registered.probe_failed": Explanation("Credentials not tested", _NOT_PROBED, "probe.requested"),
    "credentials_saved.ready": Explanation(
        "Ready to log in", "The credentials are right; now log in to {source} as the sync user.", "login.started"
    ),
    "credentials_saved.awaiting_login": Explanation("Waiting for the login", _AWAITING_LOGIN, "login.started"),
    "credentials_saved.exchanging_code": Explanation("Finishing the login", _EXCHANGING),
    "credentials_saved.login_failed": Explanation(
        "Login failed", "The login did not lead to an authorization; it can be started again.", "login.started"
    ),
    "authorized.checking": Explanation(
        "Running the checks", "{source} and {target} are being checked for all that the sync needs."
    ),
    "authorized.checks_failed": Explanation(
        "Checks failed",
        "At least one check did not pass; mend what it names, then run the checks again.",
        "checks.requested",
    ),
    "authorized.awaiting_confirmation": Explanation(
        "Confirm org and user",
        "All checks have passed; look at the org and the user that were connected, and confirm them.",
        "connection.confirmed",
    ),
    "verified.previewing_fields": Explanation(
        "Reading the fields", "The fields of {source} and {target} are being compared; nothing is created yet."
    ),
    "verified.preview_failed": Explanation(
        "Fields not read", "The fields of both sides could not be compared.", "preview.requested"
    ),
    "verified.awaiting_field_sync": Explanation(
        "Look at the fields",
        "The preview shows which fields would be created in {target}; creating a field cannot be undone.",
        "field_sync.requested",
    ),
    "verified.syncing_fields": Explanation("Creating the fields", "The fields are being created in {target}."),
    "verified.field_sync_failed": Explanation(
        "Field sync failed",
        "Not all fields could be created in {target}; those that were are kept.",
        "field_sync.requested",
    ),
    "fields_synced.mapping_open": Explanation(
        "Check the mapping, then start",
        "All fields are there; the mapping may still be changed until the sync is started.",
        "sync.start_requested",
    ),
    "syncing.initial_sync": Explanation(
        "Initial sync", "All records of {source} are being brought to {target} for the first time."
    ),
    "syncing.waiting": Explanation(
        "In sync", "Everything read so far is in {target}; the next cycle starts by itself.", "sync.requested"
    ),
    "syncing.running_cycle": Explanation(
        "Running a cycle", "What has changed in {source} since the last cycle is being brought to {target}."
    ),
    "syncing.throttled": Explanation(
        "Waiting for a limit",
        "A limit of {source} or {target} is reached; the sync goes on by itself when it is lifted.",
        "sync.requested",
    ),
    "syncing.sync_failed": Explanation(
        "Sync run failed",
        "The last run did not end well; it is tried again by itself after a pause, from where it stopped.",
        "sync.requested",
    ),
    "syncing.paused": Explanation("Paused", "Nothing is synced until somebody resumes.", "resume.requested"),
    "reauthorization_required.awaiting_person": Explanation(
        "Log in again",
        "The authorization for {source} is gone; log in again as the same user, and the sync goes on where it was.",
        "login.started",
    ),
    "reauthorization_required.revoking_old_grant": Explanation(
        "Revoking the former authorization",
        "The credentials were changed, so the tokens that came with the former ones are being revoked at {source}.",
    ),
    "reauthorization_required.old_grant_alive": Explanation(
        "Former authorization not revoked",
        "{source} could not be told to revoke the former tokens; try again, or revoke them there and go on.",
        "revocation.requested",
    ),
    "reauthorization_required.probing_credentials": Explanation("Testing the credentials", _PROBING),
    "reauthorization_required.credentials_rejected": Explanation(
        "Credentials rejected",
        "{source} did not accept the Consumer Key or the Consumer Secret; enter them again.",
        "credentials.saved",
    ),
    "reauthorization_required.probe_failed": Explanation("Credentials not tested", _NOT_PROBED, "probe.requested"),
    "reauthorization_required.awaiting_login": Explanation("Waiting for the login", _AWAITING_LOGIN, "login.started"),
    "reauthorization_required.exchanging_code": Explanation("Finishing the login", _EXCHANGING),
    "reauthorization_required.login_failed": Explanation(
        "Login failed",
        "The login did not restore the authorization; it can be started again, by the user that was confirmed.",
        "login.started",
    ),
    "disconnected.revoking": Explanation(
        "Revoking the authorization", "The tokens are being revoked at {source}, then all secrets are erased."
    ),
    "disconnected.revocation_failed": Explanation(
        "Authorization not revoked",
        "{source} could not be told to revoke the tokens; try again, or erase the secrets here and revoke them there.",
        "revocation.requested",
    ),
    "disconnected.closed": Explanation(
        "Disconnected", "The tokens are revoked or erased, and so are all secrets; the log is kept."
    ),
}


def explain(state: str) -> Explanation:
    """Answer what a state means; a state that the guide does not know is shown by its own name."""
    return GUIDE.get(state) or Explanation(state.replace("_", " ").replace(".", ": "), "")
