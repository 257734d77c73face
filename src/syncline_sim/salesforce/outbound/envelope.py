"""The SOAP that an outbound message is, and what its acknowledgement has to be.

Its form is that of https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_wsdl.htm
and of messages that people have published: a field without a value is left out.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from syncline_sim import xml_reader
from syncline_sim.salesforce import orgs
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.outbound import messages
from syncline_sim.salesforce.outbound.messages import Message
from syncline_sim.salesforce.outbound.queue import Notification
from syncline_sim.salesforce.record_values import Value

if TYPE_CHECKING:
    from syncline_sim.world import World

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
_RECORD = "urn:sobject.enterprise.soap.sforce.com"
_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_VERSION = "67.0"
_SHORT_ID = 15
#: What XML 1.0 can not hold in any way of writing.
_UNWRITABLE = dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))


def write(world: "World", message: Message, notifications: Sequence[Notification], session: str) -> bytes:
    """Answer the envelope with these notifications."""
    org = orgs.find_org(world, message.org_id)
    address = f"{org.instance_url}/services/Soap/{{kind}}/{_VERSION}/{org.id[:_SHORT_ID]}"
    head = (
        ("OrganizationId", org.id),
        ("ActionId", message.id),
        ("SessionId", session),
        ("EnterpriseUrl", address.format(kind="c")),
        ("PartnerUrl", address.format(kind="u")),
    )
    records = _records(world, message, notifications)
    text = "".join(_element(name, value) for name, value in head)
    text += "".join(_notification(message, one, records.get(one.record_id, "")) for one in notifications)
    text = f'<notifications xmlns="{_OUTBOUND}">{text}</notifications>'
    names = f'xmlns:soapenv="{_ENVELOPE}" xmlns:xsd="{_SCHEMA}" xmlns:xsi="{_SCHEMA}-instance"'
    text = f"<soapenv:Envelope {names}><soapenv:Body>{text}</soapenv:Body></soapenv:Envelope>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def acknowledges(body: bytes) -> bool:
    """Whether an answer is the acknowledgement that is wanted; raises `ValueError` when it is none at all."""
    root = xml_reader.read(body)
    found = root.find(f"{{{_ENVELOPE}}}Body/{{{_OUTBOUND}}}notificationsResponse/{{{_OUTBOUND}}}Ack")
    if root.tag != f"{{{_ENVELOPE}}}Envelope" or found is None:
        raise ValueError("no acknowledgement")
    return (found.text or "").strip() in ("true", "1")


def _element(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>" if value else f'<{name} xsi:nil="true"/>'


def _notification(message: Message, one: Notification, fields: str) -> str:
    record = f'<sObject xsi:type="sf:{message.object}" xmlns:sf="{_RECORD}">{fields}</sObject>'
    return f"<Notification><Id>{one.id}</Id>{record}</Notification>"


def _records(world: "World", message: Message, notifications: Sequence[Notification]) -> Mapping[str, str]:
    """Answer what is sent of each record that is still there, so far as the user to send as may see it."""
    user, spec = messages.sender(world, message), message.spec
    fields = [spec.by_name[name.lower()] for name in message.fields if user.may_see(spec.name, name)]
    columns = ", ".join(f'{field.sql(spec.table)} AS "{field.name}"' for field in fields) or '"Id"'
    wanted = json.dumps(sorted({one.record_id for one in notifications}))
    query = f"""
    SELECT "Id" AS record, {columns} FROM {spec.table}
    WHERE "Id" IN (SELECT value FROM json_each(?)) AND "IsDeleted" = 0
    """  # noqa: S608 - built from our own declarations
    return {
        row["record"]: "".join(_field(field, row[field.name]) for field in fields)
        for row in world.db.execute(query, (wanted,))
    }


def _field(field: FieldSpec, value: Value) -> str:
    if value is None:
        return ""
    # A reader would take a bare carriage return for the end of a line.
    text = escape(_text(field, value).translate(_UNWRITABLE), {"\r": "&#13;"})
    return f"<sf:{field.name}>{text}</sf:{field.name}>"


def _text(field: FieldSpec, value: Value) -> str:
    match field.type:
        case "boolean":
            return "true" if value else "false"
        case "datetime":
            return datetime.fromtimestamp(float(value or 0), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        case _:
            return str(value)
