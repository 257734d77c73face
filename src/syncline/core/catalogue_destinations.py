"""The error catalogue, the part about those who are told: their addresses, how they answer, their subscriptions."""

from syncline.errors import Problem

_SHOWN_ORIGINS = "--allow-destinations"

DESTINATIONS: tuple[Problem, ...] = (
    Problem(
        "destination.malformed",
        "The address cannot be called.",
        "It is no http address, or there is a user name, a password or a space in it.",
        "Give an address such as https://hooks.example.com/syncline.",
        "admin",
    ),
    Problem(
        "destination.not_https",
        "The address is not safe: it has to begin with https.",
        "Whoever is on the way could read along and answer in its place.",
        f"Use https; an operator may allow an origin in the own network with {_SHOWN_ORIGINS}.",
        "admin",
    ),
    Problem(
        "destination.port",
        "The address has a port that is not called.",
        "Only 443 and 8443 are, so that nobody can knock at other services through here.",
        f"Use one of these; an operator may allow another with {_SHOWN_ORIGINS}.",
        "operator",
    ),
    Problem(
        "destination.private",
        "The address does not lead to the internet.",
        "It is, or its name leads to, an address of this machine, of a private network or of a cloud's own services.",
        f"Use a public address; an operator may allow an origin in the own network with {_SHOWN_ORIGINS}.",
        "operator",
    ),
    Problem(
        "destination.unreachable",
        "The address does not answer.",
        "Its name leads nowhere, nothing listens there, its certificate is not trusted, or it broke off.",
        "See to it that the endpoint runs; deliveries are tried again for three days.",
        "engineer",
        retryable=True,
    ),
    Problem(
        "destination.slow",
        "The address did not answer in time.",
        "The endpoint does its work before it answers.",
        "Answer with 2xx first, as soon as the message is stored, and do the work after that.",
        "engineer",
        retryable=True,
    ),
    Problem(
        "destination.refused",
        "The address did not answer with 2xx.",
        "The endpoint has refused the message, or failed with it.",
        "Look into its own log for the webhook-id; deliveries are tried again for three days.",
        "engineer",
        retryable=True,
    ),
    Problem(
        "destination.redirect",
        "The address sends the message on to another one.",
        "The endpoint has moved; redirects are not followed, since anybody could be at their end.",
        "Change the subscription to the address where the endpoint is now.",
        "admin",
        retryable=True,
    ),
    Problem(
        "destination.gone",
        "The endpoint says that it is gone for good.",
        "It has answered with 410, which asks never to be called again.",
        "End the subscription, or give it another address and switch it on.",
        "admin",
    ),
    Problem(
        "subscription.failing",
        "Nothing has arrived there for five days.",
        "Every try has failed since, so it was switched off.",
        "Repair the endpoint and switch the subscription on: it goes on where it was.",
        "engineer",
    ),
    Problem(
        "subscription.unknown",
        "There is no such subscription.",
        "It was ended, its id is misspelt, or your key is not for what it tells of.",
        "Take the id from the list of subscriptions.",
        "admin",
    ),
    Problem(
        "subscription.too_many",
        "There are too many subscriptions.",
        "Each has a sender of its own, so their number is limited to two hundred.",
        "End some that are not needed, or let one endpoint hand on what it gets.",
        "admin",
    ),
    Problem(
        "subscription.changed",
        "The subscription was changed by somebody else meanwhile.",
        "Two changes met, or it was switched off because of its endpoint.",
        "Look at it again, and repeat the change if it is still needed.",
        "admin",
        retryable=True,
    ),
    Problem(
        "subscription.nothing_to_replay",
        "There is nothing to be sent again.",
        "None of these deliveries has ended, or they were forgotten because of their age or size.",
        "Look at the list of deliveries; what waits is sent by itself.",
        "admin",
    ),
)
