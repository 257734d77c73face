"""Commands about subscriptions: each is an event on the log of the service, and done in its transaction.

On the service's log also those of one integration: they outlive its secrets, which its last message is about. A test
is called before the event, never within it, and its result is in the event.
"""

import secrets
from functools import partial

import msgspec
from pydantic import SecretStr
from yarl import URL

from syncline import credentials
from syncline.core.brought import Brought, Erasure
from syncline.core.event import SERVICE
from syncline.core.subscription import EndedSubscription, KeptSubscription, Key, ReplayedDeliveries, address_field
from syncline.deliveries.caller import Called, call_to_test, key_of, new_secret
from syncline.deliveries.opening import open_subscription
from syncline.errors import ConflictError, ForbiddenError, NotFoundError
from syncline.store import deliveries as stored
from syncline.store.integrations import integration as find_integration
from syncline.store.record import Outcome
from syncline.store.subscriptions import (
    CHANGED,
    NOTHING_ENDED,
    TOO_MANY,
    UNKNOWN,
    Subscription,
    subscription,
    subscriptions,
)
from syncline.web.access import Who, note_hidden
from syncline.web.site import Site
from syncline.web.subscription_models import ReplayAsked, SubscriptionAsked, SubscriptionChanged, Tested

_HOUR = 3600 * 1_000_000
_MOST_REPLAYED = 1000


async def visible(site: Site, who: Who) -> list[Subscription]:
    """List the subscriptions that a key may see: of its integrations, or all."""
    found = await site.store.read(subscriptions)
    return [each for each in found if not who.key.integrations or who.key.sees(each.kept.integration)]


async def find(site: Site, who: Who, id_: str) -> Subscription:
    """Answer one that a key may see; raises `NotFoundError`."""
    found = await site.store.read(partial(subscription, id=id_))
    if who.key.integrations and not who.key.sees(found.kept.integration):
        raise NotFoundError("subscription.unknown")
    return found


async def create(
    site: Site, who: Who, asked: SubscriptionAsked, *, request: str
) -> tuple[Subscription, Tested, SecretStr]:
    """Try an address and make a subscription, switched off when it did not answer; its secret is shown this once."""
    await _may_be_told(site, who, asked.integration, request)
    url = SecretStr(site.destinations.check(asked.url.get_secret_value()))
    id_, secret = f"sub_{secrets.token_hex(6)}", new_secret()
    called = await call_to_test(site.destinations, url, [key_of(secret)], id_, now=site.now())
    safe = await credentials.open_safe(site.store, site.vault, SERVICE)
    address = safe.seal(address_field(id_), url)
    sealed = safe.seal(_key_field(id_), secret)
    kept = KeptSubscription(
        id=id_,
        version=1,
        name=asked.name,
        integration=asked.integration,
        types=asked.types,
        origin=_origin(url),
        fingerprint=address.fingerprint,
        enabled=called.verdict == "taken",
        reason=called.problem,
        keys=(Key(sealed.field, sealed.fingerprint),),
    )
    await _note(site, who, "subscription.made", kept, address, sealed, request=request, called=called, shown="secret")
    return await find(site, who, id_), _tested(called), secret


async def change(
    site: Site, who: Who, id_: str, asked: SubscriptionChanged, *, request: str
) -> tuple[Subscription, Tested | None]:
    """Change a subscription; another address, or being switched on, is tried first, and not answered leaves it off."""
    before = await find(site, who, id_)
    kept, brings = before.kept, list[Brought]()
    safe = await credentials.open_safe(site.store, site.vault, SERVICE)
    enabled = kept.enabled if asked.enabled is None else asked.enabled
    url = None
    if asked.url is not None:
        url = SecretStr(site.destinations.check(asked.url.get_secret_value()))
        address = safe.seal(address_field(id_), url)
        brings.append(address)
        kept = msgspec.structs.replace(kept, origin=_origin(url), fingerprint=address.fingerprint)
    called = None
    if enabled and (url is not None or not kept.enabled):
        called = await _try(site, before, url, request=request)
    after = msgspec.structs.replace(
        kept,
        version=kept.version + 1,
        name=kept.name if asked.name is None else asked.name,
        types=kept.types if asked.types is None else asked.types,
        enabled=enabled and (called is None or called.verdict == "taken"),
        reason=_reason(kept, asked, called),
    )
    await _note(site, who, "subscription.changed", after, *brings, request=request, called=called)
    return await find(site, who, id_), None if called is None else _tested(called)


async def try_out(site: Site, who: Who, id_: str, *, request: str) -> tuple[Subscription, Tested]:
    """Send a test message; one that is answered switches on what was switched off because of its address."""
    found = await find(site, who, id_)
    called = await _try(site, found, None, request=request)
    if called.verdict == "taken" and not found.kept.enabled and found.kept.reason:
        on = msgspec.structs.replace(found.kept, version=found.kept.version + 1, enabled=True, reason="")
        await _note(site, who, "subscription.changed", on, request=request, called=called)
        found = await find(site, who, id_)
    return found, _tested(called)


async def rotate(site: Site, who: Who, id_: str, *, hours: float, request: str) -> tuple[Subscription, SecretStr]:
    """Make another secret, shown this once; for some hours deliveries are signed with the former one, too."""
    kept = (await find(site, who, id_)).kept
    secret, now = new_secret(), site.now()
    safe = await credentials.open_safe(site.store, site.vault, SERVICE)
    sealed = safe.seal(_key_field(id_), secret)
    former = [msgspec.structs.replace(key, until=now + int(hours * _HOUR)) for key in kept.keys[:1] if hours]
    after = msgspec.structs.replace(
        kept, version=kept.version + 1, keys=(Key(sealed.field, sealed.fingerprint), *former)
    )
    gone = Erasure(tuple(key.field for key in kept.keys if key.field not in {each.field for each in former}))
    brings = (sealed, gone) if gone.fields else (sealed,)
    await _note(site, who, "subscription.rotated", after, *brings, request=request, shown="secret")
    return await find(site, who, id_), secret


async def end(site: Site, who: Who, id_: str, *, request: str) -> None:
    """End a subscription and erase its secrets; what waits is not sent any more."""
    kept = (await find(site, who, id_)).kept
    gone = Erasure((address_field(id_), *(key.field for key in kept.keys)))
    data = {"subscription": id_, "integration": kept.integration, "origin": kept.origin}
    brings = (EndedSubscription(id_), gone)
    _judge(await site.service_log.note("subscription.ended", data, *brings, actor=who.actor, request=request))


async def replay(site: Site, who: Who, id_: str, asked: ReplayAsked, *, request: str) -> tuple[int, ...]:
    """Send deliveries again, each under its own id; raises `ConflictError` when none of them has ended."""
    await find(site, who, id_)
    numbers = tuple(sorted(set(asked.sequences)))
    if not numbers:
        numbers = await site.store.read(partial(stored.dead, subscription=id_, most=_MOST_REPLAYED))
    data = {"subscription": id_, "sequences": list(numbers)}
    brings = ReplayedDeliveries(id_, numbers)
    _judge(await site.service_log.note("deliveries.replayed", data, brings, actor=who.actor, request=request))
    return numbers


async def _may_be_told(site: Site, who: Who, integration: str, request: str) -> None:
    if not integration and who.key.integrations:
        raise ForbiddenError("access.forbidden", "this key is for some integrations, and cannot subscribe to all")
    if integration and not who.key.sees(integration):
        await note_hidden(site, who, integration, method="POST", route="/api/subscriptions", request=request)
    if integration == SERVICE or (integration and not who.key.sees(integration)):
        raise NotFoundError("integration.unknown", "there is no such integration")
    if integration:
        await site.store.read(partial(find_integration, id=integration))


async def _try(site: Site, found: Subscription, url: SecretStr | None, *, request: str) -> Called:
    """Send a test message to the address that is stored, or to another one."""
    opened = await open_subscription(
        site.store, site.vault, site.service_log, found.kept, to="test_subscription", request=request
    )
    now = site.now()
    keys = opened.keys(found.kept, now)
    return await call_to_test(site.destinations, url or opened.address, keys, found.id, now=now)


async def _note(
    site: Site,
    who: Who,
    type_: str,
    kept: KeptSubscription,
    *brings: Brought,
    request: str,
    called: Called | None = None,
    shown: str = "",
) -> None:
    data = {
        "subscription": kept.id,
        "display_name": kept.name,
        "integration": kept.integration,
        "types": list(kept.types),
        "origin": kept.origin,
        "address": kept.fingerprint,
        "enabled": kept.enabled,
        "reason": kept.reason,
    }
    if called is not None:
        data["test"] = {"status": called.status, "code": called.problem, "milliseconds": called.milliseconds}
    if shown:
        data["shown"] = [shown]
    _judge(await site.service_log.note(type_, data, *brings, kept, actor=who.actor, request=request))


def _judge(outcome: Outcome) -> None:
    if outcome.accepted:
        return
    if outcome.reason == UNKNOWN:
        raise NotFoundError("subscription.unknown")
    codes = {
        TOO_MANY: "subscription.too_many",
        CHANGED: "subscription.changed",
        NOTHING_ENDED: "subscription.nothing_to_replay",
    }
    raise ConflictError(codes.get(outcome.reason, "event.refused"), outcome.reason)


def _reason(kept: KeptSubscription, asked: SubscriptionChanged, called: Called | None) -> str:
    """Answer the code of why it is off now; none when it is on, or when a person has just said so."""
    if called is not None:
        return called.problem
    return kept.reason if asked.enabled is None else ""


def _key_field(id_: str) -> str:
    return f"subscription.{id_}.key.{secrets.token_hex(6)}"


def _origin(url: SecretStr) -> str:
    return str(URL(url.get_secret_value()).origin())


def _tested(called: Called) -> Tested:
    return Tested(
        answered=called.verdict == "taken",
        status=called.status,
        problem=called.problem,
        detail=called.text,
        milliseconds=called.milliseconds,
    )
