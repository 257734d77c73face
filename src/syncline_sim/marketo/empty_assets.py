"""What an instance has none of in which nobody has designed anything: asking for all of them has an answer."""

from typing import Any

from syncline_sim.marketo import assets
from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.failure import VendorError

#: Only the lists of these are here; making, reading and changing one of them is not simulated.
_NONE = (
    *("emails", "emailTemplates", "files", "forms", "landingPages", "landingPageTemplates"),
    *("program/byTag", "segmentation", "smartCampaigns", "smartLists", "snippets", "tagTypes"),
)


def no_campaigns(call: Call) -> dict[str, Any]:
    """Answer that there are none."""
    call.batch_size()
    return {"result": []}


def no_campaign(_: Call) -> dict[str, Any]:
    """Refuse, since there is none."""
    raise VendorError("1013")


def no_assets(_: Call) -> dict[str, Any]:
    """Answer that there are none."""
    return assets.answer([])


def tokens(call: Call) -> dict[str, Any]:
    """Answer that a folder or program has no tokens; raises `VendorError` 702 where it is not there itself."""
    number, kind = int(call.path["id"]), call.parameters.get("folderType", "Folder")
    if not assets.is_folder(call.world.db, number, kind):
        raise VendorError("702")
    return assets.answer([])


ENDPOINTS = (
    Endpoint("GET", "/rest/v1/campaigns.json", no_campaigns, ("Read-Only Campaign", *assets.READ)),
    Endpoint("GET", r"/rest/v1/campaigns/{id:\d+}.json", no_campaign, ("Read-Only Campaign", *assets.READ)),
    *(Endpoint("GET", f"/rest/asset/v1/{name}.json", no_assets, assets.READ) for name in _NONE),
    Endpoint("GET", r"/rest/asset/v1/folder/{id:\d+}/tokens.json", tokens, assets.READ),
)
