"""`syncline chart`: no service is needed, faults are named, and a picture that is not current is told."""

import json
from pathlib import Path

from typer.testing import CliRunner

from syncline.charts import CURRENT, chart_folder
from syncline.cli import app

CHART = chart_folder() / CURRENT


def run(*arguments: str) -> tuple[int, str, str]:
    """Run a chart command; answers exit code, standard output and standard error."""
    result = CliRunner().invoke(app, ["chart", *arguments], env={"COLUMNS": "200", "TERM": "dumb"})
    return result.exit_code, result.stdout, result.stderr


def test_the_current_chart_is_sound() -> None:
    """`check` without a file checks the chart that this version runs."""
    code, text, _ = run("check", "--json")
    assert code == 0
    assert json.loads(text)["chart"] == "integration"


def test_every_fault_of_a_chart_is_named(tmp_path: Path) -> None:
    """`check` ends with 1 and says what is wrong where."""
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        CHART.read_text().replace("run_checks", "run_chequers").replace("dest: verified\n", "dest: wherever\n")
    )
    code, _, errors = run("check", str(broken))
    assert code == 1
    assert "there is no effect run_chequers" in errors
    assert "there is no target state wherever" in errors


def test_a_chart_that_is_not_there_is_no_traceback(tmp_path: Path) -> None:
    """A file that cannot be read is a sentence and exit code 1, in JSON a code."""
    code, text, errors = run("check", str(tmp_path / "none.yaml"), "--json")
    assert (code, json.loads(text)["code"]) == (1, "chart.unreadable")
    assert "Traceback" not in errors


def test_the_diagram_is_mermaid_and_can_be_compared(tmp_path: Path) -> None:
    """`diagram` draws; `--check` ends with 0 for the page it would write and with 1 for any other."""
    code, text, _ = run("diagram")
    assert (code, text.splitlines()[0]) == (0, "stateDiagram-v2")
    page = tmp_path / "page.md"
    page.write_text(run("diagram", "--document")[1])
    assert run("diagram", "--check", str(page))[0] == 0
    page.write_text(page.read_text() + "\n")
    code, _, errors = run("diagram", "--check", str(page))
    assert code == 1
    assert "make diagram" in errors


def test_the_export_is_a_machine_for_another_engine() -> None:
    """`export --format xstate` writes JSON with the states and the initial one."""
    code, text, _ = run("export", "--format", "xstate")
    machine = json.loads(text)
    assert (code, machine["id"], machine["initial"]) == (0, "integration", "unconfigured")


def test_an_unknown_format_is_wrong_usage() -> None:
    """A format that does not exist ends with 2."""
    assert run("export", "--format", "scxml")[0] == 2
