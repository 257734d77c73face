"""Subscriptions: who is told of what happens, and what became of each delivery."""

from functools import partial

from syncline.deliveries.caller import message_id
from syncline.store.deliveries import page
from syncline.web import subscriptions
from syncline.web.openapi import Api, Call
from syncline.web.subscription_models import (
    DeliveriesAsked,
    DeliveryPage,
    DeliveryView,
    NewSecret,
    NewSubscription,
    ReplayAsked,
    Replaying,
    SecretAsked,
    SubscriptionAsked,
    SubscriptionChanged,
    Subscriptions,
    SubscriptionView,
    TestedSubscription,
    made,
    tested,
    with_secret,
)

PART = Api()
_ONE = "/api/subscriptions/{id}"


@PART.route("GET", "/api/subscriptions", right="read", answer=Subscriptions)
async def list_subscriptions(call: Call[None, None]) -> Subscriptions:
    """List the subscriptions and how each is doing."""
    found = await subscriptions.visible(call.site, call.who)
    return Subscriptions(items=tuple(map(SubscriptionView.of, found)))


@PART.route("POST", "/api/subscriptions", right="command", body=SubscriptionAsked, answer=NewSubscription, status=201)
async def create_subscription(call: Call[SubscriptionAsked, None]) -> NewSubscription:
    """Try an address and make a subscription; its secret is shown this once."""
    return made(*await subscriptions.create(call.site, call.who, call.body, request=call.request_id))


@PART.route("GET", _ONE, right="read", answer=SubscriptionView)
async def show_subscription(call: Call[None, None]) -> SubscriptionView:
    """Answer one subscription and how it is doing."""
    return SubscriptionView.of(await subscriptions.find(call.site, call.who, call.part("id")))


@PART.route("PATCH", _ONE, right="command", body=SubscriptionChanged, answer=TestedSubscription)
async def change_subscription(call: Call[SubscriptionChanged, None]) -> TestedSubscription:
    """Change a subscription, switch it off, or on once its address has answered a test."""
    id_, request = call.part("id"), call.request_id
    return tested(*await subscriptions.change(call.site, call.who, id_, call.body, request=request))


@PART.route("DELETE", _ONE, right="command")
async def end_subscription(call: Call[None, None]) -> None:
    """End a subscription; its secrets are erased, and what waits is not sent any more."""
    await subscriptions.end(call.site, call.who, call.part("id"), request=call.request_id)


@PART.route("POST", f"{_ONE}/test", right="command", answer=TestedSubscription)
async def test_subscription(call: Call[None, None]) -> TestedSubscription:
    """Send a test message; when it is answered, what was switched off because of its address is on again."""
    return tested(*await subscriptions.try_out(call.site, call.who, call.part("id"), request=call.request_id))


@PART.route("POST", f"{_ONE}/secret", right="command", body=SecretAsked, answer=NewSecret, status=201)
async def rotate_subscription(call: Call[SecretAsked, None]) -> NewSecret:
    """Make another secret, which is shown this once; for some hours both sign."""
    hours, id_ = call.body.overlap_hours, call.part("id")
    return with_secret(*await subscriptions.rotate(call.site, call.who, id_, hours=hours, request=call.request_id))


@PART.route("GET", f"{_ONE}/deliveries", right="read", query=DeliveriesAsked, answer=DeliveryPage)
async def list_deliveries(call: Call[None, DeliveriesAsked]) -> DeliveryPage:
    """List the deliveries of a subscription with every try, the newest first."""
    id_, asked = call.part("id"), call.query
    await subscriptions.find(call.site, call.who, id_)
    wanted = partial(page, subscription=id_, status=asked.status, before=asked.before or 2**62, most=asked.limit + 1)
    found = await call.site.store.read(wanted)
    items = tuple(DeliveryView.of(each, message_id(id_, each.sequence)) for each in found[: asked.limit])
    return DeliveryPage(items=items, next=items[-1].sequence if len(found) > asked.limit else None)


@PART.route("POST", f"{_ONE}/replay", right="command", body=ReplayAsked, answer=Replaying)
async def replay_deliveries(call: Call[ReplayAsked, None]) -> Replaying:
    """Send deliveries again, each under its own id; without numbers, those that were given up."""
    id_, request = call.part("id"), call.request_id
    return Replaying(sequences=await subscriptions.replay(call.site, call.who, id_, call.body, request=request))
