"""Log lines: one event each, as JSON or for a terminal, through the standard library so that every library's lines fit.

Law: nothing secret is written. Whoever logs must not pass secrets; what slips through by its name or its looks is
struck out here, last before rendering. Local variables are never printed, and neither is a query string.
"""

import logging
import logging.config
import re
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

STRUCK = "[redacted]"

#: Names whose values are never shown.
_SECRET_NAMES = re.compile(
    r"(?i)secret|password|token|authorization|cookie|verifier|credential|api_?key|consumer_?key|authorization_?code"
)
#: Texts that give themselves away, inside longer ones.
_SECRET_LOOKS = re.compile(
    r"syn_[0-9a-f]+_[a-z2-7]+_[0-9a-f]{6}"  # an API key of ours
    r"|whsec_[A-Za-z0-9+/=_-]+"  # the secret of a signed hook
    r"|(?i:bearer|basic)\s+[A-Za-z0-9+/=_.!~-]{8,}"
    r"|[A-Za-z0-9]{15,18}![A-Za-z0-9_.]{16,}"  # an access token that carries an org's id
    r"|(?<=\?)[A-Za-z0-9_.-]+=[^\s\"'<>]*"  # a query string
)


def configure(level: str, style: str, stream: IO[str] | None = None) -> None:
    """Set up logging for the process: from `level` up, as `json` or for the `console`, to standard error."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(style)],
                    "foreign_pre_chain": _first(),
                }
            },
            "handlers": {
                "stream": {
                    "class": "logging.StreamHandler",
                    "formatter": "line",
                    "stream": stream or sys.stderr,
                }
            },
            "root": {"handlers": ["stream"], "level": level.upper()},
            # The first two tell too much: whole addresses with their query (`web.problems.boundary` writes ours), and
            # whatever goes into the database and comes out of it.
            "loggers": {
                "aiohttp.access": {"level": "CRITICAL"},
                "aiosqlite": {"level": "WARNING"},
                "asyncio": {"level": "WARNING"},
                "transitions": {"level": "WARNING"},
            },
        }
    )
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_first(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def redact(_logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
    """Strike out what must not be seen, by name and by looks, at any depth."""
    return {name: STRUCK if _SECRET_NAMES.search(name) else _clean(value) for name, value in event.items()}


def struck(text: str) -> str:
    """Strike out of a text what gives itself away as a secret."""
    return _SECRET_LOOKS.sub(STRUCK, text)


def _clean(value: Any) -> Any:  # noqa: ANN401  whatever was logged
    if isinstance(value, str):
        return struck(value)
    if isinstance(value, Mapping):
        return redact(None, "", {str(name): inner for name, inner in value.items()})
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_clean(inner) for inner in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return struck(str(value))


def _first() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _last(style: str) -> list[Processor]:
    if style == "json":
        exception = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        return [exception, redact, structlog.processors.JSONRenderer()]
    # The traceback becomes text first, so that it is struck through like everything else.
    colours = sys.stderr.isatty()
    return [structlog.processors.format_exc_info, redact, structlog.dev.ConsoleRenderer(colors=colours)]
