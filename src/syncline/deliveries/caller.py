"""One signed call to the address of a subscription (Standard Webhooks), and what its answer means."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

import msgspec
from pydantic import SecretStr

import syncline
from syncline.core.announcement import TEST, moment_of
from syncline.destinations import CallError, Destinations

#: `taken`; `away`: nothing can be delivered there now; `refused`: this message is not taken; `gone`: never again.
Verdict = Literal["taken", "away", "refused", "gone"]

_SECOND = 1_000_000
#: Answers of an endpoint that is overloaded or not there, whatever it is sent.
_AWAY = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class Called(msgspec.Struct, frozen=True):
    """What came of a call."""

    verdict: Verdict
    status: int  #: HTTP, 0 when there was no answer
    problem: str  #: a code of the catalogue, empty when it was taken
    text: str  #: may be shown
    milliseconds: int
    retry_after: float | None = None


async def call(
    destinations: Destinations, url: SecretStr, keys: Sequence[bytes], name: str, body: bytes, *, now: int
) -> Called:
    """Sign a body with every key and send it under a name, which stays the same however often it is sent."""
    stamp = str(now // _SECOND)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"syncline/{syncline.__version__}",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(sign(key, name, stamp, body) for key in keys),
    }
    try:
        answer = await destinations.post(url.get_secret_value(), headers, body)
    except CallError as error:
        return Called("away", 0, error.code, error.text, 0)
    verdict, problem = judge(answer.status, told_to_wait=answer.retry_after is not None)
    return Called(verdict, answer.status, problem, f"answered {answer.status}", answer.milliseconds, answer.retry_after)


def judge(status: int, *, told_to_wait: bool) -> tuple[Verdict, str]:
    """Answer what a status means, and the code of what is wrong."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "taken", ""
    if status == HTTPStatus.GONE:
        return "gone", "destination.gone"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return "refused", "destination.redirect"
    return ("away" if status in _AWAY or told_to_wait else "refused"), "destination.refused"


def sign(key: bytes, name: str, stamp: str, body: bytes) -> str:
    """Answer a signature: `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`."""
    mac = hmac.digest(key, b"%b.%b.%b" % (name.encode(), stamp.encode(), body), hashlib.sha256)
    return f"v1,{base64.b64encode(mac).decode()}"


def key_of(secret: SecretStr) -> bytes:
    """Answer the key that a secret stands for."""
    return base64.b64decode(secret.get_secret_value().removeprefix("whsec_"))


def new_secret() -> SecretStr:
    """Make a secret of 256 random bits."""
    return SecretStr(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")


def message_id(subscription: str, sequence: int) -> str:
    """Answer the `webhook-id` of a delivery: the same at each try and each replay."""
    return f"msg_{subscription}_{sequence}"


async def call_to_test(
    destinations: Destinations, url: SecretStr, keys: Sequence[bytes], subscription: str, *, now: int
) -> Called:
    """Send the test message; it has to be answered by 2xx, which is all that it asks."""
    data = {"challenge": secrets.token_hex(16)}
    message = {"type": TEST, "timestamp": moment_of(now), "subscription": subscription, "data": data}
    name = f"msg_test_{secrets.token_hex(12)}"
    return await call(destinations, url, keys, name, msgspec.json.encode(message), now=now)
