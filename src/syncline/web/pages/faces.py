"""The face of each state: which panel its page shows, what stands above it, and with which tone its chip is drawn.

A tone is an icon and a colour; the word beside them is the state's title, so that nothing hangs on colour alone.
"""

from typing import Literal

import msgspec

Tone = Literal["ok", "working", "person", "waiting", "attention", "failed", "paused", "ended"]

#: The milestones of the set-up, in order; the chart's top-level states of the same names.
MILESTONES = (
    "unconfigured",
    "app_registered",
    "credentials_saved",
    "authorized",
    "verified",
    "fields_synced",
    "syncing",
)


class Face(msgspec.Struct, frozen=True):
    """How a state looks; `{source}` and `{target}` stand for the names of the providers."""

    tone: Tone
    panel: str  #: a template in `templates/panels/`
    heading: str


FACES: dict[str, Face] = {
    "unconfigured": Face("person", "register", "Register the app in {source}"),
    "app_registered.awaiting_credentials": Face("person", "credentials", "Enter Consumer Key and Consumer Secret"),
    "app_registered.probing_credentials": Face("working", "working", "Testing Consumer Key and Secret"),
    "app_registered.credentials_rejected": Face("failed", "credentials", "Correct Consumer Key and Secret"),
    "app_registered.probe_failed": Face("failed", "credentials", "The credentials could not be tested"),
    "credentials_saved.ready": Face("person", "login", "Log in to {source}"),
    "credentials_saved.awaiting_login": Face("waiting", "login", "Finish the login at {source}"),
    "credentials_saved.exchanging_code": Face("working", "working", "Finishing the login"),
    "credentials_saved.login_failed": Face("failed", "login", "The login did not succeed"),
    "authorized.checking": Face("working", "working", "Checking both sides"),
    "authorized.checks_failed": Face("failed", "checks", "Some checks did not pass"),
    "authorized.awaiting_confirmation": Face("person", "confirm", "Confirm the connection"),
    "verified.previewing_fields": Face("working", "working", "Reading the fields of both sides"),
    "verified.preview_failed": Face("failed", "preview_failed", "The fields could not be read"),
    "verified.awaiting_field_sync": Face("person", "preview", "Look over the fields"),
    "verified.syncing_fields": Face("working", "field_sync", "Creating the fields"),
    "verified.field_sync_failed": Face("failed", "field_sync_failed", "The field sync did not finish"),
    "fields_synced.mapping_open": Face("person", "mapping", "Look over the mapping, then start"),
    "syncing.initial_sync": Face("working", "sync", "The initial sync is under way"),
    "syncing.waiting": Face("ok", "sync", "In sync"),
    "syncing.running_cycle": Face("working", "sync", "Changes are being carried over"),
    "syncing.throttled": Face("waiting", "sync", "Waiting for a limit to open again"),
    "syncing.sync_failed": Face("attention", "sync", "The last run did not finish"),
    "syncing.paused": Face("paused", "sync", "Paused"),
    "reauthorization_required.awaiting_person": Face("failed", "login", "Log in to {source} again"),
    "reauthorization_required.revoking_old_grant": Face("working", "working", "Revoking the former authorization"),
    "reauthorization_required.old_grant_alive": Face(
        "failed", "old_grant", "The former authorization could not be revoked"
    ),
    "reauthorization_required.probing_credentials": Face("working", "working", "Testing Consumer Key and Secret"),
    "reauthorization_required.credentials_rejected": Face("failed", "credentials", "Correct Consumer Key and Secret"),
    "reauthorization_required.probe_failed": Face("failed", "credentials", "The credentials could not be tested"),
    "reauthorization_required.awaiting_login": Face("waiting", "login", "Finish the login at {source}"),
    "reauthorization_required.exchanging_code": Face("working", "working", "Finishing the login"),
    "reauthorization_required.login_failed": Face("failed", "login", "The login did not succeed"),
    "disconnected.revoking": Face("working", "working", "Disconnecting"),
    "disconnected.revocation_failed": Face("failed", "revocation", "The access could not be revoked"),
    "disconnected.closed": Face("ended", "receipt", "Disconnected"),
}


_GRANTED = ("authorized.", "verified.", "fields_synced.", "syncing.")


def granted(state: str) -> bool:
    """Whether there is a grant in a state."""
    return state.startswith(_GRANTED)


def tone(state: str) -> Tone:
    """Answer the tone of a state; one of an older chart that is gone now looks as if it waited."""
    face = FACES.get(state)
    return face.tone if face else "waiting"
