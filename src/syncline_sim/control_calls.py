"""Every call of the control door: what it takes, what it does, and an example that works.

Law: the routes, the checks, the page, the OpenAPI document and the chapter in the manual are made from this table.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncline_sim.checking import Form, Schema, check_value
from syncline_sim.faults import fault, schedule
from syncline_sim.marketo.webhooks import control as webhooks
from syncline_sim.salesforce import org_control
from syncline_sim.salesforce.outbound import control as outbound
from syncline_sim.salesforce.streaming import control as streaming


@dataclass(frozen=True, slots=True)
class Entry:
    """One call; `path` is the one of the example where the call's own has something to fill in or to ask for."""

    text: str
    form: Form = field(default_factory=Form)
    query: Mapping[str, Schema] = field(default_factory=dict)
    path: str = ""
    open: bool = False  #: another room checks what is sent

    def check_query(self, asked: Mapping[str, str]) -> None:
        """Refuse what is asked for in vain; raises `ValueError`."""
        for name, text in asked.items():
            schema = self.query.get(name)
            if schema is None:
                takes = ", ".join(self.query) if self.query else "nothing"
                raise ValueError(f"there is no ?{name}= here; this call takes {takes} in its address")
            value = int(text) if schema["type"] == "integer" and re.fullmatch(r"-?\d{1,18}", text) else text
            check_value(name, value, schema, f"; send for example ?{name}={schema.get('default', 1)}")


_TEXT, _TRUTH, _NUMBER = {"type": "string"}, {"type": "boolean"}, {"type": "number"}
_TEXTS = {"type": "array", "items": _TEXT, "description": "a list of texts"}
_BY_OBJECT = {"type": "object", "description": 'lists of fields by object, "*" for the object itself'}
_SIDE = {"type": "string", "enum": ["salesforce", "marketo"]}
_COUNT = {"type": "integer", "minimum": 0, "maximum": 2_000_000}
_LIMIT = {"type": "integer", "minimum": 0, "maximum": 10_000, "default": 100}
_OFFSET = {"type": "integer", "minimum": 0, "default": 0}
_STAMP = {"type": ["number", "string", "null"], "description": "when; in the past it is a late commit"}
_USER: Mapping[str, Schema] = {
    "password": _TEXT,
    "email": _TEXT,
    "first_name": _TEXT,
    "last_name": _TEXT,
    "profile": _TEXT,
    "permissions": _TEXTS,
    "hidden": _BY_OBJECT,
    "read_only": _BY_OBJECT,
    "active": _TRUTH,
    "frozen": _TRUTH,
}
_APP: Mapping[str, Schema] = {
    "name": _TEXT,
    "contact_email": _TEXT,
    "callback_url": {"type": "string", "description": "one or more, with spaces between them"},
    "callback_urls": _TEXTS,
    "org_id": _TEXT,
}
_CHANGE = {
    "type": ["string", "object"],
    "description": (
        '"touch", "delete", "undelete", {field: value}, {"create": {field: value}}, {"background": {field: value}}, '
        '{"merge": [ids], "values"?: {field: value}} or {"convert": {"account_id"?, "contact_id"?, "owner_id"?}}'
    ),
}
_MAKE = Form(
    {
        "object": {"type": "string", "description": "Lead unless said otherwise"},
        "change": _CHANGE,
        "id": _TEXT,
        "count": {"type": "integer", "minimum": 1, "description": "how many, the oldest first, when there is no id"},
        "stamp": _STAMP,
        "org_id": _TEXT,
        "by": {"type": "string", "description": "the username of who does it"},
    },
    example={"object": "Lead", "change": {"Company": "Changed"}, "count": 3},
)

_OWN: Mapping[str, Entry] = {
    "GET /": Entry("this page"),
    "GET /openapi.json": Entry("all of this as an OpenAPI 3.1 document"),
    "GET /world": Entry("addresses, seed, time, orgs, users"),
    "POST /clock": Entry(
        "let time pass",
        Form(
            {"advance": {"type": "number", "minimum": 0, "maximum": 10**9, "description": "seconds"}},
            ("advance",),
            example={"advance": 86400},
        ),
    ),
    "POST /reset": Entry(
        "a fresh world; faults, schedules and counted calls go too",
        Form({"seed": {"type": "integer"}, "leads": _COUNT, "contacts": _COUNT}, example={"seed": 7, "leads": 20}),
    ),
    "GET /faults": Entry("faults and how often each has hit"),
    "POST /faults": Entry("put a fault in the way", fault.FORM),
    "DELETE /faults": Entry("no faults any more, on one side or on both", query={"side": _SIDE}),
    "DELETE /faults/{id}": Entry("take one fault away", path="/faults/1"),
    "GET /schedules": Entry("schedules of faults: how many calls each has seen, how many it has hit"),
    "POST /schedules": Entry("faults by chance, drawn from a seed", schedule.FORM),
    "GET /schedules/{id}": Entry(
        "a schedule, and what it has in store",
        query={
            "first": {"type": "integer", "minimum": 1, "description": "the number of a call; else the next one"},
            "count": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
        },
        path="/schedules/1?first=1&count=100",
    ),
    "PATCH /schedules/{id}": Entry("let a schedule run or stand still", schedule.PATCH, path="/schedules/1"),
    "DELETE /schedules/{id}": Entry("take a schedule away", path="/schedules/1"),
    "GET /switches": Entry("all switches"),
    "POST /switches": Entry(
        "set switches",
        Form({"side": _TEXT}, ("side",), open=True, example={"side": "salesforce", "session_lifetime": 60}),
    ),
    "GET /mailbox": Entry(
        "messages, newest first, with their codes",
        query={"to": _TEXT, "limit": _LIMIT},
        path="/mailbox?to=sync@acme.example&limit=1",
    ),
    "GET /apps": Entry("the registered apps"),
    "POST /apps": Entry(
        "register an app; any setting of an app may be said too",
        Form(_APP, open=True, example={"name": "Mine", "callback_url": "http://127.0.0.1:8080/callback"}),
    ),
    "PATCH /apps/{key}": Entry(
        "change settings of an app, or its consumer_secret",
        Form(open=True, example={"rotation": False}),
        path="/apps/$KEY",
    ),
    "POST /orgs": Entry(
        "open another org",
        Form(
            {"name": _TEXT, "edition": _TEXT, "is_sandbox": _TRUTH, "instance_url": _TEXT},
            ("name",),
            open=True,  # any setting of an org
            example={"name": "Initech", "edition": "Professional Edition"},
        ),
    ),
    "POST /users": Entry(
        "create a user",
        Form(
            {"org_id": _TEXT, "username": _TEXT, **_USER},
            ("org_id", "username"),
            example={"org_id": "$ORG", "username": "pat@initech.example", "password": "pw"},
        ),
    ),
    "PATCH /users/{username}": Entry(
        "change a user",
        Form(open=True, example={"hidden": {"Lead": ["Phone"]}}),
        path="/users/sync@acme.example",
    ),
    "GET /grants": Entry("the approvals, alive and revoked"),
    "POST /tokens/revoke": Entry(
        "revoke approvals with their tokens, of one user or of all",
        Form({"username": _TEXT}, example={"username": "sync@acme.example"}),
    ),
    "POST /tokens/expire": Entry(
        "end the life of all access tokens; refresh tokens stay", Form({"side": _SIDE}, example={"side": "salesforce"})
    ),
    "GET /records": Entry(
        "Salesforce records, oldest first, and how many there are",
        query={"object": _TEXT, "limit": _LIMIT, "offset": _OFFSET},
        path="/records?object=Lead&limit=2",
    ),
    "POST /records": Entry("make or change records", _MAKE),
    "GET /marketo/people": Entry(
        "the people", query={"limit": _LIMIT, "offset": _OFFSET}, path="/marketo/people?limit=2"
    ),
    "GET /marketo/digest": Entry("how many people there are, and a digest of what is known of them"),
    "POST /marketo/api-users": Entry(
        "another API user, or other permissions of one that there is",
        Form({"client_id": _TEXT, "permissions": _TEXTS}, example={"permissions": ["Read-Only Person"]}),
    ),
    "GET /calls": Entry(
        "calls by path and operation, and the newest ones in order",
        query={"log": {"type": "integer", "minimum": 0, "default": 100}},
        path="/calls?log=10",
    ),
    "DELETE /calls": Entry("begin to count again"),
}
#: What the examples of other rooms send; what they take stands in their own words.
_EXAMPLES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "POST /outbound-messages": ("", {"object": "Lead", "endpoint": "http://127.0.0.1:9000/leads", "fields": ["Email"]}),
    "PATCH /outbound-messages/{id}": ("/outbound-messages/$MESSAGE", {"active": False}),
    "DELETE /outbound-messages/notifications/{id}": ("/outbound-messages/notifications/$NOTIFICATION", {}),
    "POST /marketo/webhooks": ("", {"name": "New people", "url": "http://127.0.0.1:9000/hook"}),
    "PATCH /marketo/webhooks/{id}": ("/marketo/webhooks/$WEBHOOK", {"active": False}),
    "POST /marketo/webhooks/{id}/run": ("/marketo/webhooks/$WEBHOOK/run", {"people": []}),
    "POST /change-data-capture": ("", {"objects": ["Lead"]}),
    "PATCH /orgs/{id}": ("/orgs/$ORG", {"edition": "unlimited", "trusted_ranges": ["192.0.2.0/24"]}),
    "POST /permission-sets": (
        "",
        {"name": "Bulk", "permissions": ["BulkApiHardDelete"], "users": ["sync@acme.example"]},
    ),
    "POST /apps/{key}/staged": ("/apps/$KEY/staged", {}),
    "POST /apps/{key}/staged/apply": ("/apps/$KEY/staged/apply", {}),
    "DELETE /apps/{key}/staged": ("/apps/$KEY/staged", {}),
}


#: Rooms that have calls of their own.
ROOMS = (webhooks, outbound, streaming, org_control)


def _of_rooms() -> dict[str, Entry]:
    found = {}
    for room in ROOMS:
        for call, text in room.CALLS.items():
            path, example = _EXAMPLES.get(call, ("", {}))
            found[call] = Entry(text, Form(open=True, example=example), path=path, open=True)
    return found


CALLS: Mapping[str, Entry] = {**_OWN, **_of_rooms()}


def curl(call: str) -> str:
    """Answer the example of a call as somebody types it, with the address of the door in $C."""
    method, path = call.split()
    entry = CALLS[call]
    address = f"$C{entry.path or path}"
    quoted = f'"{address}"' if re.search("[?&]", address) else address
    body = f" -d '{json.dumps(entry.form.example)}'" if entry.form.example else ""
    way = "" if method == "GET" or (method == "POST" and body) else f"-X {method} "
    return f"curl {way}{quoted}{body}"
