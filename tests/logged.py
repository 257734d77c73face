"""What is logged while a test looks, and logging as it was afterwards."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Answer a stream to configure logging with; all that was changed by that is changed back.

    A root logger that is left at `debug` makes every later test of the process slow, and keeps all their lines.
    """
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    levels = {name: each.level for name, each in root.manager.loggerDict.items() if isinstance(each, logging.Logger)}
    yield io.StringIO()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(capture=False)
    root.setLevel(level)
    root.handlers[:] = handlers
    for name in root.manager.loggerDict:
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
