"""What a fresh world holds: orgs with users and records on one side, fields and an API user on the other."""

from typing import TYPE_CHECKING

from syncline_sim.marketo import app as marketo
from syncline_sim.salesforce import orgs, seeding

if TYPE_CHECKING:
    from syncline_sim.world import World


def populate(world: "World", *, leads: int, contacts: int) -> None:
    """Fill an empty world."""
    orgs.populate(world)
    marketo.create(world)
    seeding.seed(world, leads=leads, contacts=contacts)
