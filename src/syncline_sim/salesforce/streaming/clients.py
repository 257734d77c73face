"""Who waits for events: clients between their handshake and their end, with what they are subscribed to.

Law: a client that neither waits nor calls for 40 seconds of the world's time is forgotten. They are in memory: who
was connected to an earlier life of this world is as unknown as after a restart in life.
"""

import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncline_sim.salesforce.tokens import Login
    from syncline_sim.world import World

_LETTERS = string.ascii_lowercase + string.digits


@dataclass(slots=True)
class Client:
    """One client; `channels` are those it is subscribed to, with the number of the last event that it has got."""

    id: str
    org_id: str
    user_id: str
    browser: str  #: the cookie that was set for it
    seen: float
    resets: int  #: how often the world had been emptied
    channels: dict[str, int] = field(default_factory=dict)
    connects: int = 0  #: how often it has connected; only the newest one waits
    subscribes: int = 0
    waiting: int = 0
    gone: bool = False  #: it has disconnected


class Clients:
    """The clients of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._clients: dict[str, Client] = {}

    def open(self, login: "Login", browser: str) -> Client:
        """Let a client in, with the browser's cookie if it has one already."""
        self._clients = {client.id: client for client in self._living()}
        name, cookie = (self._world.word(length, _LETTERS) for length in (28, 26))
        made = Client(name, login.org.id, login.user.id, browser or cookie, self._world.now(), self._world.resets)
        self._clients[name] = made
        return made

    def find(self, name: str) -> Client:
        """Answer a client, which has just been heard of; raises `KeyError`."""
        client = self._clients[name]
        if not self._lives(client):
            raise KeyError(name)
        client.seen = self._world.now()
        return client

    def close(self, client: Client) -> None:
        """Let a client go."""
        client.gone = True

    def subscribed(self, org_id: str) -> int:
        """Answer how many clients of an org are subscribed to anything."""
        return sum(1 for client in self._living() if client.org_id == org_id and client.channels)

    def _living(self) -> Iterator[Client]:
        return (client for client in self._clients.values() if self._lives(client))

    def _lives(self, client: Client) -> bool:
        patience = self._world.switches["salesforce"]["streaming_reconnect"]
        idle = 0.0 if client.waiting else self._world.now() - client.seen
        return not client.gone and client.resets == self._world.resets and idle <= patience
