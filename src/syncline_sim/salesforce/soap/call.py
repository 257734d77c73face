"""A SOAP call of somebody who is logged in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.soap.envelope import Content, local


@dataclass(frozen=True, slots=True)
class Call:
    """One call; names are looked up whatever their namespace, as records in them have another one."""

    who: Caller
    kind: str
    header: Element | None
    operation: Element

    def all(self, *names: str) -> list[Element]:
        """Answer the arguments that have one of these names."""
        return [child for child in self.operation if local(child.tag) in names]

    def text(self, name: str) -> str:
        """Answer the text of an argument, '' when there is none."""
        return text(self.operation, name)

    def option(self, header: str, name: str) -> str:
        """Answer what a header says, '' when it says nothing."""
        return option(self.header, header, name)


#: Answers what stands in the response, as XML.
Answer = Callable[[Call], str]


def option(header: Element | None, block: str, name: str) -> str:
    """Answer what the block of a header says, '' when it says nothing."""
    blocks = [] if header is None else [each for each in header if local(each.tag) == block]
    return next((text(each, name) for each in blocks), "")


def text(element: Element, name: str) -> str:
    """Answer the text of a child, '' when there is none."""
    return next((child.text or "" for child in element if local(child.tag) == name), "").strip()


def limited(items: list[Element], most: int) -> list[Element]:
    """Answer what a call is about; raises `SalesforceError` when that is too much."""
    if len(items) > most:
        message = f"record limit reached. cannot submit more than {most} records into this call"
        raise SalesforceError(400, "EXCEEDED_ID_LIMIT", message)
    return items


def errors(refusal: SalesforceError) -> Iterator[Content]:
    """Answer why something was refused, as a result says it."""
    yield {"fields": refusal.fields or (), "message": refusal.message, "statusCode": refusal.code}
