"""What a caller wants to be true of a record before it is read or changed.

Facts: only accounts have an ETag, which is a hash of what is in them; the headers with a date go by the last change.
A header that makes no sense is an error with a change, and none with a read.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime

from syncline_sim.salesforce import records
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.rest.call import Call, Reply
from syncline_sim.salesforce.visibility import visible_fields

_TAGGED = "Account"
_TAGS = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')
#: The vendor marks a tag by how the answer was compressed; that makes no difference to what it is the tag of.
_MARK = re.compile(r"-{1,2}gzip$")


def met(call: Call, spec: ObjectSpec, number: int) -> Mapping[str, str] | Reply:
    """Answer the headers that go with a record, or what to answer instead of it; raises `SalesforceError`."""
    changed = call.db.execute(
        f'SELECT "LastModifiedDate" FROM {spec.table} WHERE number = ?',  # noqa: S608 - ours
        (number,),
    ).fetchone()[0]
    tag = _tag(call, spec, number) if spec.name == _TAGGED else ""
    headers = {"Last-Modified": formatdate(changed, usegmt=True)} | ({"ETag": f'"{tag}"'} if tag else {})
    required, refused = (_tags(call, name) if tag else None for name in ("If-Match", "If-None-Match"))
    unmodified, modified = _moment(call, "If-Unmodified-Since"), _moment(call, "If-Modified-Since")
    # A header with tags overrules the one with a date, as HTTP has it.
    fits = {"*", tag} & required if required is not None else unmodified is None or changed <= unmodified
    known = {"*", tag} & refused if refused is not None else modified is not None and changed <= modified
    if fits and known and _reads(call):
        return Reply(304, headers=headers)
    if known or not fits:
        raise SalesforceError(412, "PRECONDITION_FAILED", "A precondition of the request is not met")
    return headers


def marked(tag: str) -> str:
    """Answer a tag as it goes with an answer that is compressed."""
    return f'{tag[:-1]}--gzip"'


def _tag(call: Call, spec: ObjectSpec, number: int) -> str:
    fields = visible_fields(call.user, spec)
    (text,) = records.written(call.db, spec, fields, [number], call.who.version)
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _tags(call: Call, name: str) -> set[str] | None:
    header = call.headers.get(name, "").strip()
    if not header or header == "*":
        return {"*"} if header else None
    if _TAGS.fullmatch(header):
        return {_MARK.sub("", tag) for tag in re.findall(r'"([^"]*)"', header)}
    _check_read(call, name)
    return None


def _moment(call: Call, name: str) -> float | None:
    header = call.headers.get(name)
    if header is None:
        return None
    try:
        return parsedate_to_datetime(header).timestamp()
    except ValueError:
        if name != "If-Modified-Since":  # The vendor names the other one of the two only.
            _check_read(call, name)
        return None


def _check_read(call: Call, name: str) -> None:
    if not _reads(call):
        raise SalesforceError(400, "INVALID_REQUEST_HEADER", f"Invalid value of the header {name}")


def _reads(call: Call) -> bool:
    return call.meant_method in ("GET", "HEAD")
