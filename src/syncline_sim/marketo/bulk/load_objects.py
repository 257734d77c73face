"""How the rows of a file become records of a custom object."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.marketo import failure
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.objects import custom_types
from syncline_sim.marketo.objects.records import Records
from syncline_sim.marketo.objects.sync import Rules, Sync

if TYPE_CHECKING:
    from syncline_sim.world import World


class ObjectLoader:
    """Writes records; a column that is no field is passed over."""

    def __init__(self, world: "World", request: dict[str, Any], header: list[str], now: int) -> None:
        kind = custom_types.find(world.db, request["name"]).kind()
        self._records, self._now, self._chance = Records(world.db, kind), now, world.random
        self._columns = [name for name in header if name.lower() in kind.fields]
        self._key = frozenset(kind.dedupe_fields)

    def write(self, record: Mapping[str, str]) -> tuple[str, list[str]]:
        """Write one record."""
        known = {name: record[name] for name in self._columns if name in record}
        if not self._key <= {name for name, value in known.items() if value}:
            return failure.NO_KEY, []
        # For each row another one: a later row changes what an earlier one has written.
        sync = Sync(self._records, Rules(), "createOrUpdate", "dedupeFields", self._now, self._chance)
        try:
            sync.write(known)
        except VendorError as error:
            return error.message, []
        return "", []
