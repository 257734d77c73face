"""Rows as lines of JSON by HTTP POST: a batch is a body, and an answer of 2xx acknowledges all of it."""

from collections.abc import Sequence
from http import HTTPStatus

import aiohttp

import syncline
from syncline.errors import RejectedError, UnreachableError
from syncline.forwarding.carrier import BatchRefusedError
from syncline.forwarding.destination import Destination
from syncline.forwarding.message import Message
from syncline.wire import KIBIBYTE, Wire, WireError

#: What is read of an answer. Nothing in it matters but its status.
_LONGEST_ANSWER = 256 * KIBIBYTE
#: What is said of a body: of its size, its form, or what it means. Half of it may be taken.
_OF_THE_BODY = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class Post:
    """Posts batches to one destination, over connections that nothing else uses."""

    doubtful = False

    def __init__(self, destination: Destination) -> None:
        """Take where to; nothing is opened yet."""
        self._destination = destination
        self._http: aiohttp.ClientSession | None = None

    async def deliver(self, batch: Sequence[Message]) -> None:
        """Post a batch; raises `UnreachableError`, `RejectedError`, `BatchRefusedError` if less at a time may work."""
        token = self._destination.token()
        headers = {
            "Content-Type": "application/x-ndjson",
            "User-Agent": f"syncline/{syncline.__version__}",
            # The same rows may come again: by this a receiver can tell.
            "Syncline-Positions": f"{batch[0].position}-{batch[-1].position}",
        }
        if token is not None:
            headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        body = b"".join(message.body + b"\n" for message in batch)
        wire = Wire(self._session(), self._destination.timeout)
        try:
            reply = await wire.call("POST", self._destination.url, headers=headers, body=body, limit=_LONGEST_ANSWER)
        except WireError as error:
            await self.close()  # The next try reads the files again, for somebody may have put another one there.
            raise UnreachableError("forwarding.unreachable", str(error)) from None
        if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        text = f"answered {reply.status}"
        if reply.status in _OF_THE_BODY:
            raise BatchRefusedError("forwarding.refused", text)
        if reply.status in _PASSING or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnreachableError("forwarding.unreachable", text, retry_after=reply.retry_after())
        raise RejectedError("forwarding.refused", text)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=1, ssl=self._destination.trust()),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._http
