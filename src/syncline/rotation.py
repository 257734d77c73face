"""Rotation of the master key, while the service runs: every data key is wrapped again, by the key that is current now.

Law: a key is in its place for good before anything is wrapped by it, and a data key is exchanged by an event, so that
the log of each integration says it and a crash at any moment leaves every data key under one key of the ring. What is
left over is taken up at the next start. The keys of subjects are data keys as well; many of them share an event.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
import structlog

from syncline.core.brought import DataKey, Document, RewrappedKey, RewrappedSubject, RewrappedSubjects
from syncline.core.documents import MASTER_KEY
from syncline.core.event import SERVICE, Actor, Event
from syncline.errors import ConfigurationError, SynclineError, UnavailableError
from syncline.key_ring import KeyProvider
from syncline.store.record import Outcome
from syncline.store.secrets import data_keys_but, wrapped_by
from syncline.store.subjects import subject_keys_but, subjects_wrapped_by
from syncline.store.transaction import Store
from syncline.vault import Vault

Handle = Callable[[Event], Awaitable[Outcome]]

#: Exchanged at the same time: they share a commit.
_TOGETHER = 128
_SUBJECTS_TOGETHER = 512
_ACTOR = Actor("service", "rotation", "schedule")
_log = structlog.get_logger()


class Progress(msgspec.Struct, frozen=True):
    """Where a rotation stands."""

    current: str
    #: The data keys by the master key that wraps them; every key of the ring is in it.
    wrapped: dict[str, int]
    #: The same of the keys of subjects.
    subjects: dict[str, int]
    running: bool

    @property
    def left(self) -> int:
        """How many keys of both kinds another key than the current one wraps."""
        both = Counter(self.wrapped) + Counter(self.subjects)
        return both.total() - both[self.current]


class Rotation:
    """Rotates when asked, and finishes at the start what was left over."""

    def __init__(
        self, store: Store, handle: Handle, vault: Vault, provider: KeyProvider, now: Callable[[], int]
    ) -> None:
        """Take what it reads from and writes to; nothing runs yet."""
        self._store, self._handle, self._vault, self._provider, self._now = store, handle, vault, provider, now
        self._renewing = asyncio.Lock()
        self._running: asyncio.Task[None] | None = None
        #: Data keys that no key of the ring opens, as the last run has found: they hold up no further rotation.
        self._stuck = 0

    async def progress(self) -> Progress:
        """Say how far it has come."""
        of_integrations, of_subjects = await self._store.read(lambda tx: (wrapped_by(tx), subjects_wrapped_by(tx)))
        ring = self._vault.ring
        return Progress(
            ring.current,
            {key: of_integrations.get(key, 0) for key in ring.keys},
            {key: of_subjects.get(key, 0) for key in ring.keys},
            self._is_running(),
        )

    async def begin(self, actor: Actor, *, request: str = "") -> Progress:
        """Change to a new master key and start wrapping; raises `ConfigurationError` when there is no new key.

        While data keys are left from a rotation before, that one goes on and no further key is made.
        """
        async with self._renewing:
            if (await self.progress()).left <= self._stuck and not self._is_running():
                before = self._vault.ring.current
                self._vault.use(await asyncio.to_thread(self._provider.renew, self._vault.ring))
                _log.info("master_key_changed", current=self._vault.ring.current, asked_by=actor.id)
                await self._note(actor, before, request)
            self.resume(actor.id, request=request)
        return await self.progress()

    def resume(self, who: str = "", *, request: str = "") -> None:
        """Wrap what is left over, in the background."""
        if not self._is_running():
            self._running = asyncio.create_task(self._run(who, request))

    async def wait(self) -> None:
        """Wait until nothing runs."""
        if self._running is not None:
            await asyncio.wait({self._running})

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        if self._running is not None:
            self._running.cancel()
            await self.wait()

    def _is_running(self) -> bool:
        return self._running is not None and not self._running.done()

    async def _note(self, actor: Actor, before: str, request: str) -> None:
        """Put the change on the log of the service; if that fails, the next start does."""
        current = self._vault.ring.current
        brings = (Document(MASTER_KEY, {"current": current}),)
        data = {"from": before, "to": current}
        name = f"master_key:{before}:{current}"
        event = Event(SERVICE, "master_key.changed", name, actor, self._now(), data, request=request, brings=brings)
        await self._handle(event)

    async def _run(self, who: str, request: str) -> None:
        try:
            await self._wrap_all(who, request)
        except Exception as error:  # noqa: BLE001  whatever it is, the service goes on, and the next start tries again
            _log.error("rotation_failed", error=type(error).__name__)

    async def _wrap_all(self, who: str, request: str) -> None:
        after, done, current, self._stuck = "", 0, self._vault.ring.current, 0
        while found := await self._store.read(partial(data_keys_but, key_id=current, after=after, most=_TOGETHER)):
            wrapped = await asyncio.gather(*(self._wrap(integration, key, who, request) for integration, key in found))
            after, done = found[-1][0], done + sum(wrapped)
        after = ""
        while of := await self._store.read(
            partial(subject_keys_but, key_id=current, after=after, most=_SUBJECTS_TOGETHER)
        ):
            after, done = of[-1][0], done + await self._wrap_subjects(of, who, request)
        if done:
            _log.info("data_keys_rewrapped", current=current, count=done, left=(await self.progress()).left)

    async def _wrap(self, integration: str, key: DataKey, who: str, request: str) -> bool:
        """Exchange one data key; one that cannot be is left as it is, and the log of the service says so."""
        try:
            fresh = self._vault.rewrap(integration, key)
            data = {"from": key.key_id, "to": fresh.key_id, **({"asked_by": who} if who else {})}
            name = f"data_key:{key.key_id}:{fresh.key_id}"
            event = Event(
                integration,
                "data_key.rewrapped",
                name,
                _ACTOR,
                self._now(),
                data,
                request=request,
                brings=(RewrappedKey(fresh, key),),
            )
            return (await self._handle(event)).accepted
        except (ConfigurationError, UnavailableError) as error:
            self._stuck += isinstance(error, ConfigurationError)
            _tell(integration, error)
            return False

    async def _wrap_subjects(self, found: list[tuple[str, DataKey]], who: str, request: str) -> int:
        """Exchange keys of subjects, by one event on the log of the service; answers how many."""
        wrapped = []
        for id_, key in found:
            try:
                wrapped.append(RewrappedSubject(id_, self._vault.rewrap(id_, key), key))
            except ConfigurationError as error:
                self._stuck += 1
                _tell(id_, error)
        if not wrapped:
            return 0
        data = {"to": self._vault.ring.current, "subjects": len(wrapped), **({"asked_by": who} if who else {})}
        event = Event(
            SERVICE,
            "data_key.rewrapped",
            f"subject_keys:{secrets.token_hex(8)}",
            _ACTOR,
            self._now(),
            data,
            request=request,
            brings=(RewrappedSubjects(tuple(wrapped)),),
        )
        return len(wrapped) if (await self._handle(event)).accepted else 0


def _tell(owner: str, error: SynclineError) -> None:
    _log.error("data_key_not_rewrapped", owner=owner, code=error.code, detail=error.detail)
