"""What the vendor says when something is wrong: a code and a short message, for a whole call or for one record.

Law: no other module spells a message out. Codes are from the vendor's page "Error Codes" of its REST API.
"""

#: `{}` is filled with what the call was about.
MESSAGES = {
    "502": "Bad Gateway",
    "601": "Access token invalid",
    "602": "Access token expired",
    "603": "Access denied",
    "604": "Request timed out",
    "605": "HTTP Method '{}' not supported",
    "606": "Max rate limit '{}' exceeded with in '{}' secs",
    "607": "Daily quota reached",
    "608": "API Temporarily Unavailable",
    "609": "Invalid JSON",
    "610": "Requested resource not found",
    "611": "System error",
    "612": "Invalid Content Type",
    "613": "Invalid Multipart Request",
    "614": "Invalid Subscription",
    "615": "Concurrent access limit '{}' reached",
    "616": "Invalid subscription type",
    "701": "{} cannot be blank",
    "702": "No data found for a given search scenario",
    "704": "Invalid date format",
    "709": "{}",
    "710": "Parent Folder Not Found",
    "711": "Incompatible Folder Type",
    "713": "Transient Error",
    "718": "ExternalSalesPersonID not found",
    "1001": "Invalid value '{}'. Required of type '{}'",
    "1002": "Missing value for the required parameter '{}'",
    "1003": "{}",
    "1004": "Lead not found",
    "1005": "Lead already exists",
    "1006": "Field '{}' not found",
    "1007": "Multiple lead match lookup criteria",
    "1008": "Access denied to partition '{}'",
    "1011": "Field '{}' not supported",
    "1012": "Invalid cookie value '{}'",
    "1013": "Object not found",
    "1015": "Lead not in list",
    "1016": "There are {} imports currently being processed. Please try again later",
    "1017": "Object already exists",
    "1018": "CRM Enabled",
    "1019": "Import in progress",
    "1021": "Company update not allowed",
    "1022": "Object in use",
    "1025": "Program status not found",
    "1027": "Max Activity Type Limit Reached",
    "1028": "Max field limit reached",
    "1036": "Duplicate object found in input",
    "1029": "{}",
    "1035": "Unsupported filter type for target subscription",
    "1080": "More than {} leads to merge",
}
#: What fills a message when a fault answers it whatever the call was: the limits that every instance has at first.
_USUAL: dict[str, tuple[object, ...]] = {"605": ("GET",), "606": (100, 20), "615": (10,)}
#: Of rows of an imported file, which has reasons without codes.
WRONG_TYPE = "Invalid data type in field {}"
BAD_ADDRESS = "Invalid email address"
NO_KEY = "missing.dedupe.fields"


class VendorError(Exception):
    """A refusal of a call or of one of its records, in the vendor's words."""

    def __init__(self, code: str, *words: object) -> None:
        super().__init__(code)
        self.code = code
        self.message = MESSAGES[code].format(*words)

    @property
    def reason(self) -> dict[str, str]:
        """The pair that stands in `errors` and in `reasons`."""
        return {"code": self.code, "message": self.message}

    @property
    def skipped(self) -> dict[str, object]:
        """The result of a record that was refused."""
        return {"status": "skipped", "reasons": [self.reason]}


def usual(code: str) -> str:
    """Answer what the vendor says with a code when nothing is known of the call."""
    words = MESSAGES.get(code, MESSAGES["611"])
    return words.format(*_USUAL.get(code, ("",) * words.count("{}")))
