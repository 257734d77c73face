"""Which servers may be sent a secret: Salesforce's own, over https, and those that the operator has named.

Law: whatever names a host (a person, a token reply, an identity URL) is asked about here before anything is sent.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from syncline.errors import InputError

#: The generic hosts, My Domain, and My Domain in a partition such as `sandbox` or `develop` (one label each).
_OWN = re.compile(
    r"(?:login|test)\.salesforce\.com"
    r"|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z]+)?\.my\.salesforce\.com"
)
_LONGEST = 255
#: As they are offered to a person: title, address or its pattern, when it is the right one.
SHOWN = (
    ("Production or Developer Edition", "https://login.salesforce.com", "for most orgs"),
    ("Sandbox", "https://test.salesforce.com", "for a sandbox"),
    (
        "My Domain",
        "https://{my-domain}.my.salesforce.com",
        "for an org that lets people log in only there; Setup, My Domain shows it",
    ),
)


class Hosts:
    """The rule, with the operator's exceptions."""

    def __init__(self, allowed: Collection[str]) -> None:
        """Take the origins that are allowed besides Salesforce's own."""
        self._allowed = frozenset(origin.strip().rstrip("/").lower() for origin in allowed)

    def origin(self, text: str) -> str:
        """Answer the origin that `text` (a host or an address) names; raises `InputError` if it is not allowed."""
        address = text.strip() if "://" in text else f"https://{text.strip()}"
        _, _, rest = address.partition("://")
        if len(text) > _LONGEST or set(rest.rstrip("/")) & set("/?#@\\"):
            raise _refusal(text)
        return self.origin_of(address)

    def origin_of(self, url: str) -> str:
        """Answer the origin of a whole URL; raises `InputError` if it is not allowed."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise _refusal(url) from None
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
        if origin in self._allowed:
            return origin
        if parts.scheme == "https" and port in {None, 443} and "@" not in parts.netloc and _OWN.fullmatch(host):
            return f"https://{host}"
        raise _refusal(url)


def _refusal(text: str) -> InputError:
    # Only the host is repeated: what was pasted may be a whole address with a token in it.
    shown = re.sub(r"[^\w.:/-].*", "", text)[:80]
    return InputError(
        "salesforce.host_not_allowed", f"{shown or 'this'} is no Salesforce login host", facts={"field": "login_host"}
    )
