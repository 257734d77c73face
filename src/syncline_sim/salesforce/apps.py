"""External client apps: their keys and secrets, and what each of them is allowed and asks for."""

import hmac
import json
import sqlite3
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import networks

if TYPE_CHECKING:
    from syncline_sim.world import World

#: Scopes with the words of the set-up page; the vendor has more.
SCOPES = {
    "api": "Manage user data via APIs (api)",
    "refresh_token": "Perform requests at any time (refresh_token, offline_access)",
    "offline_access": "Perform requests at any time (refresh_token, offline_access)",
    "id": "Access the identity URL service (id, profile, email, address, phone)",
    "openid": "Access unique user identifiers (openid)",
    "web": "Manage user data via Web browsers (web)",
    "full": "Full access (full)",
}
#: One entry on the set-up page, two names in requests.
OFFLINE = frozenset({"refresh_token", "offline_access"})
#: Here as well: one entry, five names.
_IDENTITY = frozenset({"id", "profile", "email", "address", "phone"})
#: How strictly the login ranges of profiles hold for an app: always, but for refreshes, but from the app's own ranges,
#: or not at all.
IP_RELAXATION = ("enforce", "relax_refresh", "relax_trusted", "relax")
#: The most addresses that the list for refresh tokens may have, and the most that a range of it may.
_MOST_RANGES, _WIDEST_RANGE = 128, 256
_KEY_START = "3MVG9"
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Settings:
    """What the set-up and policy pages of an app hold; times are in seconds, 0 means without end."""

    callback_urls: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("api", "refresh_token", "id")
    kind: str = "external"  #: an `external` client app, or a `connected` app of the older sort
    distribution: str = "local"  #: a `local` app lets nobody in from another org, a `packaged` one does
    uninstalled_in: tuple[str, ...] = ()  #: the ids of orgs whose admins have not installed it
    require_pkce: bool = True
    require_secret_web: bool = True
    require_secret_refresh: bool = True
    rotation: bool = True
    refresh_lifetime: int = 0
    refresh_idle_lifetime: int = 0
    refresh_at_once: bool = False  #: refresh tokens are dead when they are born
    refresh_ranges: tuple[str, ...] = ()  #: codes and refresh tokens are worth nothing elsewhere; empty: everywhere
    daily_calls: int = 0  #: how many calls the app may make in any 24 hours; 0: as many as the org
    session_timeout: int = 0  #: the life of its access tokens; 0: as long as the org says
    ip_relaxation: str = "enforce"  #: one of IP_RELAXATION
    trusted_ranges: tuple[str, ...] = ()  #: the app's own, for `relax_trusted`; empty: everywhere
    admin_approval: bool = False  #: only pre-authorized users may use it
    approved_users: tuple[str, ...] = ()  #: their usernames
    blocked: bool = False
    certificate: str = ""  #: PEM; whoever has its key may log in as any user who has approved the app
    client_credentials_user: str = ""  #: the username as which the app itself logs in; empty: it cannot


@dataclass(frozen=True, slots=True)
class App:
    """One registered app."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    org_id: str
    name: str
    contact_email: str
    created_at: float
    settings: Settings
    staged_key: str = ""  #: a key and a secret that take the place of the others once they are applied
    staged_secret: str = field(default="", repr=False)

    def allows(self, scopes: frozenset[str]) -> bool:
        """Whether all of these scopes are among the app's."""
        own = frozenset(self.settings.scopes)
        return scopes <= own.union(*(names for names in (OFFLINE, _IDENTITY) if own & names))

    def knows(self, secret: str) -> bool:
        """Whether this is the app's secret."""
        return hmac.compare_digest(self.consumer_secret.encode(), secret.encode())


def wording(scope: str) -> str:
    """Answer the words for a scope of a request; raises `KeyError`."""
    return SCOPES["id"] if scope in _IDENTITY else SCOPES[scope]


def register(world: "World", org_id: str, name: str, contact_email: str, settings: Settings) -> App:
    """Create an app with a fresh key and secret."""
    key, secret = new_pair(world)
    world.db.execute(
        "INSERT INTO salesforce_apps VALUES (?, ?, ?, ?, ?, ?, ?, '', '')",
        (key, secret, org_id, name, contact_email, world.now(), json.dumps(asdict(settings))),
    )
    return App(key, secret, org_id, name, contact_email, world.now(), settings)


def new_pair(world: "World") -> tuple[str, str]:
    """Answer a consumer key and a secret that nobody has yet."""
    return _KEY_START + world.word(80, _LETTERS + "._"), world.word(64, "0123456789ABCDEF")


def change(world: "World", app: App, **changes: object) -> App:
    """Change settings of an app, or its `consumer_secret`; raises `TypeError` for a name that there is not."""
    secret = str(changes.pop("consumer_secret", app.consumer_secret))
    settings = read_settings({**asdict(app.settings), **changes})
    world.db.execute(
        "UPDATE salesforce_apps SET settings = ?, consumer_secret = ? WHERE consumer_key = ?",
        (json.dumps(asdict(settings)), secret, app.consumer_key),
    )
    return replace(app, consumer_secret=secret, settings=settings)


def find(db: sqlite3.Connection, consumer_key: str) -> App | None:
    """Answer the app with this key."""
    row = db.execute("SELECT * FROM salesforce_apps WHERE consumer_key = ?", (consumer_key,)).fetchone()
    return _app(row) if row else None


def find_working(world: "World", consumer_key: str) -> App | None:
    """Answer the app with this key, or with this staged one, unless the servers do not know it yet.

    Under its staged key an app has its staged secret, and is the same app otherwise.
    """
    app = find(world.db, consumer_key) or _find_staged(world.db, consumer_key)
    if app is None or app.created_at + world.switches["salesforce"]["app_latency"] > world.now():
        return None
    return app


def _find_staged(db: sqlite3.Connection, key: str) -> App | None:
    row = db.execute("SELECT * FROM salesforce_apps WHERE staged_key = ? AND staged_key <> ''", (key,)).fetchone()
    return replace(_app(row), consumer_secret=row["staged_secret"]) if row else None


def every(db: sqlite3.Connection) -> list[App]:
    """Answer all apps, oldest first."""
    return [_app(row) for row in db.execute("SELECT * FROM salesforce_apps ORDER BY rowid")]


def read_settings(document: Mapping[str, Any]) -> Settings:
    """Make settings of a JSON object; raises `TypeError` for a name that there is not, `ValueError` for a value."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    settings = Settings(**values)
    if settings.ip_relaxation not in IP_RELAXATION:
        raise ValueError(f"ip_relaxation is one of {', '.join(IP_RELAXATION)}")
    if settings.kind not in ("external", "connected"):
        raise ValueError("kind is external or connected")
    networks.check(settings.trusted_ranges)
    networks.check(settings.refresh_ranges, most=_MOST_RANGES, widest=_WIDEST_RANGE)
    return settings


def _app(row: sqlite3.Row) -> App:
    values = dict(row)
    return App(**{**values, "settings": read_settings(json.loads(values["settings"]))})
