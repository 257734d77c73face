"""`syncline subscriptions`: programs that are told what happens, and what became of each delivery."""

from typing import Annotated, Any

import typer

from syncline.cli.client import DEFAULT_URL, Client, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CODES, command
from syncline.cli.output import AsJson, moment, write_json, write_table, write_text

app = typer.Typer(
    no_args_is_help=True, help="Tell programs what happens, and see what became of each delivery.", epilog=CODES
)

_PATH = "/api/subscriptions"
_HEADS = ("id", "name", "address", "told of", "standing", "waiting", "last delivery")
_PAGE = 200

Id = Annotated[str, typer.Argument(metavar="ID", help="The subscription, from `syncline subscriptions list`.")]


@app.command("list")
@command
async def list_(*, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """List the subscriptions and how each is doing.

    Example: syncline subscriptions list
    """
    async with connect(url, key) as client:
        found = await client.get(_PATH)
    if as_json:
        write_json(found)
    elif found["items"]:
        write_table(_HEADS, map(_row, found["items"]))
    else:
        write_text("nobody is told yet; `syncline subscriptions create NAME https://…` subscribes a program")


@app.command()
@command
async def create(
    name: Annotated[str, typer.Argument(help="Which program it is.")],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where it is told; https.")],
    *,
    integration: Annotated[str, typer.Option(metavar="ID", help="Only of this integration; without it, of all.")] = "",
    types: Annotated[str, typer.Option(metavar="TYPE,TYPE", help="Only these, such as `sync.failed`.")] = "",
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Try an address with a test message, subscribe it, and show the secret that signs, this once.

    When the test is not answered with 2xx the subscription is made all the same and is off: a program that checks
    signatures needs the secret first. Enter it there, then `syncline subscriptions test ID`.

    Example: syncline subscriptions create "on call" https://hooks.example.com/syncline

    Example: syncline subscriptions create mirror https://hooks.example.com/x --types sync.failed,quota.reached
    """
    body = {"name": name, "url": address, "integration": integration, "types": _words(types)}
    async with connect(url, key) as client:
        made = await client.post(_PATH, body)
    if as_json:
        write_json(made)
        return
    write_text(f"Subscription {made['id']} is {'on' if made['enabled'] else 'off'}: {_tested(made['test'])}.")
    write_text("Its secret, shown only this once:")
    write_text(f"  {made['secret']}", style="bold")
    if not made["enabled"]:
        write_text(f"Enter it there, then: syncline subscriptions test {made['id']}")


@app.command()
@command
async def show(id_: Id, *, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """Show one subscription.

    Example: syncline subscriptions show sub_3f2a
    """
    async with connect(url, key) as client:
        found = await client.get(f"{_PATH}/{id_}")
    if as_json:
        write_json(found)
        return
    write_table(_HEADS, [_row(found)])
    for each in found["keys"]:
        until = f", until {moment(each['until'])}" if each["until"] else ""
        write_text(f"signed with {each['fingerprint']}{until}")
    if found["reason"]:
        write_text(f"it was switched off: {found['reason']}; `syncline subscriptions test {id_}` switches it on again")


@app.command()
@command
async def change(
    id_: Id,
    *,
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on, or off.")] = None,
    name: Annotated[str, typer.Option(help="Another name.")] = "",
    address: Annotated[str, typer.Option(metavar="ADDRESS", help="Another address; it is tried first.")] = "",
    types: Annotated[str, typer.Option(metavar="TYPE,TYPE", help="What to tell of; `all` for everything.")] = "",
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Change a subscription; switched on again, it goes on where it was.

    Example: syncline subscriptions change sub_3f2a --off

    Example: syncline subscriptions change sub_3f2a --types sync.failed,reauthorization.required
    """
    wanted: dict[str, Any] = {"enabled": enabled, "name": name or None, "url": address or None}
    if types:
        wanted["types"] = [] if types == "all" else _words(types)
    body = {field: value for field, value in wanted.items() if value is not None}
    async with connect(url, key) as client:
        changed = await client.call("PATCH", f"{_PATH}/{id_}", body=body)
    _say(changed, as_json=as_json)


@app.command("test")
@command
async def try_out(id_: Id, *, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """Send a test message; when it is answered, what was switched off because of its address is on again.

    Example: syncline subscriptions test sub_3f2a
    """
    async with connect(url, key) as client:
        tried = await client.post(f"{_PATH}/{id_}/test", None)
    _say(tried, as_json=as_json)
    if not tried["test"]["answered"]:
        raise typer.Exit(1)


@app.command()
@command
async def rotate(
    id_: Id,
    *,
    overlap: Annotated[
        float, typer.Option("--overlap", min=0, max=168, metavar="HOURS", help="How long both secrets sign.")
    ] = 24,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Make another secret and show it, this once; for a day both sign, unless you say otherwise.

    Example: syncline subscriptions rotate sub_3f2a --overlap 48
    """
    async with connect(url, key) as client:
        made = await client.post(f"{_PATH}/{id_}/secret", {"overlap_hours": overlap})
    if as_json:
        write_json(made)
        return
    write_text(f"The new secret of {id_}, shown only this once:")
    write_text(f"  {made['secret']}", style="bold")
    for each in made["keys"][1:]:
        write_text(f"The former one signs, too, until {moment(each['until'])}.")


@app.command()
@command
async def end(id_: Id, *, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """End a subscription for good; what waits is not sent any more.

    Example: syncline subscriptions end sub_3f2a
    """
    async with connect(url, key) as client:
        await client.delete(f"{_PATH}/{id_}")
    write_json({"id": id_, "ended": True}) if as_json else write_text(f"subscription {id_} has ended")


@app.command()
@command
async def deliveries(
    id_: Id,
    *,
    status: Annotated[str, typer.Option(help="Only these: waiting, delivered or dead.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """List the deliveries of a subscription, with how each was answered.

    Example: syncline subscriptions deliveries sub_3f2a --status dead
    """
    async with connect(url, key) as client:
        items = await _collect(client, f"{_PATH}/{id_}/deliveries", limit, status=status)
    if as_json:
        write_json({"items": items})
    elif items:
        write_table(("number", "type", "integration", "row", "standing", "tries", "last answer"), map(_delivery, items))
    else:
        write_text("nothing was sent; the next thing that happens is told, unless the subscription is off")


@app.command()
@command
async def replay(
    id_: Id,
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[NUMBER]…", help="Which; without, the dead.")] = None,
    *,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Send deliveries again, each under its own id; without numbers, those that were given up.

    Example: syncline subscriptions replay sub_3f2a 17 18
    """
    async with connect(url, key) as client:
        done = await client.post(f"{_PATH}/{id_}/replay", {"sequences": numbers or []})
    if as_json:
        write_json(done)
    else:
        write_text(f"{len(done['sequences'])} go out again")


def _say(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(found)
        return
    tried = f": {_tested(found['test'])}" if found["test"] else ""
    write_text(f"subscription {found['id']} is {'on' if found['enabled'] else 'off'}{tried}")


def _tested(test: dict[str, Any]) -> str:
    answered = f"the test message was answered in {test['milliseconds']} ms"
    return answered if test["answered"] else f"the address {test['detail']} ({test['problem']})"


async def _collect(client: Client, path: str, limit: int, **wanted: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    before = 0
    while len(items) < limit:
        page = await client.get(path, before=before, limit=min(_PAGE, limit - len(items)), **wanted)
        items += page["items"]
        if not page["next"]:
            break
        before = page["next"]
    return items


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    standing = "on" if item["enabled"] else f"off{', ' + item['reason'] if item['reason'] else ''}"
    if item["enabled"] and item["failing_since"]:
        standing = f"fails since {moment(item['failing_since'])}"
    return (
        item["id"],
        item["name"],
        item["origin"],
        f"{item['integration'] or 'all'}: {', '.join(item['types']) or 'everything'}",
        standing,
        str(item["waiting"]),
        moment(item["delivered_at"]) if item["delivered_at"] else "-",
    )


def _delivery(item: dict[str, Any]) -> tuple[str, ...]:
    last = item["tries"][-1] if item["tries"] else None
    answer = "-" if last is None else f"{last['status'] or last['problem']} after {last['milliseconds']} ms"
    about = (item["type"], item["integration"], str(item["seq"]), item["status"])
    return (str(item["sequence"]), *about, str(len(item["tries"])), answer)
