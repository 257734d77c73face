"""One sync run: every object in its order, up to the source's own clock at the start.

A run that was interrupted, by a pause, a quota or a crash, goes on from where it was committed last; a run that has
ended is followed by the next, which reads from the watermark, and a little behind it for late commits.
"""

import asyncio
from functools import partial
from typing import Any

import msgspec

from syncline.core.brought import Brought, Document
from syncline.core.documents import MAPPING, OBJECT_SYNC, RUN, MappingDocument, ObjectSyncDocument, RunDocument
from syncline.core.outgoing import Shape
from syncline.effects.object_sync import ObjectSync, Run, numbers
from syncline.effects.parties import open_account
from syncline.effects.session import GrantSession, open_session
from syncline.effects.wanted_records import fetch_wanted
from syncline.effects.work import Work, told
from syncline.errors import GrantLostError, NotFoundError, RejectedError, ThrottledError
from syncline.store.log import row

#: What brings a run when nobody has told of a change.
_BRINGS = {"timer.cycle_due": "schedule", "sync.requested": "request"}


async def sync_records(work: Work) -> None:
    """Sync everything that changed since the last run, or everything there is."""
    try:
        await _sync(work)
    except GrantLostError:
        raise
    except ThrottledError as error:
        wait = {} if error.retry_after is None else {"retry_after": error.retry_after}
        await work.finish("sync.throttled", told(error) | wait)
    except RejectedError as error:
        await work.finish("sync.failed", told(error))


async def _sync(work: Work) -> None:
    documents = await work.read_documents()
    session = await open_session(work.tools, work.errand)
    run = Run(
        work,
        await _begin(work, session, documents.get(RUN)),
        session,
        await open_account(work.tools, work.errand),
        asyncio.Semaphore(work.tools.settings.target_concurrency),
    )
    ended: list[ObjectSyncDocument] = []
    brings: list[Brought] = []
    for shape in _shapes(work, documents[MAPPING]):
        sync = ObjectSync(run, shape, _resume(run, shape.object, documents.get(OBJECT_SYNC + shape.object)))
        if not sync.document.done:
            await sync.catch_up()
        ended.append(sync.document)
        brings += [Document(OBJECT_SYNC + shape.object, sync.document), sync.forgotten]
    fetched, served = await fetch_wanted(run, _shapes(work, documents[MAPPING]))
    brings += served
    last = msgspec.structs.replace(run.document, ended_at=work.tools.now())
    data: dict[str, Any] = {"run": last.number, "objects": {document.object: numbers(document) for document in ended}}
    data |= {"path": last.path} if last.path else {}
    data |= {"wanted": fetched} if served else {}
    await work.finish("sync.finished", data, Document(RUN, last), *brings)


async def _begin(work: Work, session: GrantSession, before: object) -> RunDocument:
    """Go on with the run that was interrupted, or start the next."""
    last = msgspec.convert(before, RunDocument) if before else None
    if last is not None and not last.ended_at:
        return last
    integration = await work.read_integration()
    return RunDocument(
        number=last.number + 1 if last is not None else 1,
        kind="cycle" if integration.context.initial_sync_done else "initial",
        started_at=work.tools.now(),
        until=await work.tools.providers.source.now(session),
        cause=f"seq:{work.effect.seq}",
        path=await _path(work),
    )


async def _path(work: Work) -> str:
    """Answer how the run was brought: as the change that it is for has come, or by which clock or whose wish."""
    try:
        found = await work.tools.store.read(partial(row, integration=work.effect.integration, seq=work.effect.seq))
    except NotFoundError:  # Old rows may have been let go meanwhile.
        return ""
    return found.row.context.changed_by or _BRINGS.get(found.row.type, "")


def _shapes(work: Work, mapping: object) -> list[Shape]:
    """Answer the objects of a run; one of which no field is mapped is left alone."""
    source, target = work.tools.providers.source, work.tools.providers.target
    objects = msgspec.convert(mapping, MappingDocument).objects
    return [
        Shape(name, source.id_field, source.stamp_field, objects[name], target.key_field.name)
        for name in source.objects
        if objects.get(name)
    ]


def _resume(run: Run, name: str, before: object) -> ObjectSyncDocument:
    """Answer where an object stands in this run: in the midst of it, or at the watermark of the one before."""
    last = msgspec.convert(before, ObjectSyncDocument) if before else ObjectSyncDocument(name, 0)
    if last.run == run.document.number:
        return last
    return ObjectSyncDocument(name, run.document.number, watermark=last.watermark)
