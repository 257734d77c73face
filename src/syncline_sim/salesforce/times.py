"""Moments as the data API writes and reads them."""

from datetime import UTC, datetime


def seconds(text: str) -> float:
    """Read `2026-01-01T00:00:00Z`, with or without a fraction, or with an offset; raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def stamp(moment: float) -> str:
    """Write a moment as REST does, such as `2026-01-01T00:00:00.000+0000`."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
