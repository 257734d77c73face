"""`syncline links`: one-use links for a source's admin who has no account here."""

from typing import Annotated

import typer

from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CODES, command
from syncline.cli.output import AsJson, moment, write_json, write_table, write_text

app = typer.Typer(
    no_args_is_help=True, help="Let somebody without an account do the source's side, by a link.", epilog=CODES
)

_LONGEST_HOURS = 14 * 24
_HEADS = ("id", "standing", "made by", "made", "good until", "redeemed", "from")

Integration = Annotated[str, typer.Argument(metavar="ID", help="The integration.")]


@app.command()
@command
async def create(
    id_: Integration,
    *,
    hours: Annotated[int, typer.Option(min=1, max=_LONGEST_HOURS, help="How long it is good, at most 14 days.")] = 72,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Make a link and show it, this once.

    Whoever opens it can register the app, enter its credentials, log in and run the checks of this integration, and
    nothing else. The confirmation stays with you.

    Example: syncline links create in_3f2a --hours 24
    """
    async with connect(url, key) as client:
        made = await client.post(f"/api/integrations/{id_}/connect-links", {"hours": hours})
    if as_json:
        write_json(made)
    else:
        write_text(f"Link {made['id']}, good for one use until {moment(made['expires_at'])}, shown only this once:")
        write_text(f"  {made['url']}", style="bold")


@app.command("list")
@command
async def list_(
    id_: Integration, *, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False
) -> None:
    """List the links of an integration, those that are over too; their texts are stored nowhere.

    Example: syncline links list in_3f2a
    """
    async with connect(url, key) as client:
        found = await client.get(f"/api/integrations/{id_}/connect-links")
    if as_json:
        write_json(found)
        return
    rows = [
        (
            item["id"],
            item["standing"].replace("_", " "),
            item["made_by"],
            moment(item["created_at"]),
            moment(item["expires_at"]),
            "-" if item["redeemed_at"] is None else moment(item["redeemed_at"]),
            item["redeemed_from"] or "-",
        )
        for item in found["items"]
    ]
    write_table(_HEADS, rows)


@app.command()
@command
async def revoke(
    id_: Integration,
    link: Annotated[str, typer.Argument(metavar="LINK", help="The link's id, from `syncline links list`.")],
    *,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """End a link, and the visit of whoever has redeemed it.

    Example: syncline links revoke in_3f2a cl_1f6c0a2b
    """
    async with connect(url, key) as client:
        await client.delete(f"/api/integrations/{id_}/connect-links/{link}")
    if as_json:
        write_json({"id": link, "revoked": True})
    else:
        write_text(f"link {link} is revoked")
