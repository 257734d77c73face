"""What a code of the whole call means, and until when a quota holds."""

from datetime import UTC, datetime

import pytest

from syncline.errors import ProviderError, RejectedError, ThrottledError, UnreachableError
from syncline.providers.marketo import answers
from syncline.providers.marketo.problems import PROBLEMS
from syncline.wire import Reply, WireError

NOON = datetime(2026, 7, 1, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "kind", "entry", "wait"),
    [
        ("601", UnreachableError, "unreachable", None),
        ("603", RejectedError, "permission_missing", None),
        ("606", UnreachableError, "rate_limited", 20.0),
        ("607", ThrottledError, "quota_reached", 12 * 3600.0),
        ("615", UnreachableError, "rate_limited", 2.0),
        ("502", UnreachableError, "unreachable", None),
        ("604", UnreachableError, "unreachable", None),
        ("608", UnreachableError, "unreachable", None),
        ("611", UnreachableError, "unreachable", None),
        ("713", UnreachableError, "unreachable", None),
        ("610", RejectedError, "not_found", None),
        ("616", RejectedError, "subscription", None),
        ("413", RejectedError, "too_large", None),
        ("1018", RejectedError, "native_crm", None),
        ("1003", RejectedError, "unknown_refusal", None),
        ("799", UnreachableError, "unreachable", None),
        ("", UnreachableError, "unreachable", None),
    ],
)
def test_each_code_has_its_meaning(code: str, kind: type[ProviderError], entry: str, wait: float | None) -> None:
    """With an entry in the catalogue."""
    error = answers.error_of(code, "words", NOON)
    assert (type(error), error.code) == (kind, f"marketo.{entry}")
    assert getattr(error, "retry_after", None) == wait
    assert PROBLEMS[error.code].remedy


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(2026, 1, 1, 5, 59, 59, tzinfo=UTC), 1.0),
        (datetime(2026, 1, 1, 6, 0, 0, tzinfo=UTC), 86_400.0),
        (datetime(2026, 7, 1, 5, 0, 0, tzinfo=UTC), 3600.0),
    ],
)
def test_a_day_ends_at_midnight_central_standard_time(now: datetime, seconds: float) -> None:
    """In summer too."""
    assert answers.until_midnight(now) == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"result": []}'])
@pytest.mark.parametrize("status", [200, 302, 404, 500, 502])
def test_what_is_no_envelope_is_an_outage(status: int, body: bytes) -> None:
    """Never an empty result."""
    with pytest.raises(UnreachableError):
        answers.result(Reply(status, {}, body), NOON)


def test_a_lost_reply_is_marked_as_one() -> None:
    """For who has to know whether something was written."""
    assert answers.outage(WireError("x", sent=True)).reply_lost
    assert not answers.outage(WireError("x", sent=False)).reply_lost
