"""Salesforce as the rest of the house knows it: the port, each verb handed to the module whose business it is."""

import email.utils
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import SecretStr

from syncline.config import Settings
from syncline.errors import Problem, UnreachableError
from syncline.providers.notices import NoticeDoor
from syncline.providers.port import App, Check, Field, Grant, Identity, Instruction, Page, Position, Session
from syncline.providers.salesforce import checks, fields, guide, hosts, organization, records, refusals, stamps
from syncline.providers.salesforce.api import Api
from syncline.providers.salesforce.changes import Changes
from syncline.providers.salesforce.hosts import Hosts
from syncline.providers.salesforce.login import SCOPES, Login
from syncline.providers.salesforce.notifications import OutboundMessages
from syncline.providers.salesforce.problems import PROBLEMS
from syncline.wire import Wire

if TYPE_CHECKING:
    from syncline.providers.stream import ChangeStream


class Salesforce:
    """The source."""

    title: str = "Salesforce"
    problems: Mapping[str, Problem] = PROBLEMS
    objects: tuple[str, ...] = ("Lead", "Contact")
    id_field: str = records.ID_FIELD
    stamp_field: str = stamps.FIELD
    scopes: tuple[str, ...] = SCOPES
    login_hosts: tuple[tuple[str, str, str], ...] = hosts.SHOWN
    notices: NoticeDoor = OutboundMessages(objects)

    def __init__(self, wire: Wire, settings: Settings, streams: Wire) -> None:
        """Take the wire, from the settings which hosts are allowed besides the own ones, and a wire for listeners."""
        self._hosts = Hosts(settings.allow_hosts)
        self._login = Login(wire, self._hosts)
        self._api = Api(wire, self._hosts)
        self.changes: ChangeStream = Changes(streams, self._api, self.objects)

    def app_guide(self, redirect_uri: str) -> Mapping[str, tuple[Instruction, ...]]:
        """Answer how the app is registered."""
        return guide.app_guide(redirect_uri)

    def login_host(self, text: str) -> str:
        """Answer the origin of an allowed login host; raises `InputError`."""
        return self._hosts.origin(text)

    def authorize_url(self, app: App, *, state: str, challenge: str) -> str:
        """Answer where the browser goes to log in."""
        return self._login.authorize_url(app, state=state, challenge=challenge)

    def refusal(self, error: str, description: str) -> str:
        """Answer the catalogue code for an `error` at the callback."""
        return refusals.meaning(error, description)

    async def probe(self, app: App) -> bool:
        """Find out whether key and secret are right without a login; answers whether logins name their issuer."""
        await self._login.probe(app)
        return await self._login.names_issuer(app)

    async def exchange(self, app: App, *, code: SecretStr, verifier: SecretStr) -> Grant:
        """Spend an authorization code."""
        return await self._login.exchange(app, code=code, verifier=verifier)

    async def refresh(self, app: App, refresh_token: SecretStr) -> Grant:
        """Ask for a new access token."""
        return await self._login.refresh(app, refresh_token)

    async def revoke(self, app: App, token: SecretStr) -> None:
        """Revoke a token."""
        await self._login.revoke(app, token)

    async def identify(self, session: Session, identity_url: str) -> Identity:
        """Ask who the grant belongs to."""
        return await organization.identify(self._api, session, identity_url)

    async def check(self, session: Session, identity: Identity) -> list[Check]:
        """Run the checks of this side."""
        return await checks.run(self._api, session, identity, self.objects)

    async def describe(self, session: Session, object_name: str) -> list[Field]:
        """List the fields of an object that the logged-in user can see."""
        return fields.read(object_name, await self._api.get(session, f"/sobjects/{object_name}/describe"))

    async def now(self, session: Session) -> str:
        """Answer the instance's own clock, from the `Date` of an answer: to the second, as its stamps are."""
        _, date = await self._api.versions(session)
        try:
            return stamps.written(email.utils.parsedate_to_datetime(date))
        except ValueError:
            raise UnreachableError("salesforce.unreachable", "Salesforce answered without a date") from None

    def pages(
        self, session: Session, object_name: str, fields: Sequence[str], *, after: Position, since: str, until: str
    ) -> AsyncIterator[Page]:
        """Read records in order of (stamp, id)."""
        return records.pages(self._api, session, object_name, fields, after=after, since=since, until=until)

    async def named(self, session: Session, object_name: str, fields: Sequence[str], ids: Sequence[str]) -> Page:
        """Read records by their ids."""
        return await records.named(self._api, session, object_name, fields, ids)

    def earlier(self, stamp: str, seconds: int) -> str:
        """Answer the stamp that lies `seconds` before `stamp`."""
        return stamps.earlier(stamp, seconds)
