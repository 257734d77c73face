"""Under which names the simulated Salesforce is reached, and whom each of them lets in.

Law: an answer carries the name under which it was asked for; only an org with an address of its own keeps that one.
"""

import re
from typing import TYPE_CHECKING

from aiohttp import web

from syncline_sim.salesforce import orgs
from syncline_sim.salesforce.orgs import Org

if TYPE_CHECKING:
    from syncline_sim.world import World

_LOGIN, _SANDBOX_LOGIN = "login.salesforce.com", "test.salesforce.com"
_VENDOR = ".salesforce.com"


def origin(world: "World", request: web.Request) -> str:
    """Answer the origin under which a request has reached us."""
    here = str(request.url.origin())
    return here if request.secure else world.urls.get("salesforce") or here


def instance(world: "World", request: web.Request, org: Org) -> str:
    """Answer where the org's data is for whoever sent this request."""
    if not request.secure or org.instance_url != world.urls.get("salesforce"):
        return org.instance_url or origin(world, request)
    return f"https://{my_domain(org)}" if _name(request).endswith(_VENDOR) else origin(world, request)


def my_domain(org: Org) -> str:
    """Answer the host name that the vendor would give an org."""
    name = re.sub(r"[^a-z0-9]+", "-", org.name.lower()).strip("-") or org.id.lower()
    return f"{name}--sim.sandbox.my.salesforce.com" if org.is_sandbox else f"{name}.my.salesforce.com"


def is_generic(request: web.Request) -> bool:
    """Whether a request came to a name that belongs to no org."""
    return _name(request) in (_LOGIN, _SANDBOX_LOGIN)


def admits(world: "World", request: web.Request, org: Org) -> bool:
    """Whether users of an org can log in under the name to which a request came."""
    name = _name(request)
    if is_generic(request):
        return not org.settings.my_domain_only and (org.is_sandbox == (name == _SANDBOX_LOGIN))
    owners = [each.id for each in orgs.all_orgs(world) if my_domain(each) == name]
    return not owners or org.id in owners


def audiences(world: "World", request: web.Request, org: Org) -> frozenset[str]:
    """Answer what a signed assertion for a user of this org may be meant for."""
    generic = _SANDBOX_LOGIN if org.is_sandbox else _LOGIN
    return frozenset((f"https://{generic}", f"https://{my_domain(org)}", origin(world, request)))


def _name(request: web.Request) -> str:
    return (request.url.host or "").lower().rstrip(".")
