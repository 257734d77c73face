"""One object of a sync run: read in order, written side by side, committed in order.

Law: the position moves only after the target has acknowledged everything up to it, and in the transaction that says
so. After a crash the pages behind the position are sent again; an upsert by the key field makes that harmless.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from syncline.core.brought import Document, SentRecords
from syncline.core.documents import OBJECT_SYNC, RUN, ObjectSyncDocument, RunDocument
from syncline.core.outgoing import Load, Shape, count, pack, remember
from syncline.effects.read_ahead import read_ahead
from syncline.effects.session import GrantSession
from syncline.effects.work import Work
from syncline.errors import ProviderError, SynclineError
from syncline.providers.port import Account, Page, Position, RowResult
from syncline.store.records import KnownRecords, known

#: Pages whose people are on their way at the same time.
_PAGES_IN_FLIGHT = 3
#: How long the target may take until a person whom it has just created is found by the next upsert.
_SETTLING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Run:
    """A sync run under way: whose it is and what it reads and writes with."""

    work: Work
    document: RunDocument
    session: GrantSession
    account: Account
    #: How many upserts run at the same time.
    lanes: asyncio.Semaphore


@dataclass(frozen=True, slots=True)
class _Flight:
    """A page on its way to the target."""

    page: Page
    load: Load
    known: KnownRecords
    answers: tuple[asyncio.Task[list[RowResult]], ...]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(id_ for id_, _ in self.load.origins)


class ObjectSync:
    """Brings one object up to the run's `until`."""

    def __init__(self, run: Run, shape: Shape, document: ObjectSyncDocument) -> None:
        """Take the object's document as it was committed last."""
        self._run = run
        self._shape = shape
        self._source = run.work.tools.providers.source
        self._look_back = run.work.tools.settings.look_back
        self._flights: deque[_Flight] = deque()
        self.document = document

    @property
    def forgotten(self) -> SentRecords:
        """What need not be remembered once this run has ended: the next one reads no further back."""
        return SentRecords(self._shape.object, (), forget_before=self._horizon)

    @property
    def _horizon(self) -> str:
        return self._source.earlier(self._run.document.until, self._look_back)

    async def catch_up(self) -> None:
        """Read and write until nothing is left; raises `ProviderError`, and `MovedOnError` when nobody wants it."""
        failure = None
        try:
            try:
                await self._stream()
            except ProviderError as error:
                failure = error
            # What is on its way counts, whatever stopped the reading.
            while self._flights:
                await self._land()
        except SynclineError:
            await self._let_settle()
            raise
        finally:
            await self._call_off()
        if failure is not None:
            raise failure
        self.document = msgspec.structs.replace(self.document, done=True, watermark=self._run.document.until)

    async def _stream(self) -> None:
        before = self.document
        pages = self._source.pages(
            self._run.session,
            self._shape.object,
            list(self._shape.mapping),
            after=Position(before.stamp, before.id),
            since=self._source.earlier(before.watermark, self._look_back),
            until=self._run.document.until,
        )
        async with aclosing(read_ahead(pages)) as ahead:
            async for page in ahead:
                await self._launch(page)
                while len(self._flights) >= _PAGES_IN_FLIGHT:
                    await self._land()

    async def _launch(self, page: Page) -> None:
        """Send a page on its way; two upserts of one person side by side could make two of them, so those queue."""
        seen = await self._look_up(page)
        load = pack(page.records, self._shape, seen.sent)
        ids = {id_ for id_, _ in load.origins}
        while any(ids & flight.ids for flight in self._flights):
            await self._land()
        size = self._run.work.tools.providers.target.batch_size
        batches = [load.people[start : start + size] for start in range(0, len(load.people), size)]
        answers = tuple(asyncio.create_task(self._upsert(batch)) for batch in batches)
        self._flights.append(_Flight(page, load, seen, answers))

    async def _look_up(self, page: Page) -> KnownRecords:
        if not self.document.watermark:
            return KnownRecords({}, frozenset())
        ids = [record[self._shape.id_field] for record in page.records]
        tools, integration = self._run.work.tools, self._run.work.effect.integration
        return await tools.store.read(partial(known, integration=integration, object=self._shape.object, ids=ids))

    async def _upsert(self, batch: tuple[Mapping[str, Any], ...]) -> list[RowResult]:
        async with self._run.lanes:
            await self._run.work.check_wanted()  # A pause stops the writing in the midst of a page.
            return await self._run.work.tools.providers.target.upsert(self._run.account, batch)

    async def _land(self) -> None:
        """Wait for the oldest page and commit it."""
        flight = self._flights[0]
        results = [result for answers in await asyncio.gather(*flight.answers) for result in answers]
        document = msgspec.structs.replace(
            count(self.document, flight.load, results),
            stamp=flight.page.position.stamp,
            id=flight.page.position.id,
            total=flight.page.total if flight.page.total is not None else self.document.total,
        )
        if flight.load.people:
            await self._commit(document, flight, results)
        # A page of which nothing had to be sent is committed with the next one, or with the end of the run.
        self.document = document
        self._flights.popleft()

    async def _commit(self, document: ObjectSyncDocument, flight: _Flight, results: list[RowResult]) -> None:
        sent, refused = remember(
            self._shape, flight.load, results, horizon=self._horizon, refused_before=flight.known.refused
        )
        await self._run.work.advance(
            "sync.progressed",
            numbers(document),
            Document(RUN, self._run.document),
            Document(OBJECT_SYNC + document.object, document),
            sent,
            refused,
            step=f"{document.object}:{document.read}",
        )

    async def _let_settle(self) -> None:
        """Let what was sent come to its end, and the target take it in, before another run sends the same people.

        Hanging up stops nothing over there, and two upserts of one person close together can make two of them.
        """
        answers = [answer for flight in self._flights for answer in flight.answers]
        if answers:
            await asyncio.gather(*answers, return_exceptions=True)
            await asyncio.sleep(_SETTLING_SECONDS)

    async def _call_off(self) -> None:
        answers = [answer for flight in self._flights for answer in flight.answers]
        for answer in answers:
            answer.cancel()
        await asyncio.gather(*answers, return_exceptions=True)


def numbers(document: ObjectSyncDocument) -> dict[str, Any]:
    """Answer what an event says of an object's progress."""
    names = ("object", "read", "total", "created", "updated", "unchanged", "refused")
    return {name: getattr(document, name) for name in names}
