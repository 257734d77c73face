"""Outbound Messages: SOAP that says which records were created or changed.

Source: SOAP API Developer Guide, "Outbound Messaging" (`sforce_api_om_outboundmessaging_notifications.htm`): up to 100
notifications in a message, each with an id of its own; sent at least once, in no promised order, and tried again for 24
hours until the answer is the acknowledgement. They are not signed, so the address has to be secret. The XML is read by
`defusedxml`, which refuses a document type and so every entity.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from syncline.errors import ForbiddenError, InputError
from syncline.providers.notices import Delivery, Notice, Reading, Unread
from syncline.providers.port import Instruction
from syncline.providers.salesforce import ids

#: How the audit log calls this way of hearing of a change.
PATH = "outbound_message"

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
#: The record's namespace differs between the Enterprise and the Partner WSDL; the name of its id does not.
_ID = re.compile(r"(?:\{[^}]*\})?Id")
_OBJECT = re.compile(r"[A-Za-z]\w{0,79}")
_SESSION = re.compile(rb"(<(?:[\w.-]+:)?SessionId\b[^>]*>)[^<]*", re.IGNORECASE)
_MOST = 100
_SHORT = 15
_XML = ("text/xml", "application/xml", "application/soap+xml")
_ACK = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)


class OutboundMessages:
    """The door of Outbound Messages."""

    name: str = "salesforce"
    header: str = ""
    media_types: tuple[str, ...] = _XML
    shape: Mapping[str, Any] = MappingProxyType(
        {
            "type": "string",
            "contentMediaType": "text/xml",
            "description": "A SOAP envelope with `notifications` (http://soap.sforce.com/2005/09/outbound): "
            "OrganizationId, and 1 to 100 Notification with Id and an sObject that has a type and an Id.",
        }
    )

    def __init__(self, objects: tuple[str, ...]) -> None:
        """Take the objects that are synced."""
        self._objects = objects

    def read(self, delivery: Delivery) -> Reading:
        """Read a message; raises `InputError`, and `ForbiddenError` unless the pinned org has sent it."""
        if delivery.media_type not in _XML:
            raise InputError("request.media_type", "an Outbound Message is text/xml")
        message = _message(delivery.body)
        org = (message.findtext(f"{_OUTBOUND}OrganizationId") or "").strip()
        if not _same_org(org, delivery.org_id):
            shown = org if ids.full(org) else "something that is no org"
            raise ForbiddenError("hook.foreign", f"the message names {shown}")
        found = message.findall(f"{_OUTBOUND}Notification")
        if not 0 < len(found) <= _MOST:
            raise InputError("hook.malformed", f"the message has {len(found)} notifications; 1 to {_MOST} are possible")
        parts = [self._read(one) for one in found]
        return Reading(
            tuple(part for part in parts if isinstance(part, Notice)),
            tuple(part for part in parts if isinstance(part, Unread)),
        )

    def acknowledge(self, count: int) -> tuple[str, bytes]:  # noqa: ARG002  it stands for the whole message
        """Answer the acknowledgement."""
        return "text/xml", _ACK

    def redact(self, body: bytes) -> bytes:
        """Take out the session id, with which the org's API could be called."""
        return _SESSION.sub(rb"\1", body)

    def guide(self, url: str, secret: str) -> tuple[Instruction, ...]:  # noqa: ARG002  all of it is in the address
        """Answer how an Outbound Message is made."""
        return (
            Instruction(
                "New Outbound Message",
                "In Setup, under Process Automation, Workflow Actions, make an Outbound Message for each object that "
                "is synced: only the field Id, without the session id, sent as the user that Syncline logs in as.",
                (("Endpoint URL", url),),
            ),
            Instruction(
                "Flow or workflow rule",
                "Let a record-triggered flow, or a workflow rule, send it whenever a record is created or changed.",
                tuple(("Object", name) for name in self._objects),
            ),
        )

    def _read(self, notification: Element) -> Notice | Unread:
        name = ids.full((notification.findtext(f"{_OUTBOUND}Id") or "").strip())
        record = notification.find(f"{_OUTBOUND}sObject")
        if not name:
            return Unread("", "a notification has no id")
        if record is None:
            return Unread(name, f"the notification {name} has no record")
        kind = record.get(_TYPE, "").rpartition(":")[2]
        if not _OBJECT.fullmatch(kind):
            return Unread(name, f"the notification {name} does not say what kind of record it is about")
        written = [(field.text or "").strip() for field in record if _ID.fullmatch(field.tag)]
        # Of a record that was deleted meanwhile nothing is sent, not even its id.
        record_id = ids.full(written[0]) if len(written) == 1 else ""
        if written and not record_id:
            return Unread(name, f"the notification {name} names no record")
        data = {"path": PATH, "object": kind} | ({"id": record_id} if record_id else {})
        refusal = "" if kind in self._objects else f"{kind} is not synced"
        return Notice(name, "records.changed", data, refusal=refusal)


def _message(body: bytes) -> Element:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise InputError("hook.malformed", f"the body is not XML that may be read ({type(error).__name__})") from None
    found = root.find(f"{_SOAP}Body/{_OUTBOUND}notifications")
    if root.tag != f"{_SOAP}Envelope" or found is None:
        raise InputError("hook.malformed", "the body is no Outbound Message")
    return found


def _same_org(named: str, pinned: str) -> bool:
    """Whether both are the same org: by 15 letters, or by all 18 with the right ones at the end."""
    own = ids.full(named[:_SHORT])
    return bool(own) and own == ids.full(pinned) and named in {own, own[:_SHORT]}
