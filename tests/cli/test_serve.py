"""`syncline serve`: each setting comes by its flag and by its environment variable, and the flag goes before."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from syncline import main
from syncline.cli import app
from syncline.config import Settings

#: For each setting two values that are not its default, as a person types them.
VALUES = {
    "data": ("/srv/a", "/srv/b"),
    "host": ("127.0.0.2", "127.0.0.3"),
    "port": ("8081", "8082"),
    "public_url": ("https://a.example.com", "https://b.example.com"),
    "trusted_proxies": ("127.0.0.1", "10.0.0.0/8"),
    "allow_hosts": ("http://127.0.0.1:1", "http://127.0.0.1:2"),
    "allow_destinations": ("http://10.0.0.5:9000", "http://10.0.0.6:9000"),
    "checkpoint_url": ("https://a.example.com/log", "https://b.example.com/log"),
    "master_key_command": ("print-ring", "print-other-ring"),
    "log_level": ("debug", "warning"),
    "log_format": ("console", "console"),
}
NUMBERS = ("61", "62")
KEY = "syn_1_secretsecretsecret_abcdef"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that the service would have run with; nothing is started."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SYNCLINE_{name.upper()}", raising=False)
    seen: list[Settings] = []

    def run(settings: Settings, *, ready: Callable[[main.Running], None]) -> None:
        seen.append(settings)
        first = SecretStr(KEY) if len(seen) == 1 else None
        ready(main.Running("http://127.0.0.1:1", "http://127.0.0.1:1", settings.data, first))

    monkeypatch.setattr(main, "run", run)
    return seen


def serve(*flags: str, **environment: str) -> Result:
    """Run the command, which must end well."""
    result = CliRunner().invoke(app, ["serve", *flags], env={"COLUMNS": "200", **environment})
    assert result.exit_code == 0, result.output
    return result


FLAGS = [name for name, field in Settings.model_fields.items() if field.annotation not in {SecretStr, bool}]
SWITCHES = [name for name, field in Settings.model_fields.items() if field.annotation is bool]


@pytest.mark.slow
@pytest.mark.parametrize("name", FLAGS)
def test_a_setting_comes_by_flag_and_by_environment(given: list[Settings], name: str) -> None:
    """Either way it is the same setting; when both are there the flag holds."""
    one, other = VALUES.get(name, NUMBERS)
    flag, variable = f"--{name.replace('_', '-')}", f"SYNCLINE_{name.upper()}"

    serve(flag, one)
    serve(**{variable: one})
    serve(flag, other, **{variable: one})

    by_flag, by_environment, by_both = (getattr(settings, name) for settings in given)
    assert by_flag == by_environment == read(name, one) != Settings.model_fields[name].default
    assert by_both == read(name, other)


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_has_a_flag_for_either_way(given: list[Settings], name: str) -> None:
    """And a variable; when both are there the flag holds."""
    flag, variable = name.replace("_", "-"), f"SYNCLINE_{name.upper()}"
    serve(f"--{flag}")
    serve(f"--no-{flag}")
    serve(**{variable: "false"})
    serve(f"--{flag}", **{variable: "false"})
    assert [getattr(settings, name) for settings in given] == [True, False, False, True]


def test_a_secret_comes_by_environment_only(given: list[Settings]) -> None:
    """Other users can see a command line; and no print of the settings shows it."""
    serve(SYNCLINE_MASTER_KEYS="mk_1 canary")
    assert given[0].master_keys.get_secret_value() == "mk_1 canary"
    assert "canary" not in repr(given[0])
    assert CliRunner().invoke(app, ["serve", "--master-keys", "mk_1 canary"]).exit_code == 2


def read(name: str, text: str) -> Any:  # noqa: ANN401  whatever the setting is
    """Answer what a setting makes of a text."""
    return getattr(Settings(**{name: text}), name)  # type: ignore[arg-type]


def test_the_first_key_is_shown_once(given: list[Settings], tmp_path: Path) -> None:
    """The first start says it once and that it will not be said again; the next one says nothing of a key."""
    first, second = (serve("--data", str(tmp_path)).output for _ in range(2))
    assert len(given) == 2
    assert first.count(KEY) == 1
    assert "shown only this once" in first
    for text in (first, second):
        assert "Syncline answers at http://127.0.0.1:1" in text
    assert "admin key" not in second
    assert "syn_" not in second


def test_every_flag_of_all_is_also_an_environment_variable_and_says_so(given: list[Settings]) -> None:
    """Not only the settings: also how the command speaks."""
    command = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    text = serve("--help").output
    for option in command.params:
        (flag,) = option.opts
        variable = f"SYNCLINE_{flag.removeprefix('--').replace('-', '_').upper()}"
        assert option.envvar == variable
        assert variable in text
    assert json.loads(serve(SYNCLINE_JSON="1").output)["admin_key"] == KEY
