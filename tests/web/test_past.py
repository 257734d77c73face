"""The status of a past moment, told from the log alone."""

from datetime import UTC, datetime

import pytest

from tests.web.doors import CREDENTIALS, Doors


async def test_status_as_it_was(doors: Doors) -> None:
    """A past moment is told from the rows up to it: state, cause and problem of then, and nothing of now."""
    id_ = (await doors.create())["id"]
    await doors.command(id_, "app.registered")
    doors.clock.ahead += 60_000_000
    assert (await doors.ask("POST", f"/api/integrations/{id_}/events", body=CREDENTIALS)).status == 200
    await doors.push(id_, "credentials.rejected", problem="source.wrong_secret")
    rows = [entry.row for entry in await doors.rows(id_)]
    now = (await doors.ask("GET", f"/api/integrations/{id_}")).json
    assert (now["as_of"], now["seq"]) == (None, len(rows))
    then = now
    for row in rows:
        then = (await doors.ask("GET", f"/api/integrations/{id_}?as_of={row.at}")).json
        told = (then["as_of"], then["seq"], then["state"], then["why"]["seq"])
        assert told == (row.at, row.seq, row.to, row.state_seq)
        assert (then["secrets"], then["waiting_for"], then["source"]["app_guide"]) == ([], [], {})
    assert now["blocked_by"] is not None
    assert (then["blocked_by"], then["since"]) == (now["blocked_by"], now["since"])
    minute = datetime.fromtimestamp(rows[1].at / 1e6 + 1, UTC)
    for text in (minute.isoformat(), minute.isoformat().replace("+00:00", "Z"), minute.isoformat()[:-6]):
        assert (await doors.ask("GET", f"/api/integrations/{id_}?as_of={text}")).json["seq"] == 2


@pytest.mark.parametrize(
    ("moment", "status", "code"),
    [
        ("yesterday", 400, "request.moment"),
        ("-1", 400, "request.moment"),
        ("9999-12-31T23:59:59Z", 400, "request.moment"),
        ("99999999999999999999999", 400, "request.moment"),
        ("2001-01-01", 404, "integration.not_yet"),
        ("1", 404, "integration.not_yet"),
    ],
)
async def test_moment_of_which_no_status_can_be_told(doors: Doors, moment: str, status: int, code: str) -> None:
    """Unreadable, still to come, or before the integration was."""
    id_ = (await doors.create())["id"]
    answer = await doors.ask("GET", f"/api/integrations/{id_}?as_of={moment}")
    assert (answer.status, answer.code) == (status, code)
