"""One authenticated call as an endpoint sees it, and what an endpoint is."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web
from multidict import MultiMapping

from syncline_sim.marketo.failure import VendorError

if TYPE_CHECKING:
    from syncline_sim.marketo.api_users import ApiUser
    from syncline_sim.world import World

MAX_BATCH = 300
MAX_BODY = 2**20


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, by whom; `parameters` come from the address and from a form body."""

    world: "World"
    user: "ApiUser"
    path: Mapping[str, str]
    parameters: MultiMapping[str]
    content_type: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def switches(self) -> dict[str, Any]:
        """How the instance is set."""
        return self.world.switches["marketo"]

    def document(self) -> dict[str, Any]:
        """Answer the JSON body; raises `VendorError` 612 or 609."""
        if self.content_type != "application/json":
            raise VendorError("612")
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except msgspec.MsgspecError:
            raise VendorError("609") from None

    def records(self) -> list[Any]:
        """Answer the `input` of the JSON body; raises `VendorError`."""
        records = self.document().get("input")
        if not records:
            raise VendorError("1002", "input")
        if not isinstance(records, list):
            raise VendorError("1001", records, "array")
        if len(records) > MAX_BATCH:
            raise VendorError("1003", f"Number of records exceeds the maximum of {MAX_BATCH}")
        return records

    def named(self) -> list[Any]:
        """Answer the ids of the records meant, which are in the address or in the body; raises `VendorError`."""
        named: list[Any] = self.listed("id")
        if not named:
            return [record.get("id") if isinstance(record, dict) else record for record in self.records()]
        if len(named) > MAX_BATCH:
            raise VendorError("1003", f"Number of ids exceeds the maximum of {MAX_BATCH}")
        return named

    def required(self, name: str) -> str:
        """Answer a parameter that has to be there; raises `VendorError` 1002."""
        if not self.parameters.get(name):
            raise VendorError("1002", name)
        return self.parameters[name]

    def listed(self, name: str) -> list[str]:
        """Answer a parameter that is a list, with commas or sent several times."""
        texts = self.parameters.getall(name, [])
        return [part.strip() for text in texts for part in text.split(",") if part.strip()]

    def numbers(self, name: str, most: int | None) -> list[int]:
        """Answer a parameter that is a list of numbers; raises `VendorError` 1001 or 1003."""
        listed = self.listed(name)
        for text in listed:
            if not text.isdecimal():
                raise VendorError("1001", text, "integer")
        if most is not None and len(listed) > most:
            raise VendorError("1003", f"Number of {name} exceeds the maximum of {most}")
        return [int(text) for text in listed]

    def batch_size(self) -> int:
        """Answer how many results a page may have; raises `VendorError` 1001."""
        text = self.parameters.get("batchSize", str(MAX_BATCH))
        if not text.isdecimal() or int(text) == 0:
            raise VendorError("1001", text, "integer")
        return min(int(text), MAX_BATCH)

    def position(self) -> int:
        """Answer after which number the page begins; raises `VendorError` 1003 for a token that is not ours."""
        token = self.parameters.get("nextPageToken")
        return _decode(token, 1)[0] if token else 0

    def place(self) -> tuple[int, int]:
        """Answer after which second and number a page of activities begins; raises `VendorError` 1002 or 1003."""
        second, number = _decode(self.required("nextPageToken"), 2)
        return second, number


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the table of endpoints; any one of the permissions is enough, none means that all may call it.

    What is answered is put into the envelope, unless it is a response of its own: a file.
    """

    method: str
    path: str
    answer: Callable[[Call], dict[str, Any] | web.Response]
    permissions: tuple[str, ...] = ()
    closed_by_crm: bool = False
    max_body: int = MAX_BODY


def next_page(position: int) -> dict[str, Any]:
    """Answer the members that say that there is more after this number."""
    return {"nextPageToken": page_token(position), "moreResult": True}


def page_token(*numbers: int) -> str:
    """Answer the token that says after what the next page begins."""
    return base64.b32encode(":".join(f"{number:010d}" for number in numbers).encode()).decode()


def _decode(token: str, length: int) -> list[int]:
    try:
        numbers = [int(text) for text in base64.b32decode(token).split(b":")]
    except (binascii.Error, ValueError):
        numbers = []
    if len(numbers) != length:  # Not ours, or of another kind of page.
        raise VendorError("1003", "Invalid nextPageToken")
    return numbers
