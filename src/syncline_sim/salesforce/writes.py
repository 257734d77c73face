"""What else happens when a record is written, whoever writes it and by whatever door.

Law: it happens in the transaction that writes, so that whoever takes the write back takes back what followed from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.outbound import queue
from syncline_sim.salesforce.record_values import Value
from syncline_sim.salesforce.streaming import capture

if TYPE_CHECKING:
    from syncline_sim.world import World


@dataclass(frozen=True, slots=True)
class Write:
    """One record that has been created, changed, deleted or brought back.

    `values` are the columns as they have been written, system ones too; `before` are the same columns as they were,
    none of a record that is new.
    """

    kind: Literal["create", "change", "delete", "undelete"]
    spec: ObjectSpec
    id: str
    org_id: str
    user_id: str
    moment: int  #: the SystemModstamp that it was given
    values: Mapping[str, Value]
    before: Mapping[str, Value]


Listener = Callable[["World", Write], None]

#: Who is told of every write, in this order.
LISTENERS: tuple[Listener, ...] = (queue.listen, capture.capture)


def tell(world: "World", write: Write) -> None:
    """Let everything happen that follows from a write."""
    for listener in LISTENERS:
        listener(world, write)
