"""How the rows of a file become people."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.marketo import failure, lists, values
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import PersonField
from syncline_sim.marketo.people import People
from syncline_sim.marketo.upsert import Upsert
from syncline_sim.marketo.values import Value

if TYPE_CHECKING:
    from syncline_sim.world import World

_SOURCE = "List import"


class PeopleLoader:
    """Writes people; raises `VendorError` 1006 for a column that is no field."""

    def __init__(self, world: "World", request: dict[str, Any], header: list[str], now: int) -> None:
        people = People(world.db, _SOURCE)
        people.names(header)
        self._people, self._now, self._list = people, now, request["list"]
        self._doubts: list[str] = []
        lookup = people.fields[request["lookup"]]
        self._upsert = Upsert(
            people=people,
            # Who is looked up by id can not be created.
            action="updateOnly" if lookup.name == "id" else "createOrUpdate",
            lookup=lookup,
            now=now,
            company_closed=world.switches["marketo"]["company_fields_closed"],
            coerce=self._coerce,
        )

    def write(self, record: Mapping[str, str]) -> tuple[str, list[str]]:
        """Write one person."""
        self._doubts = []
        (result,) = self._upsert.apply([record])
        if "reasons" in result:
            return result["reasons"][0]["message"], []
        if self._list is not None:
            lists.put(self._people, result["id"], self._list, self._now)
        return "", self._doubts

    def _coerce(self, field: PersonField, sent: object) -> Value:
        try:
            return values.coerce(field, sent)
        except VendorError as error:
            if error.code == "1001":
                error.message = failure.WRONG_TYPE.format(field.label)
            elif field.data_type == "email":  # Unlike in a call, such an address is taken as it is.
                self._doubts.append(failure.BAD_ADDRESS)
                return str(sent)
            raise
