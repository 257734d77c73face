"""Connect links: made, looked at, redeemed once, refused, ended; and what of it the log says."""

import asyncio
import hashlib

import pytest

from syncline.web.guests import COOKIE
from tests.web.doors import PUBLIC_URL, Doors
from tests.web.visits import FORM, Visit, authorized, browser, guest, made, standings, tried

HOUR = 3600 * 1_000_000
USED = ("link.redeemed", "refused", "link.used")


async def test_a_link_is_shown_once_and_stored_as_a_hash(doors: Doors) -> None:
    """Its address is on the public URL; neither the list, the log nor the database has its secret."""
    id_ = (await doors.create())["id"]
    link = await made(doors, id_)
    assert link["url"] == f"{PUBLIC_URL}{link['path']}"
    assert link["path"].startswith(f"/connect/{link['id']}_")
    assert link["expires_at"] - link["created_at"] == 72 * HOUR
    secret = link["path"].split("_")[2]
    listed = await doors.ask("GET", f"/api/integrations/{id_}/connect-links")
    rows = str(await doors.rows(id_))
    stored = b"".join(path.read_bytes() for path in doors.store.path.parent.glob("test.sqlite3*"))
    assert link["id"] in listed.text
    assert link["id"] in rows
    assert link["id"].encode() in stored
    for place in (listed.text, rows):
        assert secret not in place
    assert secret.encode() not in stored


@pytest.mark.parametrize(("hours", "status"), [(0, 422), (1, 201), (336, 201), (337, 422), (-5, 422), (1.5, 422)])
async def test_a_link_is_good_for_14_days_at_most(doors: Doors, hours: float, status: int) -> None:
    """Whole hours, from one on."""
    id_ = (await doors.create())["id"]
    path = f"/api/integrations/{id_}/connect-links"
    answer = await doors.ask("POST", path, body={"hours": hours})
    assert answer.status == status


async def test_to_look_changes_nothing(doors: Doors) -> None:
    """Previews, prefetching and HEAD leave the link as it is and the log too; the page says whose it is, plainly."""
    id_ = (await doors.create())["id"]
    link = await made(doors, id_)
    before = len(await doors.rows(id_))
    async with browser(doors) as visit:
        for _ in range(3):
            assert (await visit.open(link["path"], **{"Sec-Purpose": "prefetch"})).status == 200
            await doors.ask("HEAD", link["path"], role=None)
        page = await visit.open(link["path"])
        assert "the operator" in page.text
        assert "Acme" in page.text
        assert "Set-Cookie" not in page.headers
        assert "<script>" not in page.text
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert len(await doors.rows(id_)) == before
        assert await standings(doors, id_) == ["open"]
        answer = await visit.press(link["path"])
    assert answer.status == 303
    assert link["path"] not in str(answer.headers)


async def test_the_cookie_is_bound_to_this_host(doors: Doors) -> None:
    """As that of a session, and it ends with the link or after 12 hours."""
    id_ = (await doors.create())["id"]
    async with browser(doors) as visit:
        for hours, seconds in ((72, 12 * 3600), (1, 3600)):
            link = await made(doors, id_, hours=hours)
            cookie = (await visit.press(link["path"])).headers["Set-Cookie"]
            assert cookie.startswith(f"{COOKIE}=")
            for trait in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
                assert trait in cookie
            assert "Domain" not in cookie
            assert seconds - 60 < int(cookie.partition("Max-Age=")[2].partition(";")[0]) <= seconds


async def test_fifty_at_once_and_one_gets_in(doors: Doors) -> None:
    """The database judges: one row says redeemed, and nobody else has a cookie."""
    id_ = (await doors.create())["id"]
    link = await made(doors, id_)
    answers = await asyncio.gather(
        *(doors.ask("POST", link["path"], role=None, headers={"Sec-Fetch-Site": "same-origin"}) for _ in range(50))
    )
    assert sum(answer.status == 303 for answer in answers) == 1
    assert sum("Set-Cookie" in answer.headers for answer in answers) == 1
    assert {answer.status for answer in answers} <= {303, 410, 429}
    assert [row[1] for row in await tried(doors, id_)].count("handled") == 2  # Made, and redeemed once.


async def test_redeemed_twice(doors: Doors) -> None:
    """Another browser is refused, with a row; the first one goes back to its page by the same link."""
    id_ = (await doors.create())["id"]
    async with browser(doors) as first, browser(doors) as second:
        link = await guest(doors, first, id_)
        looked, again = await second.open(link["path"]), await second.press(link["path"])
        assert (looked.status, again.status) == (410, 410)
        assert "used already" in again.text
        assert (await second.open(f"/i/{id_}")).headers["Location"].startswith("/sign-in")
        back = await first.open(link["path"])
        assert (back.status, back.headers["Location"]) == (303, f"/i/{id_}")
        assert (await first.open(f"/i/{id_}")).status == 200
    assert await tried(doors, id_) == [("link.made", "handled", ""), ("link.redeemed", "handled", ""), USED]
    assert await standings(doors, id_) == ["in_use"]


async def test_the_log_says_who_when_and_from_where(doors: Doors) -> None:
    """Made by the operator; redeemed and used by the link, from an address."""
    id_ = (await doors.create())["id"]
    async with browser(doors) as visit:
        link = await guest(doors, visit, id_)
        assert (await visit.command(id_, "app.registered")).status == 303
    rows = await doors.site.privacy.reveal([log.row for log in await doors.rows(id_)][1:])
    assert [row.type for row in rows] == ["link.made", "link.redeemed", "app.registered"]
    assert (rows[0].actor.kind, rows[0].actor.id) == ("person", doors.keys["operator"].split("_")[1])
    assert rows[0].brought == (f"connect_link:{link['id']}",)
    for row in rows[1:]:
        assert (row.actor.kind, row.actor.id, row.actor.via) == ("link", link["id"], "link")
        assert row.actor.address == "127.0.0.1"
    (item,) = (await doors.ask("GET", f"/api/integrations/{id_}/connect-links")).json["items"]
    assert (item["redeemed_from"], item["redeemed_at"]) == ("127.0.0.1", rows[1].at)
    assert f"Connect link {link['id']}" in (await doors.ask("GET", f"/i/{id_}/timeline")).text


async def test_a_link_expires(doors: Doors) -> None:
    """With a row for who tries, and the visit of who was in time ends with it."""
    id_ = (await doors.create())["id"]
    late = await made(doors, id_, hours=2)
    async with browser(doors) as visit, browser(doors) as other:
        used = await made(doors, id_, hours=1)
        await visit.press(used["path"])
        assert (await visit.open(f"/i/{id_}")).status == 200
        doors.clock.ahead = 2 * HOUR
        answer = await visit.open(f"/i/{id_}")
        assert (answer.status, "Your visit here is over" in answer.text) == (403, True)
        assert (await other.press(late["path"])).status == 410
    assert (await tried(doors, id_))[-1] == ("link.redeemed", "refused", "link.expired")
    assert await standings(doors, id_) == ["expired", "used"]


async def test_a_visit_lasts_twelve_hours(doors: Doors) -> None:
    """However long the link was good."""
    id_ = (await doors.create())["id"]
    async with browser(doors) as visit:
        link = await made(doors, id_, hours=336)
        await visit.press(link["path"])
        cookie = {"Cookie": f"{COOKIE}={_cookie(visit)}"}
        doors.clock.ahead = 12 * HOUR - 60_000_000
        assert (await doors.ask("GET", f"/i/{id_}", role=None, headers=cookie)).status == 200
        doors.clock.ahead = 12 * HOUR + 1
        assert (await doors.ask("GET", f"/i/{id_}", role=None, headers=cookie)).status == 403


def _cookie(visit: Visit) -> str:
    return next(cookie.value for cookie in visit.doors.client.session.cookie_jar if cookie.key == COOKIE)


async def test_a_link_is_revoked(doors: Doors) -> None:
    """Before it was redeemed and after; that ends the visit, and once is enough."""
    id_ = (await doors.create())["id"]
    fresh = await made(doors, id_)
    async with browser(doors) as visit, browser(doors) as other:
        used = await guest(doors, visit, id_)
        for link in (fresh, used):
            path = f"/api/integrations/{id_}/connect-links/{link['id']}"
            assert (await doors.ask("DELETE", path, role="operator")).status == 204
            again = await doors.ask("DELETE", path, role="operator")
            assert (again.status, again.code) == (409, "event.refused")
        assert (await visit.open(f"/i/{id_}")).status == 403
        assert (await visit.command(id_, "app.registered")).status == 403
        assert (await other.press(fresh["path"])).status == 410
    assert await standings(doors, id_) == ["revoked", "revoked"]
    assert (await tried(doors, id_))[-1] == ("link.redeemed", "refused", "link.revoked")
    assert (await doors.read(id_)).state == "unconfigured"


async def test_a_link_ends_with_the_key_that_made_it(doors: Doors) -> None:
    """What a stolen key has made goes with it."""
    id_ = (await doors.create())["id"]
    fresh = await made(doors, id_)
    async with browser(doors) as visit:
        await guest(doors, visit, id_)
        key = doors.keys["operator"].split("_")[1]
        assert (await doors.ask("DELETE", f"/api/keys/{key}")).status == 204
        assert (await visit.open(f"/i/{id_}")).status == 403
        assert (await visit.press(fresh["path"])).status == 410
    assert await standings(doors, id_) == ["revoked", "revoked"]


async def test_guessed_links(doors: Doors) -> None:
    """All the same answer; whoever tries the eleventh within a minute is told to wait, before any look-up."""
    id_ = (await doors.create())["id"]
    link = await made(doors, id_)
    wrong = _with_secret(link["path"], "a" * 32)
    async with browser(doors) as visit:
        for path in (wrong, "/connect/x", "/connect/cl_00000000_a_b", f"{link['path']}x", _with_id(link["path"])):
            for answer in (await visit.open(path), await visit.press(path)):
                assert (answer.status, "no such connect link" in answer.text) == (404, True)
        assert (await visit.press(wrong)).status == 429
        assert (await visit.open(wrong)).status == 429
        sign_in = await visit.press("/sign-in", key=doors.keys["viewer"])
        assert sign_in.status == 429
    # A secret that is wrong names the link that was meant, so its integration knows of the try.
    assert (await tried(doors, id_))[1:] == [("link.redeemed", "refused", "link.unknown")]
    assert await standings(doors, id_) == ["open"]


def _with_secret(path: str, secret: str) -> str:
    return _checked(path, 2, secret)


def _with_id(path: str) -> str:
    return _checked(path, 1, "00000000")


def _checked(path: str, part: int, text: str) -> str:
    parts = path.rpartition("/")[2].split("_")[:3]
    parts[part] = text
    whole = "_".join(parts)
    return f"/connect/{whole}_{hashlib.sha256(whole.encode()).hexdigest()[:6]}"


async def test_a_forged_redemption(doors: Doors) -> None:
    """Another site cannot make a browser redeem a link, nor send a guest's commands."""
    id_ = (await doors.create())["id"]
    link = await made(doors, id_)
    evil = {**FORM, "Sec-Fetch-Site": "cross-site"}
    async with browser(doors) as visit:
        answer = await visit.doors.ask("POST", link["path"], role=None, headers=evil)
        assert answer.status == 403
        await visit.press(link["path"])
        for headers in (evil, {name: value for name, value in FORM.items() if name != "Sec-Fetch-Site"}):
            sent = await visit.doors.ask("POST", f"/i/{id_}", role=None, headers=headers, data=b"event=app.registered")
            assert sent.status == 403
    assert (await doors.read(id_)).state == "unconfigured"


async def test_a_guest_leaves(doors: Doors) -> None:
    """Signing out ends the link for good, with a row."""
    id_ = (await doors.create())["id"]
    async with browser(doors) as visit:
        link = await guest(doors, visit, id_)
        stolen = {"Cookie": f"{COOKIE}={_cookie(visit)}"}
        assert "You have left" in (await visit.press("/sign-out")).text
        assert (await doors.ask("GET", f"/i/{id_}", role=None, headers=stolen)).status == 403
        assert (await visit.press(link["path"])).status == 410
    assert ("link.left", "handled", "") in await tried(doors, id_)
    assert await standings(doors, id_) == ["used"]


async def test_links_end_with_the_set_up_and_stay_ended(doors: Doors) -> None:
    """After the confirmation nobody gets in by one, and there is nothing to make another for."""
    id_ = await doors.at_login()
    fresh = await made(doors, id_)
    async with browser(doors) as visit:
        await guest(doors, visit, id_)
        await authorized(visit, id_)
        assert (await visit.open(f"/i/{id_}")).status == 200
        confirm = {"org_id": "00D1", "user_id": "0051"}
        refused = await visit.command(id_, "connection.confirmed", **confirm)
        assert refused.status == 403
        assert (await doors.command(id_, "connection.confirmed", **confirm)).status == 200
        assert (await visit.open(f"/i/{id_}")).status == 403
        assert (await visit.press(fresh["path"])).status == 410
        again = await doors.ask("POST", f"/api/integrations/{id_}/connect-links", body={})
        assert (again.status, again.code) == (409, "event.unexpected")
        # To authorize again is another occasion, and needs another link.
        await doors.push(id_, "grant.lost", generation=1, problem="x")
        assert (await doors.read(id_)).milestone == "reauthorization_required"
        assert (await visit.open(f"/i/{id_}")).status == 403
        await guest(doors, visit, id_)
        assert (await visit.open(f"/i/{id_}")).status == 200
    assert await standings(doors, id_) == ["ended", "ended", "in_use"]


async def test_a_disconnected_integration_opens_to_no_link(doors: Doors) -> None:
    """Neither to a fresh one nor to a visit that was under way; the try is on its log."""
    id_ = (await doors.create())["id"]
    fresh = await made(doors, id_)
    async with browser(doors) as visit:
        await guest(doors, visit, id_)
        assert (await doors.command(id_, "disconnect.requested")).status == 200
        assert (await visit.open(f"/i/{id_}")).status == 403
        assert (await visit.press(fresh["path"])).status == 410
    assert (await tried(doors, id_))[-1] == ("link.redeemed", "refused", "link.ended")
