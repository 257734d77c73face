"""Which resource a call means.

Law: the first address that fits decides; one that is not in the list is the vendor's NOT_FOUND, whatever the method.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import unquote

from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.rest.call import Answer, Call, Reply, Route


class Routes:
    """The addresses below a version of the data API, such as `/sobjects/{object}`, with or without a last slash."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.addresses: list[str] = []
        self._patterns: list[tuple[re.Pattern[str], Mapping[str, Answer]]] = []
        for address, answers in routes:
            self.addresses.append(address)
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", address)
            self._patterns.append((re.compile(f"{pattern}/?"), answers))

    def answer(self, call: Call) -> Reply:
        """Answer a call; raises `SalesforceError`."""
        answer, meant = self.find(call)
        return answer(meant)

    def find(self, call: Call) -> tuple[Answer, Call]:
        """Answer what answers a call, and the call with the parts of its path; raises `SalesforceError`."""
        for pattern, answers in self._patterns:
            if match := pattern.fullmatch(call.path):
                parts = {name: unquote(part) for name, part in match.groupdict().items()}
                return _chosen(answers, call), replace(call, parts=parts)
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)


def _chosen(answers: Mapping[str, Answer], call: Call) -> Answer:
    method = call.meant_method
    found = answers.get("GET" if method == "HEAD" else method)
    if found is None:
        allowed = ",".join(("HEAD", *answers) if "GET" in answers else answers)
        text = f"HTTP Method '{method}' not allowed. Allowed are {allowed}"
        raise SalesforceError(405, "METHOD_NOT_ALLOWED", text)
    return found
