"""How the changes of an integration come to us, in words: as they happen, or by the cycles."""

from typing import Any

import msgspec

from syncline.core.documents import CHANGES, ChangesDocument
from syncline.web.problems import address_of
from syncline.web.site import Site

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def changes_view(site: Site, state: str, stored: dict[str, Any]) -> dict[str, Any] | None:
    """Answer how changes come, None where nothing is synced: `by` is `stream` or `cycle`, `title` says it to a person.

    `objects` are told of as they happen; `refused` has the others with the source's words. `reason` is the code of why
    it is the cycles, with its `meaning`, `remedy` and `url`; empty while nobody was asked, or asks.
    """
    if (state, "changes.followed") not in site.engine.rules.chart.rules:
        return None
    settings = site.settings
    cycle = f"every {_lasting(settings.cycle_interval)}"
    wanted = settings.follow_changes and stored.get(CHANGES)
    known = msgspec.convert(wanted, ChangesDocument) if wanted else ChangesDocument(0)
    stream = site.providers.source.changes.title
    rest = ", ".join(name for name in site.providers.source.objects if name not in known.objects)
    title = f"Changes are asked for {cycle}"
    if known.objects:
        title = f"Changes arrive by {stream}" + (f", those of {rest} {cycle}" if rest else "")
    entry = site.catalogue.get(known.reason)
    return {
        "by": "stream" if known.objects else "cycle",
        "title": title,
        "since": known.at or None,
        "objects": known.objects,
        "refused": known.refused,
        "reason": known.reason,
        "detail": known.detail,
        "meaning": entry.meaning if entry else "",
        "remedy": entry.remedy if entry else "",
        "url": address_of(site, entry) if entry else "",
    }


def _lasting(seconds: float) -> str:
    """Say how long something is: `5 minutes`, `hour`."""
    size, unit = next((pair for pair in _UNITS if seconds >= pair[0] and seconds % pair[0] == 0), _UNITS[-1])
    count = seconds / size
    return unit if count == 1 else f"{count:g} {unit}s"
