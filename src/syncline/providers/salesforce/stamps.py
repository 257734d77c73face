"""Stamps: moments as Salesforce gives them, in the one form that sorts as text and stands in a query."""

from datetime import UTC, datetime, timedelta

FIELD = "SystemModstamp"
_ZERO_OFFSETS = ("+0000", "+00:00")


def canonical(text: str) -> str:
    """Answer `2026-11-24T08:00:00.000Z` for what REST (`+0000`) or the Bulk API (`Z`) gives; raises `ValueError`."""
    for offset in _ZERO_OFFSETS:
        if text.endswith(offset):
            text = text.removesuffix(offset) + "Z"
    # What goes into a query is checked even if it came from the other side or from our own rows.
    datetime.fromisoformat(text)
    return text


def written(moment: datetime) -> str:
    """Answer a moment as a stamp, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def earlier(stamp: str, seconds: int) -> str:
    """Answer the stamp that lies `seconds` before `stamp`; '' stays ''."""
    return written(datetime.fromisoformat(stamp) - timedelta(seconds=seconds)) if stamp else ""
