"""Which parts of an event are personal data, and whose: what is sealed before a row is hashed.

Law: nothing that decides is personal. Guards and the memory look at ids; a name, an address, an e-mail address, a text
of a vendor or of a sender is sealed under the key of its subject, so that the key can be destroyed and the row stays.
"""

from typing import Any

from syncline.core.event import SERVICE, Actor, Event

#: What a sealed value begins with; the id of the subject's key and the ciphertext follow, with colons between them.
MARK = "sealed:"

#: What is shown in the place of something whose key is destroyed.
ERASED = "(erased)"

#: The parts of an event's data that may name a person: free texts of providers and senders among them.
FIELDS = frozenset({"detail", "display_name", "email", "sent", "username"})


#: Parts of documents that may name a person besides those: what a check has seen.
_IN_DOCUMENTS = FIELDS | {"seen"}


def impersonal(body: Any) -> Any:  # noqa: ANN401  JSON
    """Answer a document without what may name a person, at any depth: of that not even a digest stands in a row."""
    match body:
        case dict():
            return {name: impersonal(value) for name, value in body.items() if name not in _IN_DOCUMENTS}
        case list() | tuple():
            return [impersonal(value) for value in body]
        case _:
            return body


def without_names(body: Any) -> Any:  # noqa: ANN401  JSON
    """Answer a document with `ERASED` in the place of what may name a person, at any depth."""
    match body:
        case dict():
            return {
                name: ERASED if value and name in _IN_DOCUMENTS else without_names(value)
                for name, value in body.items()
            }
        case list():
            return [without_names(value) for value in body]
        case _:
            return body


def spoken_of(event: Event) -> str:
    """Answer whom an event speaks of, whose the personal data in it is; empty where that is whoever sent it."""
    user, key = event.data.get("user_id"), event.data.get("key")
    if event.integration == SERVICE and isinstance(key, str):
        return f"person:{key}"  # The name of an API key is that of whoever has it, not of who made it.
    return f"source_user:{user}" if user and isinstance(user, str) else ""


def sender_of(actor: Actor, integration: str) -> str:
    """Answer whose the address is that an event came from."""
    match actor.kind:
        case "person" | "link" | "hook":
            return f"{actor.kind}:{actor.id}"
        case "source" | "target" if actor.via != "callback":  # The side itself calls a hook.
            return f"hook:{integration}"
        case "source":  # A browser that comes back: the person's or the guest's who sent it away.
            return f"{'link' if actor.id.startswith('cl_') else 'person'}:{actor.id}"
        case _:
            return f"integration:{integration}"
