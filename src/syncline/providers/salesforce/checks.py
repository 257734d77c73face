"""The doctor's checks of this side: each has an id, a verdict, what was seen, and a code that knows the remedy."""

from collections.abc import Mapping
from typing import Any

from syncline.errors import RejectedError, ThrottledError
from syncline.providers.port import Check, Identity, Session
from syncline.providers.salesforce import fields, stamps
from syncline.providers.salesforce.api import VERSION, Api
from syncline.providers.salesforce.records import ID_FIELD

#: Without the first two nothing can be read; without the others there is little to send to anybody.
_NEEDED = (ID_FIELD, stamps.FIELD)
_WANTED: Mapping[str, tuple[str, ...]] = {
    "Lead": ("FirstName", "LastName", "Email", "Company"),
    "Contact": ("FirstName", "LastName", "Email"),
}
#: Below this share of the daily calls a warning is due.
_LOW = 0.1


async def run(api: Api, session: Session, identity: Identity, objects: tuple[str, ...]) -> list[Check]:
    """Run them all; raises `UnreachableError` in an outage."""
    results = [_identity(identity), await _version(api, session)]
    try:
        limits = await api.get(session, "/limits")
    except ThrottledError as error:
        limit = Check(
            "salesforce.limits", "failed", "The org has used all its API calls of the last 24 hours", error.code
        )
        return [*results, _api_enabled(), limit]
    except RejectedError as error:
        # Nothing else can be asked through a closed API.
        return [*results, Check("salesforce.api_enabled", "failed", error.detail, error.code)]
    results += [_api_enabled(), _org(identity)]
    for name in objects:
        results.append(await _object(api, session, name))
    return [*results, _limits(limits)]


def _identity(identity: Identity) -> Check:
    org = identity.org_name or "an org that does not tell its name"
    seen = f"{identity.username} ({identity.display_name}) is logged in to {org} ({identity.org_id})"
    return Check("salesforce.identity", "passed", seen)


async def _version(api: Api, session: Session) -> Check:
    versions, _ = await api.versions(session)
    if VERSION in versions:
        return Check("salesforce.version", "passed", f"The instance speaks {VERSION} of the API")
    newest = versions[-1] if versions else "none"
    seen = f"The instance does not speak {VERSION} of the API; its newest is {newest}"
    return Check("salesforce.version", "failed", seen, "salesforce.version_missing")


def _api_enabled() -> Check:
    return Check("salesforce.api_enabled", "passed", "The REST API is open to this org and this user")


def _org(identity: Identity) -> Check:
    if not identity.org_name:
        seen = "The user cannot read the org's name and edition"
        return Check("salesforce.org", "warning", seen, "salesforce.missing_permission")
    kind = "sandbox" if identity.sandbox else "production org"
    return Check("salesforce.org", "passed", f"{identity.org_name} is a {kind} with the {identity.edition}")


async def _object(api: Api, session: Session, name: str) -> Check:
    check = f"salesforce.objects.{name.lower()}"
    try:
        description = await api.get(session, f"/sobjects/{name}/describe")
    except ThrottledError as error:
        return Check(check, "failed", f"{name} could not be asked about: no API calls are left", error.code)
    except RejectedError as error:
        return Check(check, "failed", f"The user cannot see the object {name}: {error.detail}", error.code)
    seen = {field.name for field in fields.read(name, description)}
    missing = [field for field in _NEEDED if field not in seen]
    if not description.get("queryable") or missing:
        what = f"its fields {' and '.join(missing)}" if missing else "its records"
        return Check(check, "failed", f"The user cannot read {name}: {what}", "salesforce.missing_permission")
    hidden = [field for field in _WANTED.get(name, ()) if field not in seen]
    if hidden:
        text = f"The user can read {name}, but not its fields {', '.join(hidden)}"
        return Check(check, "warning", text, "salesforce.hidden_fields")
    return Check(check, "passed", f"The user can read {name} with {len(seen)} fields")


def _limits(limits: Any) -> Check:  # noqa: ANN401  JSON
    check = "salesforce.limits"
    try:
        calls = limits["DailyApiRequests"]
        most, left = int(calls["Max"]), int(calls["Remaining"])
    except (KeyError, TypeError, ValueError):
        return Check(check, "warning", "Salesforce does not tell how many API calls are left", "salesforce.limit_low")
    seen = f"{left:,} of {most:,} API calls are left in these 24 hours"
    if left <= 0:
        return Check(check, "failed", seen, "salesforce.limit_reached")
    if left < most * _LOW:
        return Check(check, "warning", seen, "salesforce.limit_low")
    return Check(check, "passed", seen)
