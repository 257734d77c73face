"""Where a request comes from: what a trusted proxy wrote counts, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from syncline.config import Settings
from syncline.core.event import SERVICE
from tests.web.doors import Doors, open_doors

CLIENT, OTHER = "198.51.100.7", "203.0.113.9"
SAME = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[Doors]:
    """A site behind two proxies of its operator, of which the nearer one is on this machine."""
    async with open_doors(tmp_path, Settings(data=tmp_path, trusted_proxies=("127.0.0.1", "10.0.0.0/8"))) as made:
        yield made


async def address(doors: Doors, forwarded: str) -> str:
    """Ask without a right to; answers where that came from, as the log says."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert (await doors.ask("GET", "/api/keys", role="viewer", headers=headers)).status == 403
    rows = [entry.row for entry in await doors.rows(SERVICE) if entry.row.type == "access.refused"]
    return str((await doors.site.privacy.reveal(rows[-1])).actor.address)


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        (CLIENT, CLIENT),
        (f"{OTHER}, {CLIENT}", CLIENT),  # The first one the client has written itself.
        (f"{CLIENT}, 10.1.2.3", CLIENT),
        (f"{CLIENT},10.1.2.3 , 10.0.0.1", CLIENT),
        ("10.1.2.3", "10.1.2.3"),
        (f"{CLIENT}:4711", CLIENT),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("", "127.0.0.1"),
        ("unknown", "127.0.0.1"),
        (f"{CLIENT}, <script>", "127.0.0.1"),
        (f"{CLIENT}, , 10.1.2.3", "10.1.2.3"),
        ("fe80::1%<script>", "127.0.0.1"),
    ],
)
async def test_what_a_trusted_proxy_says_counts(behind: Doors, forwarded: str, found: str) -> None:
    """The last address that is none of the operator's own; where it cannot be read, the last proxy that can."""
    assert await address(behind, forwarded) == found


async def test_nobody_is_trusted_unless_the_operator_says_so(doors: Doors) -> None:
    """Else anybody could write anything on the log, and try as often as they like to sign in."""
    assert await address(doors, CLIENT) == "127.0.0.1"


async def test_each_client_has_tries_of_its_own(behind: Doors) -> None:
    """One that has used them up locks nobody else out, though all come through one proxy."""

    async def try_(client: str) -> int:
        headers = {**SAME, "X-Forwarded-For": client}
        return (await behind.ask("POST", "/sign-in", role=None, headers=headers, data=b"key=syn_x")).status

    assert [await try_(CLIENT) for _ in range(11)][-1] == 429
    assert await try_(OTHER) != 429


@pytest.mark.parametrize("word", ["proxy.example.com", "10.0.0.1/8", "*"])
def test_what_is_no_network_is_refused(tmp_path: Path, word: str) -> None:
    """With what it must be."""
    with pytest.raises(ValidationError, match="addresses or networks"):
        Settings(data=tmp_path, trusted_proxies=(word,))
