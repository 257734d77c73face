"""The kinds of activities that every instance knows, with what an activity of each kind tells (page "Activities")."""

from typing import Any, NamedTuple

VISIT_WEBPAGE, FILL_OUT_FORM, CLICK_LINK = 1, 2, 3
NEW_LEAD, CHANGE_DATA_VALUE = 12, 13
ADD_TO_LIST, REMOVE_FROM_LIST = 24, 25
MERGE_LEADS, DELETE_LEAD = 32, 37
CHANGE_STATUS, CALL_WEBHOOK, PUSH_LEAD = 104, 110, 145


class ActivityType(NamedTuple):
    """One kind; `primary` and each of the `attributes` is a name with a type after a colon."""

    id: int
    name: str
    description: str
    primary: str = ""
    attributes: tuple[str, ...] = ()

    def view(self) -> dict[str, Any]:
        """Answer the kind as the vendor lists it."""
        primary = {"primaryAttribute": _attribute(self.primary)} if self.primary else {}
        attributes = [_attribute(text) for text in self.attributes]
        return {"id": self.id, "name": self.name, "description": self.description, **primary, "attributes": attributes}


def _attribute(text: str) -> dict[str, str]:
    name, _, data_type = text.partition(":")
    return {"name": name, "dataType": data_type or "string"}


_T = ActivityType
_PAGE = ("Client IP Address", "Query Parameters", "Referrer URL", "User Agent")
_MAIL = ("Campaign Run ID:integer", "Choice Number:integer", "Step ID:integer")
STANDARD_TYPES = (
    _T(VISIT_WEBPAGE, "Visit Webpage", "A page was visited", "Webpage ID:integer", (*_PAGE, "Webpage URL")),
    _T(FILL_OUT_FORM, "Fill Out Form", "A form was sent", "Webform ID:integer", (*_PAGE, "Form Fields:text")),
    _T(CLICK_LINK, "Click Link", "A link on a page was followed", "Link ID:integer", _PAGE),
    _T(6, "Send Email", "An email was sent", "Mailing ID:integer", _MAIL),
    _T(7, "Email Delivered", "An email arrived", "Mailing ID:integer", _MAIL),
    _T(8, "Email Bounced", "An email did not arrive", "Mailing ID:integer", (*_MAIL, "Category", "Details", "Email")),
    _T(9, "Unsubscribe Email", "Emails were declined", "Mailing ID:integer", _MAIL),
    _T(10, "Open Email", "An email was opened", "Mailing ID:integer", (*_MAIL, "Device", "Platform", "User Agent")),
    _T(11, "Click Email", "A link in an email was followed", "Mailing ID:integer", (*_MAIL, "Link", "User Agent")),
    _T(NEW_LEAD, "New Lead", "A person was created", "", ("Created Date:date", "List Name", "Source Type")),
    _T(
        CHANGE_DATA_VALUE,
        "Change Data Value",
        "A field of a person was changed",
        "Attribute Name",
        ("New Value:text", "Old Value:text", "Reason", "Source"),
    ),
    _T(22, "Change Score", "A score of a person was changed", "Score Name", ("New Value:integer", "Old Value:integer")),
    _T(ADD_TO_LIST, "Add to List", "A person was put on a list", "List ID:integer", ("Source",)),
    _T(REMOVE_FROM_LIST, "Remove from List", "A person was taken off a list", "List ID:integer", ("Source",)),
    _T(MERGE_LEADS, "Merge Leads", "People became one", "Lead ID:integer", ("Merge IDs", "Merge Source")),
    _T(DELETE_LEAD, "Delete Lead", "A person was deleted", "Lead ID:integer"),
    _T(
        CHANGE_STATUS,
        "Change Status in Progression",
        "The status of a person in a program was changed",
        "Program ID:integer",
        ("New Status", "Old Status", "Reason", "Success:boolean"),
    ),
    _T(CALL_WEBHOOK, "Call Webhook", "A webhook was called", "Webhook ID:integer", ("Error Type", "Response:text")),
    _T(PUSH_LEAD, "Push Lead to Marketo", "A person was pushed", "Program ID:integer", ("Reason", "Source")),
)
