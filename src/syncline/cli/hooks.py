"""`syncline hooks`: the secrets of an integration's hooks, and the inbox of what came to them."""

from typing import Annotated, Any

import typer

from syncline.cli.client import DEFAULT_URL, Client, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CODES, command
from syncline.cli.output import AsJson, moment, write_json, write_table, write_text

app = typer.Typer(
    no_args_is_help=True, help="See what came to the hooks, replay it, and change their secrets.", epilog=CODES
)

_PAGE = 200
_HEADS = ("request", "came", "door", "integration", "verdict", "what", "detail", "replay")
_SECRETS = ("hook", "address", "fingerprint", "since", "until")

Integration = Annotated[str, typer.Argument(metavar="ID", help="The integration.")]


@app.command("list")
@command
async def list_(
    *,
    integration: Annotated[str, typer.Option("--integration", metavar="ID", help="Of one integration only.")] = "",
    verdict: Annotated[str, typer.Option(help="Only these: accepted, duplicate, bad_signature, malformed …")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """List what came to the hooks and to the callback of logins, the newest first, with what became of it.

    Example: syncline hooks list --verdict malformed

    Example: syncline hooks list --integration in_3f2a --json
    """
    async with connect(url, key) as client:
        items = await _collect(client, limit, integration=integration, verdict=verdict)
    if as_json:
        write_json({"items": items})
    elif items:
        write_table(_HEADS, map(_row, items))
    else:
        write_text("nothing has come; `syncline hooks show ID` says where an integration's hooks are")


@app.command()
@command
async def replay(
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id, from `syncline hooks list`.")],
    *,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Replay a request under its own id: what was recorded is a duplicate, what was turned away is judged anew.

    Example: syncline hooks replay kept-17
    """
    async with connect(url, key) as client:
        done = await client.post(f"/api/inbox/{request}/replay", None)
    if as_json:
        write_json(done)
        return
    for outcome in done["outcomes"]:
        if outcome["repeated"]:
            write_text(f"recorded before, in row {outcome['seq']}; nothing was done a second time")
        else:
            write_text(f"{outcome['disposition']}, in row {outcome['seq']}: {outcome['from']} → {outcome['to']}")


@app.command()
@command
async def show(
    id_: Integration, *, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False
) -> None:
    """Show where the hooks of an integration are, and which secrets open them, by fingerprint.

    Example: syncline hooks show in_3f2a
    """
    async with connect(url, key) as client:
        found = await client.get(f"/api/integrations/{id_}/hooks")
    if as_json:
        write_json(found)
        return
    write_table(_SECRETS, [row for door in found["items"] for row in _secrets(door)])


@app.command()
@command
async def rotate(
    id_: Integration,
    *,
    door: Annotated[str, typer.Option(metavar="HOOK", help="Which hook: the last word of its address.")] = "events",
    overlap: Annotated[
        float, typer.Option("--overlap", min=0, max=168, metavar="HOURS", help="How long the former secret goes on.")
    ] = 24,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Make another secret for a hook and show it, this once; the former one goes on for a day unless you say otherwise.

    The hooks of the two sides have no address until it is made like this. With --overlap 0 all former secrets end at
    once.

    Example: syncline hooks rotate in_3f2a --overlap 48

    Example: syncline hooks rotate in_3f2a --door salesforce
    """
    async with connect(url, key) as client:
        made = await client.post(f"/api/integrations/{id_}/hooks/{door}/rotation", {"overlap_hours": overlap})
    if as_json:
        write_json(made)
        return
    write_text(f"The new secret of {made['name']}, shown only this once:")
    write_text(f"  {made['url']}", style="bold")
    if made["secret"]:
        write_text(f"  {made['header'] or 'secret'}: {made['secret']}", style="bold")
    if made["former_until"]:
        write_text(f"The former one goes on until {moment(made['former_until'])}.")
    for title, text, values in made["guide"]:
        write_text(f"{title}: {text}")
        for label, value in values:
            write_text(f"  {label}: {value}")


async def _collect(client: Client, limit: int, **wanted: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    before = ""
    while len(items) < limit:
        page = await client.get("/api/inbox", before=before, limit=_PAGE, **wanted)
        items += page["items"]
        if not page["next"]:
            break
        before = page["next"]
    return items[:limit]


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    times = f" ({item['times']} times)" if item["times"] > 1 else ""
    replayed = f"{moment(item['replayed_at'])}: {item['replayed_as']}" if item["replayed_at"] else ""
    return (
        item["id"],
        moment(item["at"]),
        item["door"],
        item["integration"] or "-",
        item["verdict"].replace("_", " ") + times,
        item["type"] or item["problem"] or "-",
        item["detail"] or "-",
        replayed or ("can be" if item["replayable"] else "-"),
    )


def _secrets(door: dict[str, Any]) -> list[tuple[str, ...]]:
    if not door["secrets"]:
        return [(door["name"], door["url"], "closed", "-", "-")]
    return [
        (
            door["name"],
            door["url"],
            one["fingerprint"],
            moment(one["at"]),
            moment(one["until"]) if one["until"] else "-",
        )
        for one in door["secrets"]
    ]
