"""The describes of the objects that the caller can see, and 304 for who has them already."""

from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import describe, record_tables
from syncline_sim.salesforce.rest.call import Call, Reply, reply
from syncline_sim.salesforce.visibility import visible_children, visible_fields, visible_objects

if TYPE_CHECKING:
    from syncline_sim.salesforce.objects import ObjectSpec

_LARGEST_BATCH = 200


def every_object(call: Call) -> Reply:
    """Answer what objects there are."""
    found = [_summary(call, spec) for spec in visible_objects(call.user)]
    return _unless_known(call, {"encoding": "UTF-8", "maxBatchSize": _LARGEST_BATCH, "sobjects": found})


def one_object(call: Call) -> Reply:
    """Answer an object without its fields."""
    return _unless_known(call, {"objectDescribe": _summary(call, call.spec()), "recentItems": []})


def every_field(call: Call) -> Reply:
    """Answer an object with the fields that the caller can see."""
    spec = call.spec()
    fields, children = visible_fields(call.user, spec), visible_children(call.user, spec)
    writable = call.user.may_write(spec.name)
    return _unless_known(call, describe.details(spec, fields, children, call.who.version, writable=writable))


def _summary(call: Call, spec: "ObjectSpec") -> dict[str, Any]:
    return describe.summary(spec, call.who.version, writable=call.user.may_write(spec.name))


def _unless_known(call: Call, document: object) -> Reply:
    headers = {"Last-Modified": formatdate(record_tables.FOUNDED, usegmt=True)}
    return Reply(304, b"", headers) if _known(call.headers) else reply(document, headers=headers)


def _known(headers: Mapping[str, str]) -> bool:
    try:
        return parsedate_to_datetime(headers.get("If-Modified-Since", "")).timestamp() >= record_tables.FOUNDED
    except ValueError:
        return False
