"""Verifier keys as they are given on a command line."""

from typing import Annotated

import typer

from syncline.cli.exits import USAGE, CommandError
from syncline.core.note import NoteError, VerifierKey

#: `--key`, for the commands that check signatures; not to be confused with an API key.
VerifierKeys = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="VKEY",
        help="A public key that was noted elsewhere, as `syncline audit keys` shows it; may come several times.",
    ),
]


def read_keys(texts: list[str] | None) -> list[VerifierKey]:
    """Read verifier keys; raises `CommandError` for what is none."""
    try:
        return [VerifierKey.read(text.strip()) for text in texts or []]
    except NoteError as error:
        raise CommandError(f"--key: {error}", code=USAGE) from None
