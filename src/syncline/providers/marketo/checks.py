"""The doctor's checks of this side: each has an id, a verdict, what was seen, and a code that knows the remedy."""

from typing import Any

import msgspec

from syncline.errors import RejectedError, ThrottledError
from syncline.providers.marketo import fields, people
from syncline.providers.marketo.api import Api
from syncline.providers.port import Account, Check

#: What a subscription has unless more was bought; the API does not tell.
_USUAL_QUOTA = 50_000
_NEARLY = 0.9
FIELDS_PATH = "/rest/v1/leads/schema/fields.json"
DESCRIBE_PATH = "/rest/v1/leads/describe2.json"
#: Both are refused after the permission was looked at: nobody has the id 0, and no field is no input.
_NOBODY = msgspec.json.encode({"action": "updateOnly", "lookupField": "id", "input": [{"id": 0}]})
_NOTHING = msgspec.json.encode({"input": []})


async def run(api: Api, account: Account) -> list[Check]:
    """Run them all; raises `UnreachableError` in an outage."""
    reachable = Check("marketo.reachable", "passed", f"{account.url} answers")
    try:
        await api.authenticate(account)
    except RejectedError as error:
        return [reachable, Check("marketo.credentials", "failed", error.detail, error.code)]
    credentials = Check("marketo.credentials", "passed", "The instance takes client id and secret")
    try:
        described, permissions = await _permissions(api, account)
        rest = [permissions, await _native_crm(api, account, described), await _quota(api, account)]
    except ThrottledError as error:
        rest = [Check("marketo.quota", "failed", "The instance has used all its API calls of today", error.code)]
    return [reachable, credentials, *rest]


async def _permissions(api: Api, account: Account) -> tuple[list[dict[str, Any]], Check]:
    """Try one call for each permission; answers the description of the fields as well, if it could be read."""
    described: list[dict[str, Any]] = []
    missing: list[str] = []
    try:
        described = await api.get(account, DESCRIBE_PATH)
    except RejectedError as error:
        missing += _lacks(error, "Read-Only Lead")
    try:
        await api.post(account, people.PATH, _NOBODY)
    except RejectedError as error:
        missing += _lacks(error, "Read-Write Lead")
    try:
        await api.post(account, FIELDS_PATH, _NOTHING)
    except RejectedError as error:
        missing += _lacks(error, "Read-Write Schema Custom Field")
    if missing:
        seen = f"The API user's role lacks {', '.join(missing)}"
        return described, Check("marketo.permissions", "failed", seen, "marketo.permission_missing")
    return described, Check("marketo.permissions", "passed", "The API user may write people and create fields")


def _lacks(error: RejectedError, permission: str) -> list[str]:
    # Any other refusal means that the call got past the permissions.
    return [permission] if error.code == "marketo.permission_missing" else []


async def _native_crm(api: Api, account: Account, described: list[dict[str, Any]]) -> Check:
    check = "marketo.native_crm"
    try:
        await api.get(account, "/rest/v1/companies.json", filterType="externalCompanyId", filterValues="none")
    except RejectedError as error:
        if error.code == "marketo.native_crm":
            return Check(check, "failed", "The instance has a native CRM sync of its own", error.code)
        if error.code == "marketo.permission_missing" and not fields.is_managed(described):
            seen = "Whether there is a native CRM sync cannot be seen without the permission Read-Only Company"
            return Check(check, "warning", seen, error.code)
    if fields.is_managed(described):
        seen = "Some person fields are managed by a native CRM sync"
        return Check(check, "failed", seen, "marketo.native_crm")
    return Check(check, "passed", "The instance has no native CRM sync")


async def _quota(api: Api, account: Account) -> Check:
    check = "marketo.quota"
    try:
        usage = await api.get(account, "/rest/v1/stats/usage.json")
        used = int(usage[0]["total"]) if usage else 0
    except (RejectedError, KeyError, TypeError, ValueError):
        return Check(check, "warning", "Marketo does not tell how many calls were made today", "marketo.quota_low")
    seen = f"{used:,} API calls were made today; {_USUAL_QUOTA:,} are the usual quota"
    if used >= _USUAL_QUOTA * _NEARLY:
        return Check(check, "warning", seen, "marketo.quota_low")
    return Check(check, "passed", seen)
