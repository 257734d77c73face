"""Passwords and the security tokens that programs put behind them, with the lock that too many wrong ones close."""

import hashlib
import string
from typing import TYPE_CHECKING

from syncline_sim.salesforce import networks, orgs
from syncline_sim.salesforce.orgs import User

if TYPE_CHECKING:
    from syncline_sim.world import World

_LETTERS = string.ascii_letters + string.digits
_TOKEN_LENGTH = 24
_HOUR = 3600


class LoginRefusedError(Exception):
    """A program may not log in: `code` is the vendor's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def right(world: "World", user: User, given: str, *accepted: str) -> bool:
    """Whether this is the user's password, or one of those accepted instead; wrong ones in a row lock the user."""
    switches, now = world.switches["salesforce"], world.now()
    if user.locked_until > now or not user.may_enter:
        return False
    if given in (accepted or (user.password,)):
        world.db.execute("UPDATE salesforce_users SET failures = 0 WHERE id = ?", (user.id,))
        return True
    failures = 1 + world.db.execute("SELECT failures FROM salesforce_users WHERE id = ?", (user.id,)).fetchone()[0]
    locked = failures >= switches["lockout_failures"]
    world.db.execute(
        "UPDATE salesforce_users SET failures = ?, locked_until = ? WHERE id = ?",
        (0 if locked else failures, now + switches["lockout_seconds"] if locked else 0, user.id),
    )
    return False


def trusts(world: "World", user: User, address: str) -> bool:
    """Whether the user's org trusts whoever calls from an address."""
    return networks.inside(address, orgs.find_org(world, user.org_id).settings.trusted_ranges)


def security_token(world: "World", user: User) -> str:
    """Answer what a program puts behind the password; it changes with the password, as in life."""
    digest = hashlib.sha256(f"{world.seed}:{user.id}:{user.password}".encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:_TOKEN_LENGTH])


def admit_program(world: "World", username: str, given: str, address: str) -> User:
    """Judge the username and password of a program, which gets no code by e-mail; raises `LoginRefusedError`."""
    try:
        user = orgs.find_user(world.db, username.strip())
    except KeyError:
        raise LoginRefusedError("INVALID_LOGIN") from None
    trusted = world.switches["salesforce"]["trusted_network"] or trusts(world, user, address)
    whole = user.password + security_token(world, user)
    if not right(world, user, given, user.password, whole):
        raise LoginRefusedError("INVALID_LOGIN")
    if given == user.password and not trusted:
        raise LoginRefusedError("LOGIN_MUST_USE_SECURITY_TOKEN")
    check_rate(world, user)
    return user


def check_rate(world: "World", user: User) -> None:
    """Refuse one login more than an hour may have; raises `LoginRefusedError`."""
    found = world.db.execute(
        """
        SELECT count(*) FROM salesforce_access_tokens a JOIN salesforce_grants g ON g.id = a.grant_id
        WHERE g.user_id = ? AND a.issued_at > ?
        """,
        (user.id, world.now() - _HOUR),
    ).fetchone()[0]
    if found >= world.switches["salesforce"]["login_rate_limit"]:
        raise LoginRefusedError("LOGIN_RATE_EXCEEDED")
