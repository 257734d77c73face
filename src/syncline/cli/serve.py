"""`syncline serve`: its flags are made from the settings, so that a setting cannot be without one.

A secret is the exception: it comes by its variable only, since other users can see a command line.
"""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, get_origin

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from syncline.cli.exits import guarded
from syncline.cli.output import AsJson, write_json, write_text
from syncline.config import Settings

if TYPE_CHECKING:
    from syncline.main import Running

_PREFIX = Settings.model_config["env_prefix"]


def _run(*, as_json: bool, **flags: Any) -> None:  # noqa: ANN401  one for each setting
    """Run the service on one data directory until SIGTERM or Ctrl-C.

    The directory holds the database and the master key; one process owns it, a second one is refused. At the very
    first start an admin key is made and printed, once: sign in with it, and make further keys. Times are in seconds.

    Example: syncline serve --data /srv/syncline --port 8080 --public-url https://sync.example.com

    Example: SYNCLINE_DATA=/srv/syncline SYNCLINE_LOG_FORMAT=console syncline serve
    """
    given = {name: value for name, value in flags.items() if value is not None}
    settings = Settings(**given)
    # Not above: the parts of the service take most of a second to load, and no other command needs them.
    from syncline import main  # noqa: PLC0415

    main.run(settings, ready=lambda service: _announce(service, as_json=as_json))


def _announce(service: "Running", *, as_json: bool) -> None:
    """Say where the service answers; this is the one place where the first key is ever shown."""
    key = service.admin_key.get_secret_value() if service.admin_key else None
    if as_json:
        facts = {"address": service.address, "public_url": service.public_url, "data": str(service.data)}
        write_json({**facts, "admin_key": key}, line=True)
        return
    write_text(f"Syncline answers at {service.public_url} (data in {service.data}; stop with Ctrl-C)", style="bold")
    if key:
        write_text()
        write_text("The first admin key, shown only this once; sign in with it or send it as a bearer token:")
        write_text(f"  {key}", style="bold")


def _flag(name: str, field: FieldInfo) -> inspect.Parameter:
    """Answer the command line's parameter for a setting."""
    kind: Any = field.annotation
    if get_origin(kind) is tuple:
        kind = list[str]  # The option may be given several times.
    words = name.replace("_", "-")
    option = typer.Option(
        f"--{words}/--no-{words}" if kind is bool else f"--{words}",
        envvar=f"{_PREFIX}{name}".upper(),
        help=field.description,
        show_default="empty" if field.default in {"", ()} else str(field.default),
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


def _command() -> Callable[..., None]:
    """Answer the command with one parameter for each setting, as Typer reads them: from the signature."""
    command = guarded(_run)
    flags = [_flag(name, field) for name, field in Settings.model_fields.items() if field.annotation is not SecretStr]
    as_json = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=AsJson)
    parameters = [*flags, as_json]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


serve = _command()
