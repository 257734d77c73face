"""Events: what happened to an integration, who says so, and what came with it.

An event is audited whole, so nothing secret may be in it. What it *brings* (sealed secrets, documents, login
attempts) is stored in the same transaction and audited by name and fingerprint only.
"""

from typing import Any, Literal

import msgspec

from syncline.core.brought import Brought

ActorKind = Literal["person", "link", "hook", "source", "target", "timer", "effect", "service"]


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who caused an event, and how we know."""

    kind: ActorKind
    id: str  #: an API key's id, a connect link's, an effect's, a webhook sender: never a secret
    via: str = ""  #: `bearer`, `session`, `link`, `signature`, `callback`, `notification`, `replay`, `schedule` …
    address: str = ""  #: the peer's network address, where there is one


class Event(msgspec.Struct, frozen=True):
    """Something that happened, once: `key` is unique per integration, for ever."""

    integration: str
    type: str
    key: str
    actor: Actor
    at: int  #: microseconds since the epoch
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    cause: str = ""  #: the effect or the event that led here, such as `effect:ef_…` or `seq:12`
    request: str = ""  #: the correlation id of the request that brought it
    #: For timers and results of effects: the `seq` at which the state they belong to was entered.
    state_seq: int | None = None
    brings: tuple[Brought, ...] = ()
    #: Why the door did not let it in, empty when it did. Such an event is put on the log as refused and does nothing.
    refusal: str = ""


#: The event that every log starts with.
BIRTH = "integration.created"

#: What the log of the service itself goes under, in the place of an integration's id, and how it starts.
SERVICE, SERVICE_BIRTH = "service", "service.installed"


def birth_of(integration: str) -> str:
    """Answer the event that a log has to start with."""
    return SERVICE_BIRTH if integration == SERVICE else BIRTH


class EventType(msgspec.Struct, frozen=True):
    """What may send an event, and what it is called on a button."""

    #: `{source}` and `{target}` stand for the names of the two providers.
    title: str
    senders: frozenset[ActorKind]


def _by(*senders: ActorKind) -> frozenset[ActorKind]:
    return frozenset(senders)


#: Every trigger of the chart, in the order of the set-up. A test holds the two together.
EVENTS: dict[str, EventType] = {
    BIRTH: EventType("Create the integration", _by("person")),
    "app.registered": EventType("I have registered the app", _by("person", "link")),
    "credentials.saved": EventType("Save Consumer Key and Secret", _by("person", "link")),
    "probe.requested": EventType("Test the credentials again", _by("person", "link")),
    "credentials.accepted": EventType("Credentials accepted", _by("effect")),
    "credentials.rejected": EventType("Credentials rejected", _by("effect")),
    "login.started": EventType("Login with {source}", _by("person", "link")),
    "login.returned": EventType("Login came back", _by("source")),
    "login.denied": EventType("Login came back refused", _by("source")),
    "timer.login_expired": EventType("Login was not finished in time", _by("timer")),
    "code.exchanged": EventType("Code exchanged for tokens", _by("effect")),
    "code.refused": EventType("Code refused", _by("effect")),
    "checks.passed": EventType("Checks passed", _by("effect")),
    "checks.failed": EventType("Checks failed", _by("effect")),
    "checks.requested": EventType("Run the checks again", _by("person", "link", "hook")),
    "connection.confirmed": EventType("Confirm Credentials", _by("person")),
    "preview.requested": EventType("Read the fields again", _by("person")),
    "preview.ready": EventType("Field preview ready", _by("effect")),
    "preview.failed": EventType("Field preview failed", _by("effect")),
    "field_sync.requested": EventType("Sync Fields", _by("person")),
    "field_sync.progressed": EventType("Fields are being synced", _by("effect")),
    "field_sync.finished": EventType("Fields synced", _by("effect")),
    "field_sync.failed": EventType("Field sync failed", _by("effect")),
    "mapping.saved": EventType("Save the mapping", _by("person")),
    "sync.start_requested": EventType("Start Sync", _by("person")),
    "sync.progressed": EventType("Records synced", _by("effect")),
    "sync.finished": EventType("Sync run finished", _by("effect")),
    "sync.throttled": EventType("A daily limit is reached", _by("effect")),
    "sync.failed": EventType("Sync run failed", _by("effect")),
    "sync.requested": EventType("Sync now", _by("person", "hook")),
    "records.changed": EventType("Records changed in {source}", _by("source")),
    "changes.followed": EventType("{source} tells of changes as they happen", _by("service")),
    "changes.unavailable": EventType("{source} does not tell of changes; every cycle asks", _by("service")),
    "person.sync_requested": EventType("Sync this person now", _by("target")),
    "person.reported": EventType("{target} tells of a person", _by("target")),
    "timer.changes_due": EventType("Changes are due to be fetched", _by("timer")),
    "timer.cycle_due": EventType("Next cycle is due", _by("timer")),
    "timer.quota_due": EventType("Quota wait is over", _by("timer")),
    "timer.retry_due": EventType("Retry is due", _by("timer")),
    "pause.requested": EventType("Pause", _by("person", "hook")),
    "resume.requested": EventType("Resume", _by("person", "hook")),
    "grant.lent": EventType("Token lent to an effect", _by("effect", "service")),
    "secret.lent": EventType("Stored secret opened for use", _by("effect", "service")),
    "grant.renewal_due": EventType("Unused authorization is due for a refresh", _by("timer")),
    "grant.refresh_started": EventType("Token refresh started", _by("effect", "service")),
    "grant.refreshed": EventType("Token refreshed", _by("effect", "service")),
    "grant.refresh_failed": EventType("Token refresh did not happen", _by("effect", "service")),
    "grant.lost": EventType("Authorization lost", _by("effect", "service")),
    "identity.released": EventType("Accept another user", _by("person")),
    "old_grant.revoked": EventType("Former authorization revoked", _by("effect")),
    "revocation.given_up": EventType("Go on without revoking", _by("person")),
    "link.made": EventType("Make a connect link", _by("person")),
    "link.redeemed": EventType("Connect link redeemed", _by("link")),
    "link.left": EventType("Connect link given back", _by("link")),
    "link.revoked": EventType("Revoke a connect link", _by("person")),
    "account.saved": EventType("Save the {target} API user", _by("person")),
    "hook.rotated": EventType("Change the secret of a hook", _by("person")),
    "data_key.rewrapped": EventType("Data key wrapped by another master key", _by("service")),
    "disconnect.requested": EventType("Disconnect", _by("person")),
    "grant.revoked": EventType("Authorization revoked", _by("effect")),
    "revocation.requested": EventType("Try to revoke again", _by("person")),
    "erasure.requested": EventType("Erase the secrets without revoking", _by("person")),
    "effect.exhausted": EventType("Gave up after several tries", _by("effect")),
}

#: Every trigger of the service's own chart.
SERVICE_EVENTS: dict[str, EventType] = {
    SERVICE_BIRTH: EventType("Syncline installed", _by("service")),
    "service.started": EventType("Service started", _by("service")),
    "service.stopped": EventType("Service stopped", _by("service")),
    "data_key.rewrapped": EVENTS["data_key.rewrapped"],
    "configuration.changed": EventType("Settings or version changed since the last start", _by("service")),
    "sign_in.succeeded": EventType("Signed in", _by("person")),
    "session.ended": EventType("Signed out", _by("person")),
    "key.created": EventType("Make an API key", _by("person", "service")),
    "key.revoked": EventType("Revoke an API key", _by("person")),
    "master_key.changed": EventType("Change to another master key", _by("person", "service")),
    "subject.erased": EventType("Erase a person from the log", _by("person")),
    "log.truncated": EventType("Rows older than the retention let go", _by("service")),
    "log.export_started": EventType("Take the log away", _by("person")),
    "log.exported": EventType("The log was taken away", _by("person")),
    "subscription.made": EventType("Subscribe to what happens", _by("person")),
    "subscription.changed": EventType("Change a subscription", _by("person")),
    "subscription.rotated": EventType("Change the secret of a subscription", _by("person")),
    "subscription.disabled": EventType("Subscription switched off: its address does not answer", _by("service")),
    "subscription.ended": EventType("End a subscription", _by("person")),
    "deliveries.replayed": EventType("Send deliveries again", _by("person")),
    "secret.lent": EVENTS["secret.lent"],
    "checkpoint_key.made": EventType("Key for signing checkpoints made", _by("service")),
    "checkpoint_key.rotated": EventType("Sign checkpoints with a new key", _by("person")),
    "checkpoint.contradicted": EventType("The log is not what a checkpoint was signed for", _by("service")),
}

#: What a door has not let in and no command is known by. Such a row is always refused, so that no chart has to know it.
DOOR_EVENTS: dict[str, EventType] = {
    "sign_in.refused": EventType("Sign-in refused", _by("person")),
    "access.refused": EventType("Request refused", _by("person", "link")),
    "callback.refused": EventType("Login came back that nobody here has started", _by("source")),
    "connect_link.refused": EventType("Connect link refused that names none of ours", _by("link")),
    "hook.refused": EventType("Signed event refused", _by("hook", "source", "target")),
}

#: By the name of the chart.
EVENTS_OF = {"integration": EVENTS, "service": SERVICE_EVENTS}
#: What any of the charts knows, and what none has to.
ALL_EVENTS = EVENTS | SERVICE_EVENTS | DOOR_EVENTS
