"""A call to the data API and its answer, free of the wire: so a composite call can hold others.

Law: an answer is made without awaiting anything, so that no other call comes between the parts of a composite one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.visibility import visible_object

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.salesforce.orgs import User


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `path` is what follows the version, `parts` are its named segments."""

    who: Caller
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = ""  #: under which the call has reached us
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def user(self) -> "User":
        """Who calls."""
        return self.who.login.user

    @property
    def db(self) -> "sqlite3.Connection":
        """Where the records are."""
        return self.who.world.db

    @property
    def meant_method(self) -> str:
        """The method, or the one that a client means which cannot send any but POST."""
        return self.query.get("_HttpMethod", "POST").upper() if self.method == "POST" else self.method

    @property
    def address(self) -> str:
        """Where the resources of this version are."""
        return f"/services/data/v{self.who.version}"

    def spec(self) -> "ObjectSpec":
        """Answer the object that the path names; raises `SalesforceError` 404."""
        return visible_object(self.user, self.parts["object"])

    def document(self) -> dict[str, Any]:
        """Read the body as a JSON object; raises `SalesforceError` 400."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise SalesforceError(400, "JSON_PARSER_ERROR", "The request body is not a JSON object") from None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call; a body is JSON."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether it is a refusal."""
        return self.status >= 400  # noqa: PLR2004 - as HTTP has it

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever JSON is there
        """The body read again, None when there is none."""
        return msgspec.json.decode(self.body) if self.body else None


Answer = Callable[[Call], Reply]
#: The methods that an address takes, with what answers them.
Route = tuple[str, Mapping[str, Answer]]


def reply(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer a document."""
    return Reply(status, msgspec.json.encode(document), headers or {})


def refusal(error: SalesforceError) -> Reply:
    """Answer an error as the data API words it."""
    return reply(error.body, error.status)
