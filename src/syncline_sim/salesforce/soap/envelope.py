"""What SOAP wraps calls, answers and faults in."""

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element

from aiohttp import web

from syncline_sim import xml_reader, xml_writer

PREFIX = "/services/Soap"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
#: The namespace of calls by the kind of service, and that of the records in them.
NAMESPACES = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}
RECORDS = {"u": "urn:sobject.partner.soap.sforce.com", "c": "urn:sobject.enterprise.soap.sforce.com"}
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_SCHEMA = "http://www.w3.org/2001/XMLSchema"

#: What an element holds: a text, a truth, nothing (nil), elements, or many of these under one name.
Content = str | bool | int | float | None | Iterable["Content"] | Mapping[str, "Content"]


def parts(body: bytes) -> tuple[Element | None, Element]:
    """Answer the header, if there is one, and the call; raises `XmlError`."""
    envelope = xml_reader.read(body)
    found = envelope.find(f"{{{_ENVELOPE}}}Body")
    if envelope.tag != f"{{{_ENVELOPE}}}Envelope" or found is None or not len(found):
        raise xml_reader.XmlError("a SOAP envelope with a call in its body is needed")
    return envelope.find(f"{{{_ENVELOPE}}}Header"), found[0]


def local(name: str) -> str:
    """Answer a name without its namespace."""
    return name.rpartition("}")[2]


def answer(kind: str, body: str, header: str = "") -> web.Response:
    """Answer what a call has brought."""
    head = f"<soapenv:Header>{header}</soapenv:Header>" if header else ""
    return _wrapped(f"{head}<soapenv:Body>{body}</soapenv:Body>", {"": NAMESPACES[kind], "sf": RECORDS[kind]})


def fault(kind: str, code: str, message: str, *, of: str = "LoginFault", more: str = "") -> web.Response:
    """Answer an error as SOAP says it; clients look for the code in `sf:exceptionCode` or before the colon."""
    namespace = NAMESPACES.get(kind, NAMESPACES["u"]).replace("urn:", "urn:fault.")
    text = xml_writer.text(message)
    body = (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {text}</faultstring><detail>"
        f'<sf:{of} xsi:type="sf:{of}"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{text}</sf:exceptionMessage>{more}</sf:{of}></detail></soapenv:Fault>"
    )
    return _wrapped(f"<soapenv:Body>{body}</soapenv:Body>", {"sf": namespace}, status=500)


def client_fault(message: str) -> web.Response:
    """Answer that a call makes no sense to the service."""
    text = f"<faultcode>soapenv:Client</faultcode><faultstring>{xml_writer.text(message)}</faultstring>"
    return _wrapped(f"<soapenv:Body><soapenv:Fault>{text}</soapenv:Fault></soapenv:Body>", {}, status=500)


def element(name: str, content: Content) -> str:
    """Write an element, or as many as there are contents."""
    if content is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(content, Mapping):
        return f"<{name}>{elements(content)}</{name}>"
    if isinstance(content, (str, int, float)):
        return f"<{name}>{xml_writer.text(content)}</{name}>"
    return "".join(element(name, each) for each in content)


def elements(contents: Mapping[str, Content]) -> str:
    """Write elements in their order."""
    return "".join(element(name, content) for name, content in contents.items())


def _wrapped(content: str, namespaces: Mapping[str, str], *, status: int = 200) -> web.Response:
    known = {"soapenv": _ENVELOPE, "xsd": _SCHEMA, "xsi": INSTANCE, **namespaces}
    declared = "".join(f' xmlns{":" if prefix else ""}{prefix}="{name}"' for prefix, name in known.items())
    text = f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope{declared}>{content}</soapenv:Envelope>'
    return web.Response(status=status, text=text, content_type="text/xml", charset="UTF-8")
