"""`syncline audit subjects` and `syncline audit erase`: whose personal data the log seals, and its end."""

from typing import Annotated, Any

import typer

from syncline.cli.client import DEFAULT_URL, Client, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CommandError, command
from syncline.cli.output import AsJson, moment, write_json, write_table, write_text

_PAGE = 1000


@command
async def subjects(*, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """List whose personal data (addresses, names, texts of others) the log seals, and whose key was destroyed.

    A subject is a person by the id of their API key (`person:…`), a connect link, a sender of a hook, a user of the
    source, or what was said at an integration of nobody in particular. Needs a key with the role `admin`.

    Example: syncline audit subjects
    """
    async with connect(url, key) as client:
        items = await _all(client)
    if as_json:
        write_json({"items": items})
    elif items:
        write_table(("subject", "since", "erased"), map(_row, items))
    else:
        write_text("the log holds no personal data yet; it comes with the first event that somebody sends")


@command
async def erase(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="As `syncline audit subjects` names it.")],
    *,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Destroy the key of a subject: what the log sealed of them can never be read again, and every row still proves.

    Nothing brings it back. An older backup of the database still holds the key, wrapped; to end that too, rotate the
    master key, destroy the old one and make a new backup (docs/audit.md). Needs a key with the role `admin`.

    Example: syncline audit erase person:1f6c0a2b
    """
    if not sure:
        agreed = typer.confirm(f"Destroy the key of {subject}? Nothing brings it back.", err=True)
        if not agreed:
            raise CommandError("nothing was done")
    async with connect(url, key) as client:
        erased = await client.post("/api/audit/erasures", {"subject": subject})
    if as_json:
        write_json(erased)
    else:
        write_text(f"{subject} is erased from the log: row {erased['seq']} of the service says so")


def _row(item: dict[str, Any]) -> tuple[str, str, str]:
    erased = item["erased_at"]
    return item["subject"], moment(item["created_at"]), "-" if erased is None else moment(erased)


async def _all(client: Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = await client.get("/api/audit/subjects", after=after, limit=_PAGE)
        items, after = [*items, *page["items"]], page["next"]
    return items
