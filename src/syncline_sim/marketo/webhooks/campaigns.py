"""The campaigns: what happens to people sets off the flow step Call Webhook.

Law: a call is queued in the transaction that sets it off, and made once, whatever comes of it.
"""

import sqlite3
from collections.abc import Collection, Iterable

from syncline_sim.marketo.webhooks import definitions
from syncline_sim.marketo.webhooks.definitions import CHANGED, CREATED, Webhook

_QUEUE = "INSERT INTO marketo_webhook_calls (webhook, person, at) VALUES (?, ?, ?)"


class Campaigns:
    """The campaigns that are switched on at the moment."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        active = definitions.active(db)
        self._on_creation = [webhook for webhook in active if webhook.fires(CREATED)]
        self._on_change = [webhook for webhook in active if webhook.fires(CHANGED)]

    def created(self, person: int, now: float) -> None:
        """Let a new person run through the campaigns that wait for one."""
        for webhook in self._on_creation:
            enter(self._db, webhook, [person], now)

    def changed(self, person: int, names: Collection[str], now: float) -> None:
        """Let a person of whom some fields have changed run through the campaigns that wait for that."""
        for webhook in self._on_change:
            if names and (not webhook.fields or not set(webhook.fields).isdisjoint(names)):
                enter(self._db, webhook, [person], now)


def enter(db: sqlite3.Connection, webhook: Webhook, people: Iterable[int], now: float) -> None:
    """Queue a call for each of these people, unless they have run through the campaign as often as they may."""
    for person in people:
        query = "SELECT 1 FROM marketo_webhook_calls WHERE webhook = ? AND person = ?"
        if not webhook.once or db.execute(query, (webhook.id, person)).fetchone() is None:
            db.execute(_QUEUE, (webhook.id, person, now))
