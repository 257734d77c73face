"""What a database may hold when somebody else has written to it: anything, in any place."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from syncline.cli.exits import FAILED, CommandError

#: What comes of a value of another kind than Syncline writes: text for bytes, a number without end, JSON that is none.
_STRANGE = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError, msgspec.MsgspecError)


@contextmanager
def read_as_it_is(verdict: str) -> Iterator[None]:
    """Read a database that need not be ours; ends the command with the verdict where nothing can be made of it."""
    try:
        yield
    except _STRANGE as error:
        said = f"{type(error).__name__}: {error}"[:200]
        text = f"{verdict}: the database holds what Syncline never writes there ({said})"
        raise CommandError(text, code=FAILED) from None
