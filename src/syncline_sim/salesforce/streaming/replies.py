"""What the door says: Bayeux replies, and refusals with a code, a text and what to do next.

Texts are those of the vendor's page "Streaming API Error Codes" and of answers that people have published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncline_sim.salesforce import versions

Message = Mapping[str, Any]
Reply = dict[str, Any]
OLDEST = 37
COOKIE = "BAYEUX_BROWSER"
_FORMAT = f"URI format: '/cometd/{versions.NEWEST}.0'"
#: What the server can do beside the protocol.
EXTENSIONS = {"replay": True, "payload.format": True}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal; `reconnect` is what the client is advised to do, `reason` why a handshake was denied."""

    code: int
    text: str
    reconnect: str = ""
    reason: str = ""


class Refused(Exception):  # noqa: N818 - it is the message that is refused
    """A message is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


def accepted(message: Message, client_id: str, **members: object) -> Reply:
    """Answer a message that has had its effect."""
    return {**_head(message, client_id), **members, "successful": True}


def refused(message: Message, refusal: Refusal, client_id: str = "") -> Reply:
    """Answer a message that has had none."""
    reply = _head(message, client_id)
    if refusal.reason:
        reply["ext"] = {"sfdc": {"failureReason": refusal.reason}, **EXTENSIONS}
    if refusal.reconnect:
        reply["advice"] = {"reconnect": refusal.reconnect, "interval": 0}
    return {**reply, "error": f"{refusal.code}::{refusal.text}", "successful": False}


def handshake_denied(reason: str) -> Refusal:
    """Refuse to let a client in."""
    return Refusal(403, "Handshake denied", "none", reason)


def no_channel(name: str) -> Refusal:
    """Refuse a channel that does not exist."""
    return Refusal(400, f"The channel you requested to subscribe to does not exist {{{name}}}")


def bad_replay(replay: object) -> Refusal:
    """Refuse a replay id."""
    text = (
        f"The replayId {{{replay}}} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or"
        " -1 to replay only new events."
    )
    return Refusal(400, text)


def no_connection_type(wanted: object) -> Refusal:
    """Refuse every way of being told but long polling."""
    said = ",".join(map(str, wanted)) if isinstance(wanted, list) else wanted or ""
    return Refusal(400, f"Invalid connection type {{{said}}}")


def no_cookie(client_id: str) -> Refusal:
    """Refuse a client that does not keep the cookie which it was given."""
    text = f"Client {client_id} has established a session, but no {COOKIE} cookie present"
    return Refusal(400, text, "handshake")


NO_VERSION = Refusal(400, f"API version in the URI is mandatory. {_FORMAT}", "none")
BAD_VERSION = Refusal(
    400, f"Unsupported API version. Only API versions '{OLDEST}.0' and later are supported. {_FORMAT}", "none"
)
NO_LOGIN = Refusal(401, "Request requires authentication", "none")
BAD_LOGIN = Refusal(401, "Authentication invalid", "none")
UNKNOWN_CLIENT = Refusal(403, "Unknown client", "handshake")
NO_HANDSHAKE = Refusal(403, "Client has not completed handshake", "handshake")
OTHER_USER = Refusal(400, "Authenticated user id does not match the session's user id", "handshake")
NO_CHANNEL_NAME = Refusal(400, "Channel name not specified")
NO_SLASH = Refusal(400, "Channel subscriptions must start with a leading '/'")
NOT_ALLOWED = Refusal(403, "User not allowed to subscribe CDC without required permissions")
TOO_MANY = Refusal(403, "Organization concurrent user limit exceeded")
NO_PUBLISHING = Refusal(403, "Publish denied")


def _head(message: Message, client_id: str) -> Reply:
    named = {"clientId": client_id} if client_id else {}
    return {**named, **{name: message[name] for name in ("channel", "id", "subscription") if name in message}}
