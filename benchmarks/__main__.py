"""Everything that is measured, in one table: `python -m benchmarks [NAME …] [--rows NUMBER]`."""

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from benchmarks import (
    audit,
    audit_pack,
    audit_search,
    deliveries,
    engine,
    hooks,
    revocation,
    rotation,
    simulator,
    start,
    status,
    sync,
)
from benchmarks.measure import Result, machine, record, table

_ALL = (
    hooks,
    deliveries,
    engine,
    status,
    sync,
    audit,
    audit_pack,
    audit_search,
    start,
    rotation,
    revocation,
    simulator,
)
MEASURED = {each.__name__.rpartition(".")[2]: each.measure for each in _ALL}
RESULTS = Path(__file__).parent / "results.json"


def main(arguments: list[str]) -> int:
    """Measure what is named, or everything; answers 1 when something was not reached."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *MEASURED], help=", ".join(MEASURED))
    parser.add_argument("--rows", type=int, default=audit_search.ROWS, help="rows of the log that audit_search makes")
    asked = parser.parse_args(arguments)
    names, measured = asked.names, {**MEASURED, "audit_search": partial(audit_search.measure, asked.rows)}
    results: list[Result] = []
    for name, measure in measured.items():
        if not names or name in names:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            results += measure()
    RESULTS.write_text(json.dumps(record(results), indent=1) + "\n", encoding="utf-8")
    print(table(results))
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    return int(any(result.reached is False for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
