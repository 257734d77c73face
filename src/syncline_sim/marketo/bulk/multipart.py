"""A posted form with a file in it."""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser

from syncline_sim.marketo.failure import VendorError


@dataclass(frozen=True, slots=True)
class Form:
    """What was posted: the file, and the other parts, which may also stand in the address."""

    file: bytes
    parts: dict[str, str]


def read(content_type: str, body: bytes) -> Form:
    """Take a form apart; raises `VendorError` 612 when it is none and 613 when it makes no sense."""
    if not content_type.startswith("multipart/form-data"):
        raise VendorError("612")
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = list(message.walk())[1:]
    contents = {str(part.get_param("name", header="content-disposition")): _content(part) for part in parts}
    if "file" not in contents:
        raise VendorError("613")
    file = contents.pop("file")
    return Form(file, {name: content.decode(errors="replace") for name, content in contents.items()})


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
