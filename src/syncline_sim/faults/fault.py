"""What a fault is: which calls it meets, how many of them, and what becomes of those.

Law: a fault that could never do anything, or says something that its kind has no use for, is refused.
"""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from syncline_sim.checking import Form, Schema, check_value

#: For each kind what it does, and the members that it uses besides `COMMON`.
KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "status": ("a status with any body", ("status", "body", "content_type", "retry_after")),
    "slow": ("the right answer, later", ("pace", "seconds", "least", "over")),
    "hang": ("no answer, or half of one", ("at", "seconds", "status")),
    "garbage": ("a body that is no JSON", ("status", "body")),
    "reset": ("the connection is reset, also under TLS", ("at", "status")),
    "truncate": ("the connection ends in the middle of the body", ("status",)),
    "flood": ("a body without end in sight", ("status", "size")),
    "error": ("an error in the vendor's own form", ("status", "code", "message", "retry_after")),
    "limit": ("a limit of the vendor, in its own form", ("limit",)),
    "expire": ("the access token has expired before the call", ()),
    "revoke": ("what the token was granted by is revoked before the call", ()),
    "content_type": ("the right body under a wrong type", ("content_type",)),
    "length": ("a wrong Content-Length", ("off_by",)),
    "handshake": ("a TLS handshake that the server breaks off", ()),
}
#: The limits of each side, the usual one first.
LIMITS: Mapping[str, tuple[str, ...]] = {
    "salesforce": ("daily", "concurrent", "logins"),
    "marketo": ("burst", "daily", "concurrent"),
}
COMMON = ("side", "kind", "match", "object", "pages", "times", "skip", "after")
_SECONDS = {"type": "number", "minimum": 0, "maximum": 86400}
MEMBERS: Mapping[str, Schema] = {
    "side": {"type": "string", "enum": list(LIMITS), "description": "whose calls"},
    "kind": {"type": "string", "enum": list(KINDS), "description": "what becomes of them"},
    "match": {"type": "string", "description": "the start of a path, or the name of an operation as GET /calls has it"},
    "object": {"type": "string", "description": "only calls about this object, whatever door they take"},
    "pages": {
        "type": "integer",
        "minimum": 0,
        "description": "only when so many pages of the same list came before",
    },
    "times": {"type": "integer", "minimum": -1, "description": "how many calls it hits, -1 without end (1)"},
    "skip": {"type": "integer", "minimum": 0, "description": "how many calls it lets through first (0)"},
    "after": {"type": "boolean", "description": "the call has its effect first, only its answer is lost"},
    "status": {"type": "integer", "minimum": 200, "maximum": 599, "description": "of the answer"},
    "body": {"type": ["string", "null"], "description": "of the answer"},
    "content_type": {"type": "string", "description": "of the answer (text/html when it is to be wrong)"},
    "retry_after": {"type": ["integer", "null"], "minimum": 0, "description": "the header Retry-After"},
    "pace": {
        "type": "string",
        "enum": ["fixed", "uniform", "slow_start", "drip"],
        "description": "always `seconds`; drawn from the seed between `least` and `seconds`; `seconds` at first and "
        "less each time until there is no wait after `over` calls; or a body in pieces, `seconds` in all",
    },
    "seconds": {**_SECONDS, "description": "how long `slow` takes (1), or `hang`, after which it resets (0: no end)"},
    "least": {**_SECONDS, "description": "the shortest wait of `uniform` (0)"},
    "over": {"type": "integer", "minimum": 1, "description": "how many calls a `slow_start` lasts (10)"},
    "at": {"type": "string", "enum": ["start", "headers", "body"], "description": "how far the answer gets (start)"},
    "code": {"type": "string", "description": "of an `error`, such as SERVER_UNAVAILABLE or 611"},
    "message": {"type": "string", "description": "of an `error`"},
    "limit": {
        "type": "string",
        "enum": sorted({name for names in LIMITS.values() for name in names}),
        "description": "salesforce: daily (403), concurrent (403), logins; marketo: burst (606), daily (607), "
        "concurrent (615)",
    },
    "off_by": {"type": "integer", "description": "how many bytes more than there are are announced (10)"},
    "size": {"type": "integer", "minimum": 1, "maximum": 2**34, "description": "how many bytes a `flood` has (2^30)"},
}
FORM = Form(
    MEMBERS,
    ("side", "kind"),
    example={"side": "salesforce", "kind": "status", "match": "query", "status": 503, "times": 3},
)


@dataclass(slots=True)
class Fault:
    """One fault; what its members mean is in `MEMBERS`."""

    side: str
    kind: str
    match: str = ""
    object: str = ""
    pages: int = 0
    times: int = 1
    skip: int = 0
    after: bool = False
    status: int = 0
    body: str | None = None
    content_type: str = ""
    retry_after: int | None = None
    pace: str = "fixed"
    seconds: float = 0
    least: float = 0
    over: int = 10
    at: str = "start"
    code: str = ""
    message: str = ""
    limit: str = ""
    off_by: int = 10
    size: int = 2**30
    id: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)
    chance: str = field(default="", init=False, repr=False)  #: from which its waits are drawn

    def view(self) -> dict[str, Any]:
        """Answer the fault as the control door shows it; `times` is what is left, `hits` how many calls it has met."""
        return {name: value for name, value in asdict(self).items() if name != "chance"}

    @property
    def used(self) -> dict[str, Any]:
        """The members that its kind has a use for and that are not as they would be anyway."""
        plain = Fault(self.side, self.kind)
        names = ("match", "object", "pages", "skip", "after", *KINDS[self.kind][1])
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(plain, name)}

    def fits(self, path: str, name: str, before: int) -> bool:
        """Whether a call is one of those meant, but for its object; `before` is how many pages came before it."""
        if before < self.pages:
            return False
        if self.match.startswith("/"):
            return path.startswith(self.match)
        return not self.match or name == self.match or name.startswith(f"{self.match}.")

    def wait(self) -> float:
        """Answer how long this hit of a `slow` takes."""
        longest = self.seconds or 1
        if self.pace == "uniform":
            return random.Random(f"{self.chance}:{self.hits}").uniform(min(self.least, longest), longest)
        if self.pace == "slow_start":
            return longest * max(0.0, 1 - (self.hits - 1) / self.over)
        return longest


def read(document: Mapping[str, Any]) -> Fault:
    """Answer the fault that was asked for; raises `ValueError` with what to send."""
    FORM.check(document, "a fault")
    kind, side = document["kind"], document["side"]
    allowed = (*COMMON, *KINDS[kind][1])
    for name in document:
        if name not in allowed:
            raise ValueError(f"{kind} has no use for {name}; it takes {', '.join(allowed)}")
    if "limit" in document:
        check_value("limit", document["limit"], {"type": "string", "enum": LIMITS[side]})
    if document.get("least", 0) > document.get("seconds", 1):
        raise ValueError("least is more than seconds: send the shorter of the two as least")
    return Fault(**document)
