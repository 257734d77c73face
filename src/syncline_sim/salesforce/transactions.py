"""Which writes belong together, and through which API they have come.

Law: what is written in one transaction is committed at once; nobody sees a part of it.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Transaction:
    """One transaction; `api` is as change events name it, none for what the org does by itself."""

    api: str = ""
    version: str = ""
    client: str = ""  #: as which the client has named itself
    whole: bool = False  #: what is begun inside is a part of it
    number: int = 0  #: of the first change that was told of it, 0 before
    changes: int = 0  #: how many there were, told or not
    sequence: int = 0  #: the place of the last one

    @property
    def origin(self) -> str:
        """Where it comes from, in the words of change events."""
        if not self.api:
            return ""
        return f"com/salesforce/api/{self.api}/{self.version}{f';client={self.client}' if self.client else ''}"


_CURRENT: ContextVar[Transaction | None] = ContextVar("transaction", default=None)


def current() -> Transaction:
    """Answer the transaction that is under way; a write outside of all is one of its own."""
    return _CURRENT.get() or Transaction()


@contextmanager
def within(transaction: Transaction) -> Iterator[None]:
    """Let what is written inside belong to a transaction, or to the whole one around it."""
    outer = _CURRENT.get()
    if outer is not None and outer.whole:
        yield
        return
    token = _CURRENT.set(transaction)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def of_rest(version: str, options: str, *, whole: bool = False) -> Transaction:
    """Answer a new transaction of the REST API; `options` is the header Sforce-Call-Options of the call."""
    # A part of a composite call is its client's too.
    return Transaction("rest", version, named(options) or current().client, whole)


def named(options: str) -> str:
    """Answer as which a client names itself in Sforce-Call-Options, '' when it does not."""
    found = re.search(r"\bclient\s*=\s*([^,;]+)", options)
    return found[1].strip() if found else ""


class Series:
    """Many writes, a hundred in a transaction."""

    TOGETHER = 100  #: work on a bulk job stops at multiples of it only

    def __init__(self, api: str, version: str, client: str = "") -> None:
        self._kind = (api, version, client)
        self._writes = 0
        self._transaction = Transaction()

    def next(self) -> AbstractContextManager[None]:
        """Begin the next write."""
        if self._writes % self.TOGETHER == 0:
            self._transaction = Transaction(*self._kind)
        self._writes += 1
        return within(self._transaction)
