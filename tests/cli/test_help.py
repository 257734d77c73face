"""Every command explains itself, with an example, and every flag of `serve` says its environment variable."""

from collections.abc import Iterator

import pytest
import typer
from pydantic import SecretStr
from typer.testing import CliRunner

from syncline.cli import app
from syncline.config import Settings

WIDE = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}


def commands() -> Iterator[list[str]]:
    """Every command and every group of commands."""

    def walk(command: object, path: list[str]) -> Iterator[list[str]]:
        yield path
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, [*path, name])

    yield from walk(typer.main.get_command(app), [])


def leaves() -> list[list[str]]:
    """Every command that does something."""
    every = list(commands())
    return [path for path in every if path and not any(other[: len(path)] == path and other != path for other in every)]


def ask(*arguments: str) -> str:
    """Answer what a command writes, which must end well."""
    result = CliRunner().invoke(app, list(arguments), env=WIDE)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_are_the_ones_that_were_promised() -> None:
    """The list of commands changes only on purpose."""
    assert {" ".join(path) for path in leaves()} == {
        "serve",
        "status",
        "demo",
        "events send",
        "events list",
        "events follow",
        "audit list",
        "audit story",
        "audit export",
        "audit forwarding",
        "audit pack",
        "audit verify",
        "audit prove",
        "audit check-proof",
        "audit consistency",
        "audit checkpoints",
        "audit keys",
        "audit rotate-key",
        "audit replay",
        "audit subjects",
        "audit erase",
        "chart check",
        "chart diagram",
        "chart export",
        "hooks list",
        "hooks replay",
        "hooks rotate",
        "hooks show",
        "subscriptions change",
        "subscriptions create",
        "subscriptions deliveries",
        "subscriptions end",
        "subscriptions list",
        "subscriptions replay",
        "subscriptions rotate",
        "subscriptions show",
        "subscriptions test",
        "keys list",
        "keys create",
        "keys revoke",
        "keys rotate",
        "links create",
        "links list",
        "links revoke",
        "tokens list",
        "tokens revoke",
    }


@pytest.mark.slow
@pytest.mark.parametrize("path", list(commands()), ids=lambda path: " ".join(path) or "syncline")
def test_every_command_has_help_with_the_exit_codes(path: list[str]) -> None:
    """`--help` works everywhere; single commands inherit the exit codes from the group's help."""
    text = ask(*path, "--help")
    assert "Usage:" in text
    if len(path) < 2:
        assert "3 the service cannot be reached" in " ".join(text.split())


@pytest.mark.slow
@pytest.mark.parametrize("path", leaves(), ids=" ".join)
def test_every_command_teaches_by_an_example_and_speaks_json(path: list[str]) -> None:
    """The help shows how the command is typed, and offers `--json`."""
    text = ask(*path, "--help")
    assert f"Example: syncline {' '.join(path)}" in text
    assert "--json" in text


def test_every_setting_is_a_flag_that_says_its_environment_variable_and_its_default() -> None:
    """No setting can be reached by one way only, but a secret: it has a variable, and help names that elsewhere."""
    text = ask("serve", "--help")
    assert "--master-keys" not in text
    for name, field in Settings.model_fields.items():
        if field.annotation is SecretStr:
            assert f"SYNCLINE_{name.upper()}" in text, name
            continue
        assert f"--{name.replace('_', '-')}" in text, name
        assert f"SYNCLINE_{name.upper()}" in text, name
        assert (f"({field.default})" if field.default not in {"", ()} else "(empty)") in text, name


def test_without_a_command_the_help_is_shown() -> None:
    """Somebody who types the bare name is told what there is."""
    result = CliRunner().invoke(app, [], env=WIDE)
    assert "Commands" in result.output
    assert result.exit_code == 2


def test_the_version_is_told() -> None:
    """`--version` names the program and its version."""
    assert ask("--version").startswith("syncline 0.")
