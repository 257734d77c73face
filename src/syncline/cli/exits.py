"""How a command ends: its exit code, and what it says on standard error."""

import asyncio
import functools
import json
import sys
from collections.abc import Callable, Coroutine
from typing import NoReturn, ParamSpec, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console

from syncline.core.catalogue import CATALOGUE
from syncline.errors import SynclineError

P = ParamSpec("P")
T = TypeVar("T")

FAILED = 1
USAGE = 2
UNREACHABLE = 3

CODES = "Exit codes: 0 done; 1 refused or failed; 2 wrong usage; 3 the service cannot be reached."

console = Console(stderr=True)


class CommandError(Exception):
    """A command cannot do what was asked; the text is for the person who typed it."""

    def __init__(self, text: str, *, code: int = FAILED, problem: dict[str, object] | None = None) -> None:
        """Keep the text, the exit code and, for `--json`, the problem document."""
        super().__init__(text)
        self.text = text
        self.code = code
        self.problem = problem or {"detail": text}


def command(function: Callable[P, Coroutine[object, object, T]]) -> Callable[P, T]:
    """Turn an asynchronous command into one that Typer can call, since Typer calls it and never awaits the answer."""

    @functools.wraps(function)
    def wrapper(*arguments: P.args, **options: P.kwargs) -> T:
        return asyncio.run(function(*arguments, **options))

    return guarded(wrapper)


def guarded(function: Callable[P, T]) -> Callable[P, T]:
    """End a command that fails with a sentence and an exit code instead of a traceback."""

    @functools.wraps(function)
    def wrapper(*arguments: P.args, **options: P.kwargs) -> T:
        as_json = bool(options.get("as_json"))
        try:
            return function(*arguments, **options)
        except CommandError as error:
            leave(error.text, error.code, error.problem if as_json else None)
        except SynclineError as error:
            leave(_explain(error), FAILED, {"code": error.code, "detail": error.detail} if as_json else None)
        except ValidationError as error:
            text = _invalid(error)
            leave(text, USAGE, {"code": "settings.invalid", "detail": text} if as_json else None)

    return wrapper


def leave(text: str, code: int, problem: dict[str, object] | None = None) -> NoReturn:
    """Say why on standard error and exit; with `--json` the problem document goes to standard output."""
    if problem is not None:
        sys.stdout.write(json.dumps(problem) + "\n")
    console.print(f"syncline: {text}", style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(code)


def _explain(error: SynclineError) -> str:
    """Say what happened and, where the catalogue knows, what to do."""
    entry = CATALOGUE.get(error.code)
    words = [error.detail or (entry.meaning if entry else error.code), entry.remedy if entry else ""]
    return f"{error.code}: " + " — ".join(word for word in words if word)


def _invalid(error: ValidationError) -> str:
    """Name the settings that are wrong, never their values."""
    faults = [f"--{'-'.join(str(p) for p in e['loc']).replace('_', '-')}: {e['msg']}" for e in error.errors()]
    return "; ".join(faults)
