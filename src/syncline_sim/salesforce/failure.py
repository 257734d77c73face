"""How the data API says no: a status, a code and a message in a list of one.

Statuses and texts are those of the vendor's page "Status Codes and Error Responses" of its REST API and of clients
which match them word for word.
"""

from typing import Any

SESSION_INVALID = "Session expired or invalid"
API_DISABLED = "The REST API is not enabled for this Organization."
LIMIT_EXCEEDED = "TotalRequests Limit exceeded."
NOT_FOUND = "The requested resource does not exist"


class SalesforceError(Exception):
    """A refusal in the vendor's words."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    @property
    def body(self) -> list[dict[str, Any]]:
        """The vendor's error document; `fields` is there when a record is at fault, empty if none of its fields is."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = list(self.fields)
        return [entry]
