"""The channels of change events: which there are, who may listen, and where in the stream one begins.

Law: a channel of one object is refused to a user who does not see all of the object; on the channel of all objects
such a user merely gets no events of it. The channel of an object that is not selected is refused in the same words.
"""

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce.streaming import events, replies, selection
from syncline_sim.salesforce.streaming.replies import Refused

if TYPE_CHECKING:
    from syncline_sim.salesforce.orgs import User
    from syncline_sim.salesforce.tokens import Login
    from syncline_sim.world import World

#: "View All Data": change events know nothing of who owns which record.
_PERMISSION = "ViewAllData"
_ALL = "/data/ChangeEvents"
_ENTITIES: Mapping[str, Collection[str]] = {
    _ALL: selection.DEFAULT,
    **{f"/data/{name}ChangeEvent": (name,) for name in selection.DEFAULT},
}
_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)


def admit(world: "World", login: "Login", version: int, name: str) -> None:
    """Let a user listen to a channel; raises `Refused`."""
    if name not in _ENTITIES or version < selection.SINCE:
        raise Refused(replies.no_channel(name))
    wanted = _ENTITIES[name] if name == _ALL else readable(login.user, name)
    if not set(wanted) & set(selection.selected(world, login.org.id)):
        raise Refused(replies.NOT_ALLOWED)


def readable(user: "User", name: str) -> Collection[str]:
    """Answer the objects of a channel whose events a user gets."""
    allowed = user.may(_PERMISSION)
    return [entity for entity in _ENTITIES[name] if allowed and user.may_read(entity)]


def replay(message: Mapping[str, Any], name: str) -> object:
    """Answer the replay id that a subscription names for a channel; without one only new events are wanted."""
    ext = message.get("ext")
    named = ext.get("replay") if isinstance(ext, dict) else None
    return named.get(name, events.NEW) if isinstance(named, dict) else events.NEW


def number(said: object) -> int:
    """Read a replay id, which some clients write as a text; raises `ValueError`."""
    if not _NUMBER.fullmatch(str(said)):
        raise ValueError(said)
    return int(str(said))
