"""Who is connected: the user by the identity service, the org by a query."""

from collections.abc import Mapping
from typing import Any

from syncline.errors import RejectedError, ThrottledError, UnreachableError
from syncline.providers.port import Identity, Session
from syncline.providers.salesforce import ids
from syncline.providers.salesforce.api import Api

_QUERY = "SELECT Id, Name, OrganizationType, IsSandbox FROM Organization"


async def identify(api: Api, session: Session, identity_url: str) -> Identity:
    """Answer user and org; an org whose API is closed or used up has no name, which is for the checks to explain."""
    user = await api.identity(session, identity_url)
    if not isinstance(user, dict) or not user.get("organization_id") or not user.get("user_id"):
        raise UnreachableError("salesforce.unreachable", "Salesforce answered without an identity")
    if user.get("active") is False:
        raise RejectedError("salesforce.inactive_user", f"{user.get('username')} is not active")
    try:
        org = _first(await api.query(session, _QUERY))
    except (RejectedError, ThrottledError):
        org = {}
    return Identity(
        org_id=ids.full(str(user["organization_id"])),
        org_name=str(org.get("Name") or ""),
        edition=str(org.get("OrganizationType") or ""),
        sandbox=bool(org.get("IsSandbox")),
        user_id=ids.full(str(user["user_id"])),
        username=str(user.get("username") or ""),
        display_name=str(user.get("display_name") or ""),
        email=str(user.get("email") or ""),
    )


def _first(document: Any) -> Mapping[str, Any]:  # noqa: ANN401  JSON
    records = document.get("records") if isinstance(document, dict) else None
    return records[0] if records and isinstance(records[0], dict) else {}
