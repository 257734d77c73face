"""Logs that earlier versions have written: they still prove, and would be decided today as they were then."""

import json
from pathlib import Path

import pytest

from syncline.core import audit
from syncline.core.audit import GENESIS, Row
from syncline.core.chart import Chart, parse_chart
from syncline.store.replay import replay_rows

FOLDER = Path(__file__).parents[1] / "recorded"
RECORDED = sorted(path.stem for path in FOLDER.glob("*.ndjson"))


def read(name: str) -> tuple[dict[str, Chart], list[bytes]]:
    """Answer the charts of a recorded log, and the bytes of its rows in the order of writing."""
    charts, rows = {}, []
    for line in (FOLDER / f"{name}.ndjson").read_bytes().splitlines():
        if line.startswith(b'{"chart"'):
            said = json.loads(line)
            charts[said["chart"]] = parse_chart(said["source"].encode(), said["chart"])
        else:
            rows.append(line)
    return charts, rows


def owner_in(rows: list[Row]) -> dict[tuple[str, str], tuple[int, str]]:
    """Answer whose each key is."""
    return {(row.integration, row.key): (row.seq, row.digest) for row in rows if not row.repeats}


@pytest.mark.parametrize("name", RECORDED)
def test_every_decision_comes_out_as_it_was_recorded(name: str) -> None:
    """Under the charts of their time, whatever the chart of today says."""
    charts, contents = read(name)
    rows = [audit.decode(content) for content in contents]
    owners = owner_in(rows)
    report = replay_rows(contents, charts, lambda integration, key: owners.get((integration, key)))
    assert report.differences == ()
    assert (report.rows, report.passed_over) == (len(rows), 0)


@pytest.mark.parametrize("name", RECORDED)
def test_each_recorded_row_matters(name: str) -> None:
    """Another disposition in any single row is found, and that row is named."""
    charts, contents = read(name)
    rows = [audit.decode(content) for content in contents]
    owners = owner_in(rows)
    for number, content in enumerate(contents):
        told, row = json.loads(content), rows[number]
        told["disposition"] = "unexpected" if row.disposition != "unexpected" else "handled"
        changed = [*contents[:number], json.dumps(told).encode(), *contents[number + 1 :]]
        report = replay_rows(changed, charts, lambda integration, key: owners.get((integration, key)))
        assert [(one.integration, one.seq) for one in report.differences] == [(row.integration, row.seq)]


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_bytes_are_canonical(name: str) -> None:
    """What is read and written again are the same bytes, and the chains can be made from them."""
    _, contents = read(name)
    heads: dict[str, bytes] = {}
    for content in contents:
        row = audit.decode(content)
        assert audit.encode(row) == content
        heads[row.integration] = audit.chain(heads.get(row.integration, GENESIS), content)
    assert len(heads) > 1


def test_much_was_recorded() -> None:
    """The recordings hold what they are there for."""
    rows = [audit.decode(content) for name in RECORDED for content in read(name)[1]]
    assert len({row.type for row in rows}) > 35
    assert {row.disposition for row in rows} >= {"transitioned", "handled", "refused", "unexpected"}
