"""Of which objects an org wants change events: what an admin selects on the page Change Data Capture of Setup."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from syncline_sim.salesforce import objects, orgs

if TYPE_CHECKING:
    from syncline_sim.world import World

#: All that can be selected here. An org of the vendor begins with none.
DEFAULT = tuple(spec.name for spec in objects.OBJECTS if spec.stored)
#: Before this version of the API there were no change events.
SINCE = 44


def selected(world: "World", org_id: str) -> Sequence[str]:
    """Answer the names of the objects, none when Change Data Capture is off."""
    row = world.db.execute("SELECT objects FROM salesforce_captured WHERE org_id = ?", (org_id,)).fetchone()
    return json.loads(row["objects"]) if row else DEFAULT


def select(world: "World", names: Sequence[str], *, org_id: str = "") -> Sequence[str]:
    """Select objects, in the main org unless another is named, and answer them; raises `ValueError`, `KeyError`."""
    unknown = sorted(set(names) - set(DEFAULT))
    if unknown:
        raise ValueError(f"change events are there for {', '.join(DEFAULT)}, not for {unknown[0]}")
    org = orgs.find_org(world, org_id or orgs.all_orgs(world)[0].id)
    world.db.execute("INSERT OR REPLACE INTO salesforce_captured VALUES (?, ?)", (org.id, json.dumps(list(names))))
    return selected(world, org.id)
