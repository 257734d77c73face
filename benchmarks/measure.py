"""A result, rounds that alternate, and the table."""

import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROUNDS = 5
#: Where data directories are made: on the disk of the checkout, since a file system in memory makes syncing free.
SCRATCH = Path(__file__).parent.parent / "var"
SCRATCH.mkdir(exist_ok=True)


@dataclass(frozen=True)
class Result:
    """One number, and what it has to reach."""

    name: str
    value: float
    unit: str
    #: What the value is compared with, in words; empty when there is nothing.
    against: str = ""
    limit: float | None = None
    #: value / limit.
    ratio: float | None = None
    #: What the ratio (or, without one, the value) has to reach: at least, or at most when `at_most`.
    reach: float | None = None
    at_most: bool = False
    rounds: tuple[float, ...] = ()

    @property
    def reached(self) -> bool | None:
        """Whether it did; None when nothing was asked."""
        if self.reach is None:
            return None
        seen = self.value if self.ratio is None else self.ratio
        return seen <= self.reach if self.at_most else seen >= self.reach


def alternate(kinds: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Run each kind once a round, so that what else the machine does falls on all of them alike."""
    seen: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, run in kinds.items():
            seen[name].append(run())
    return seen


def result(
    name: str,
    seen: list[float],
    unit: str,
    *,
    against: str = "",
    limit: list[float] | None = None,
    reach: float | None = None,
    at_most: bool = False,
) -> Result:
    """Take the median of the rounds."""
    shown = None if limit is None else statistics.median(limit)
    rounds = tuple(round(each, 3) for each in seen)
    return Result(name, statistics.median(seen), unit, against, shown, None, reach, at_most, rounds)


def ratio(name: str, seen: Mapping[str, list[float]], kind: str, limit: str, **more: Any) -> Result:  # noqa: ANN401  fields of a result
    """Compare the medians of two kinds; the ratio is the median of the rounds' own ratios."""
    ratios = [a / b for a, b in zip(seen[kind], seen[limit], strict=True)]
    return Result(
        name,
        statistics.median(seen[kind]),
        against=limit,
        limit=statistics.median(seen[limit]),
        ratio=statistics.median(ratios),
        rounds=tuple(round(each, 3) for each in ratios),
        **more,
    )


def machine() -> dict[str, object]:
    """Describe where this was measured."""
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "sqlite": sqlite3.sqlite_version,
    }


def table(results: list[Result]) -> str:
    """Set the results in columns."""
    lines = [("measured", "value", "limit", "ratio", "to reach", "")]
    for result in results:
        limit = f"{_number(result.limit)} ({result.against})" if result.limit is not None else ""
        sign = "≤" if result.at_most else "≥"
        reach = f"{sign} {_number(result.reach)}" if result.reach is not None else ""
        verdict = {True: "reached", False: "MISSED", None: ""}[result.reached]
        value = f"{_number(result.value)} {result.unit}"
        seen = "" if result.ratio is None else f"{result.ratio:.2f}"
        lines.append((result.name, value, limit, seen, reach, verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def record(results: list[Result]) -> dict[str, object]:
    """Answer the results as they are written to the file."""
    return {"machine": machine(), "results": [{**asdict(each), "reached": each.reached} for each in results]}


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
