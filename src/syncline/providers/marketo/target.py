"""Marketo as the rest of the house knows it: the port, each verb handed to the module whose business it is."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from syncline.config import Settings
from syncline.errors import InputError, Problem, UnreachableError
from syncline.providers.marketo import checks, fields, guide, people
from syncline.providers.marketo.api import Api
from syncline.providers.marketo.notifications import CampaignWebhooks
from syncline.providers.marketo.problems import PROBLEMS
from syncline.providers.notices import NoticeDoor
from syncline.providers.port import Account, Check, Field, FieldResult, Instruction, RowResult
from syncline.wire import Wire

#: An instance: the account's id, or in old examples a name.
_OWN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.mktorest\.com")
#: What the page "Web Services" shows as the endpoints of REST and of identity.
_SHOWN_PATHS = {"", "/rest", "/identity"}
_LONGEST = 255


class Marketo:
    """The target."""

    title: str = "Marketo"
    problems: Mapping[str, Problem] = PROBLEMS
    key_field: Field = fields.KEY_FIELD
    batch_size: int = people.BATCH
    field_limit: int = fields.LIMIT
    standard_fields: Mapping[str, str] = fields.STANDARD
    notices: NoticeDoor = CampaignWebhooks()

    def __init__(self, wire: Wire, settings: Settings) -> None:
        """Take the wire and the settings: allowed origins, and how fast an instance may be called."""
        self._allowed = frozenset(origin.strip().rstrip("/").lower() for origin in settings.allow_hosts)
        self._api = Api(wire, settings)

    def account_url(self, text: str) -> str:
        """Answer the origin of an allowed instance; raises `InputError`."""
        address = text.strip() if "://" in text else f"https://{text.strip()}"
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise _refusal(text) from None
        odd = parts.query or parts.fragment or "@" in parts.netloc or parts.path.rstrip("/") not in _SHOWN_PATHS
        if odd or len(text) > _LONGEST:
            raise _refusal(text)
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
        if origin in self._allowed:
            return origin
        if parts.scheme == "https" and port in {None, 443} and _OWN.fullmatch(host):
            return f"https://{host}"
        raise _refusal(text)

    def account_guide(self) -> tuple[Instruction, ...]:
        """Answer how the API user is made."""
        return guide.ACCOUNT_GUIDE

    async def check(self, account: Account) -> list[Check]:
        """Run the checks of this side."""
        return await checks.run(self._api, account)

    async def fields(self, account: Account) -> list[Field]:
        """List the person fields."""
        return fields.read(await self._api.get(account, checks.DESCRIBE_PATH))

    def field_name(self, source_field: Field) -> str:
        """Answer the name under which a source field is created."""
        return fields.name_of(source_field)

    def unfit(self, source_field: Field) -> str:
        """Answer why a source field cannot be created, '' when it can."""
        return fields.unfit(source_field)

    async def create_fields(self, account: Account, fields: Sequence[Field]) -> list[FieldResult]:
        """Create person fields, at most `batch_size` in one call."""
        results: list[FieldResult] = []
        for start in range(0, len(fields), people.BATCH):
            results += await self._create(account, fields[start : start + people.BATCH])
        return results

    async def upsert(self, account: Account, people: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Create or update people by the key field."""
        return await _upsert(self._api, account, people)

    async def _create(self, account: Account, batch: Sequence[Field]) -> list[FieldResult]:
        body = msgspec.json.encode({"input": [fields.written(field) for field in batch]})
        rows = await self._api.post(account, checks.FIELDS_PATH, body)
        if len(rows) != len(batch):
            detail = f"Marketo answered {len(rows)} results for {len(batch)} fields"
            raise UnreachableError("marketo.unreachable", detail, reply_lost=True)
        return [fields.outcome(field, row) for field, row in zip(batch, rows, strict=True)]


_upsert = people.upsert


def _refusal(text: str) -> InputError:
    shown = re.sub(r"[^\w.:/-].*", "", text.strip())[:80]
    return InputError("marketo.host_not_allowed", f"{shown or 'this'} is no Marketo instance", facts={"field": "url"})
