"""`syncline status`: which integrations there are, and why one is where it is."""

from typing import Annotated, Any

import typer

from syncline.cli.client import DEFAULT_URL, Client, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import USAGE, CommandError, command
from syncline.cli.output import AsJson, actor, moment, write_json, write_table, write_text

_PAGE = 200


@command
async def status(
    integration: Annotated[str, typer.Argument(metavar="[ID]", help="An integration; without it, all of them.")] = "",
    *,
    state: Annotated[str, typer.Option(help="Only those in this state or below it, such as `syncing`.")] = "",
    search: Annotated[str, typer.Option(help="Only those with this in their name.")] = "",
    as_of: Annotated[
        str, typer.Option(help="One integration as it was at this moment, such as 2026-01-31T12:00 (UTC).")
    ] = "",
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Show why an integration is in its state, what blocks it, and what can be done next; or list them all.

    Example: syncline status

    Example: syncline status in_3f2a --json

    Example: syncline status in_3f2a --as-of 2026-01-31T12:00
    """
    if as_of and not integration:
        raise CommandError("--as-of is for one integration; name it", code=USAGE)
    async with connect(url, key) as client:
        if integration:
            found = await client.get(f"/api/integrations/{integration}", as_of=as_of)
            write_json(found) if as_json else _explain(found)
            return
        items = await _all(client, state, search)
    if as_json:
        write_json({"items": items})
    elif items:
        rows = [(i["id"], i["name"], i["state"], moment(i["since"]), i["problem"] or "-") for i in items]
        write_table(("id", "name", "state", "since", "problem"), rows)
    else:
        write_text("no integrations")


async def _all(client: Client, state: str, search: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after = ""
    while True:
        page = await client.get("/api/integrations", limit=_PAGE, state=state, search=search, after=after)
        items.extend(page["items"])
        after = page["next"] or ""
        if not after:
            return items


def _explain(found: dict[str, Any]) -> None:
    write_text(f"{found['name']} ({found['id']})", style="bold")
    write_text(f"  state      {found['state']}, since {moment(found['since'])}")
    if why := found["why"]:
        write_text(f"  because    {why['title']}: {why['type']} by {actor(why['actor'])}, seq {why['seq']}")
    write_text(f"  means      {found['summary']}")
    if blocker := found["blocked_by"]:
        write_text(f"  blocked    {blocker['code']}: {blocker['meaning']}", style="red")
        if blocker["detail"]:
            write_text(f"             {blocker['detail']}")
        write_text(f"  remedy     {blocker['remedy']} (who: {blocker['fixer']})")
    for waiting in found["waiting_for"]:
        tries = f", try {waiting['attempts']}" if waiting["attempts"] > 1 else ""
        write_text(f"  waits for  {waiting['title']} ({waiting['status']}, due {moment(waiting['due_at'])}{tries})")
    if changes := found["changes"]:
        write_text(f"  changes    {changes['title']}")
        if changes["reason"]:
            write_text(f"             {changes['meaning']} {changes['remedy']}")
    for done in found["objects"]:
        total = done["total"] if done["total"] is not None else "?"
        counts = ", ".join(f"{done[name]} {name}" for name in ("created", "updated", "unchanged", "refused"))
        write_text(f"  {done['object']:<10} {done['read']} of {total} read: {counts}")
    for possible in found["next"]:
        if "person" in possible["by"]:
            write_text(
                f"  {'next' if possible['primary'] else 'possible':<10} {possible['event']}: {possible['title']}"
            )
