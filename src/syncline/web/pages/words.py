"""How values are said to people: moments, numbers, who can fix something."""

from datetime import UTC, datetime

_MICROSECONDS = 1_000_000
_MINUTE, _HOUR = 60, 3600

_FIXERS = {
    "admin": "You, with an operator's or admin's key of this service",
    "engineer": "Whoever wrote the program that sends this",
    "operator": "Whoever operates this service",
    "nobody": "Nobody has to: it passes by itself",
}


def iso(at: int) -> str:
    """Answer a moment (microseconds since the epoch) as RFC 3339 in UTC, to the millisecond."""
    return _moment(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(at: int) -> str:
    """Answer a moment (microseconds since the epoch) as a person reads it, in UTC."""
    moment = _moment(at)
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def since(end: int, start: int) -> str:
    """Answer how long it took from `start` to `end`, both in microseconds since the epoch."""
    seconds = max(0, end - start) / _MICROSECONDS
    if seconds < _MINUTE:
        return f"{seconds:.1f} seconds"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s" if minutes < _MINUTE else f"{minutes // _MINUTE} h {minutes % _MINUTE} min"


def number(value: int) -> str:
    """Answer a count with its thousands apart."""
    return f"{value:,}".replace(",", "\u202f")


def words(name: str) -> str:
    """Answer a name of ours as words: `consumer_key` is `Consumer key`."""
    return name.replace("_", " ").replace(".", ": ").capitalize()


def fixer(name: str) -> str:
    """Answer who it is that can fix a problem."""
    provider = name.removesuffix("_admin")
    return _FIXERS.get(name) or (f"A {words(provider)} administrator" if provider != name else words(name))


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at // _MICROSECONDS, UTC).replace(microsecond=at % _MICROSECONDS)
