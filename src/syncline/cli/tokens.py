"""`syncline tokens`: what is held for other people, and how to give all of it back at once."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from syncline.cli.client import DEFAULT_URL, Client, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CODES, USAGE, CommandError, command
from syncline.cli.exits import console as errors
from syncline.cli.output import AsJson, moment, write_json, write_table, write_text

app = typer.Typer(no_args_is_help=True, help="List the tokens that are held, and revoke them.", epilog=CODES)

_PAGE = 200
#: Commands on their way at the same time.
_TOGETHER = 16
_LOOK_SECONDS = 0.5
_CLOSED, _FAILED = "disconnected.closed", "disconnected.revocation_failed"
_HEADS = ("integration", "name", "gen", "obtained", "last use", "by", "scopes", "refreshed by", "idle days left")
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@app.command("list")
@command
async def list_(*, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """List them: generation, age, last use, scopes, next refresh, days to idle expiry; never a token.

    Example: syncline tokens list

    Example: syncline tokens list --json
    """
    async with connect(url, key) as client:
        items = await _all(client, "/api/tokens")
    if as_json:
        write_json({"items": items})
    elif items:
        columns = (
            "integration",
            "name",
            "gen",
            "obtained",
            "last use",
            "by",
            "scopes",
            "refreshed by",
            "idle days left",
        )
        write_table(columns, map(_row, items))
    else:
        write_text("no tokens are held")


@app.command()
@command
async def revoke(
    integration: Annotated[str, typer.Argument(metavar="[ID]", help="One integration.")] = "",
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="All of them: for the night on which something leaked.")
    ] = False,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Disconnect: revoke the tokens at the source, erase every secret, and wait until that is done.

    A disconnected integration stays so; what was synced stays where it is. Whatever stops this, run it again: it goes
    on with what is left. Exit code 1 says that the source could not be told of some; their tokens are still stored,
    and running it again tries again.

    Example: syncline tokens revoke in_3f2a

    Example: syncline tokens revoke --all --yes
    """
    if bool(integration) == everything:
        raise CommandError("name one integration, or say --all", code=USAGE)
    async with connect(url, key) as client:
        ids = [integration] if integration else [item["id"] for item in await _open(client)]
        if not sure and ids and not typer.confirm(f"Disconnect {len(ids)} integrations for good?", err=True):
            raise CommandError("nothing was done")
        with Progress(*_COLUMNS, console=errors, disable=as_json) as bars:
            bar = bars.add_task("disconnected", total=len(ids))
            gate = asyncio.Semaphore(_TOGETHER)
            done = await asyncio.gather(*(_end(client, gate, id_, lambda: bars.advance(bar)) for id_ in ids))
    _report(done, as_json=as_json)


def _report(done: list[dict[str, Any]], *, as_json: bool) -> None:
    failed = [each for each in done if each["state"] != _CLOSED]
    receipt = {"items": done, "closed": len(done) - len(failed), "failed": len(failed)}
    if failed and not as_json:
        write_table(("integration", "state", "why"), [(e["id"], e["state"], e["why"]) for e in failed])
    if failed:
        text = f"{len(failed)} of {len(done)} were not revoked; run it again, or `erasure.requested` gives one up"
        raise CommandError(text, problem={"detail": text, **receipt})
    if as_json:
        write_json(receipt)
    else:
        write_text(f"{len(done)} disconnected and erased")


async def _end(client: Client, gate: asyncio.Semaphore, id_: str, ended: Callable[[], object]) -> dict[str, Any]:
    """Disconnect one and wait for what comes of it."""
    async with gate:
        now = await client.get(f"/api/integrations/{id_}")
        wanted = "revocation.requested" if now["state"] == _FAILED else "disconnect.requested"
        if not now["state"].startswith("disconnected") or now["state"] == _FAILED:
            await client.post(f"/api/integrations/{id_}/events", {"type": wanted})
            now = await client.get(f"/api/integrations/{id_}")
        while now["state"] not in {_CLOSED, _FAILED}:
            await asyncio.sleep(_LOOK_SECONDS)
            now = await client.get(f"/api/integrations/{id_}")
        ended()
        blocked = now["blocked_by"] or {}
        return {"id": id_, "state": now["state"], "why": blocked.get("code", "")}


async def _open(client: Client) -> list[dict[str, Any]]:
    return [item for item in await _all(client, "/api/integrations") if item["state"] != _CLOSED]


async def _all(client: Client, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = await client.get(path, limit=_PAGE, after=after)
        items.extend(page["items"])
        after = page["next"]
    return items


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    use = item["last_use"] or {}
    scopes = " ".join(f"{scope}!" if scope in item["excess_scopes"] else scope for scope in item["scopes"])
    return (
        item["integration"],
        item["name"],
        item["generation"],
        moment(item["obtained_at"]),
        moment(use["at"]) if use else "-",
        use.get("to", "-"),
        scopes,
        moment(item["refresh_by"]) if item["refresh_by"] else "-",
        "-" if item["idle_days_left"] is None else item["idle_days_left"],
    )
