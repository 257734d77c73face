"""Browsers and who is logged in there: password, then a code by e-mail when the browser is new to the user."""

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aiohttp import web

from syncline_sim import mailbox
from syncline_sim.salesforce import orgs, passwords
from syncline_sim.salesforce.orgs import User

if TYPE_CHECKING:
    from syncline_sim.world import World

COOKIE = "simulated_salesforce"
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Browser:
    """One browser by its cookie; `pending` has given the password and still owes the code."""

    cookie: str
    user: User | None
    pending: User | None
    start_url: str


def find(world: "World", request: web.Request) -> Browser:
    """Answer the browser that calls, a new one when it has no cookie that we know."""
    cookie = request.cookies.get(COOKIE, "")
    row = world.db.execute("SELECT * FROM salesforce_browsers WHERE cookie = ?", (cookie,)).fetchone()
    if row is None:
        cookie = world.word(40, _LETTERS)
        world.db.execute("INSERT INTO salesforce_browsers (cookie) VALUES (?)", (cookie,))
        return Browser(cookie, None, None, "")
    return Browser(cookie, _user(world, row["user_id"]), _user(world, row["pending_user_id"]), row["start_url"])


def remember(browser: Browser, response: web.StreamResponse) -> None:
    """Give the browser its cookie."""
    response.set_cookie(COOKIE, browser.cookie, httponly=True, samesite="Lax", path="/")


def start(world: "World", browser: Browser, url: str) -> None:
    """Keep where the browser goes once somebody has logged in."""
    world.db.execute("UPDATE salesforce_browsers SET start_url = ? WHERE cookie = ?", (url, browser.cookie))


def log_in(
    world: "World", browser: Browser, username: str, password: str, address: str
) -> Literal["refused", "code", "in"]:
    """Judge a password; `code` says that a code is on its way by e-mail."""
    try:
        user = orgs.find_user(world.db, username.strip())
    except KeyError:
        return "refused"
    if not passwords.right(world, user, password):
        return "refused"
    trusted = _known(world, browser, user) or passwords.trusts(world, user, address)
    if trusted or not world.switches["salesforce"]["verification"]:
        _enter(world, browser, user)
        return "in"
    send_code(world, browser, user)
    return "code"


def send_code(world: "World", browser: Browser, user: User) -> None:
    """Send the user a code which this browser has to give."""
    code = world.word(6, string.digits)
    until = world.now() + world.switches["salesforce"]["verification_lifetime"]
    world.db.execute(
        """
        UPDATE salesforce_browsers SET user_id = '', pending_user_id = ?, code = ?, code_until = ?, attempts = 0
        WHERE cookie = ?
        """,
        (user.id, code, until, browser.cookie),
    )
    text = f"You logged in to Simulated Salesforce from a browser that we do not know. Your verification code: {code}"
    mailbox.send(world, user.email, "Verify your identity in Simulated Salesforce", text, code=code)


def verify(world: "World", browser: Browser, code: str) -> bool:
    """Judge a code; after too many wrong ones, or too late, the right one is wrong as well."""
    row = world.db.execute("SELECT * FROM salesforce_browsers WHERE cookie = ?", (browser.cookie,)).fetchone()
    attempts = world.switches["salesforce"]["verification_attempts"]
    if browser.pending is None or row["attempts"] >= attempts or row["code_until"] <= world.now():
        return False
    if code.strip() != row["code"]:
        world.db.execute("UPDATE salesforce_browsers SET attempts = attempts + 1 WHERE cookie = ?", (browser.cookie,))
        return False
    _enter(world, browser, browser.pending)
    return True


def log_out(world: "World", browser: Browser) -> None:
    """Forget who is logged in, but not that the browser is known."""
    world.db.execute(
        "UPDATE salesforce_browsers SET user_id = '', pending_user_id = '', code = '' WHERE cookie = ?",
        (browser.cookie,),
    )


def _enter(world: "World", browser: Browser, user: User) -> None:
    world.db.execute(
        "UPDATE salesforce_browsers SET user_id = ?, pending_user_id = '', code = '' WHERE cookie = ?",
        (user.id, browser.cookie),
    )
    world.db.execute("INSERT OR IGNORE INTO salesforce_known_browsers VALUES (?, ?)", (browser.cookie, user.id))


def _known(world: "World", browser: Browser, user: User) -> bool:
    found = world.db.execute(
        "SELECT 1 FROM salesforce_known_browsers WHERE cookie = ? AND user_id = ?", (browser.cookie, user.id)
    ).fetchone()
    return found is not None


def _user(world: "World", user_id: str) -> User | None:
    return orgs.find_user(world.db, user_id) if user_id else None
