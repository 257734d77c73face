"""Create the fields that the preview promised, the key field first; each can be tried again without harm."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from syncline.core.brought import Document
from syncline.core.documents import (
    FIELD_SYNC,
    MAPPING,
    PREVIEW,
    FieldPlan,
    FieldSyncDocument,
    MappingDocument,
    PreviewDocument,
)
from syncline.core.mapping import fields_to_create, first_mapping
from syncline.effects.parties import open_account
from syncline.effects.work import Work, told
from syncline.errors import RejectedError, ThrottledError
from syncline.providers.port import Account, Field, FieldResult
from syncline.store.log import row

#: Fields of one call, so that there is progress to be seen.
_BATCH = 10


async def sync_fields(work: Work) -> None:
    """Create the fields, then leave a mapping behind."""
    documents = await work.read_documents()
    preview = msgspec.convert(documents[PREVIEW], PreviewDocument)
    skip = await _unwanted(work)
    try:
        done = await _create(work, fields_to_create(preview, skip), documents.get(FIELD_SYNC))
    except (RejectedError, ThrottledError) as error:  # A day is too long to wait for somebody who looks on.
        await work.finish("field_sync.failed", told(error))
        return
    key = work.tools.providers.target.key_field.name
    mapping = MappingDocument(first_mapping(preview, skip, done.refused, key))
    data = {"created": len(done.created), "existed": len(done.existed), "refused": len(done.refused)}
    await work.finish("field_sync.finished", data, Document(FIELD_SYNC, done), Document(MAPPING, mapping))


async def _unwanted(work: Work) -> frozenset[str]:
    """Answer what the person who asked for the field sync left out."""
    asked = await work.tools.store.read(partial(row, integration=work.effect.integration, seq=work.effect.seq))
    return frozenset(asked.row.data.get("skip") or ())


async def _create(work: Work, plans: list[FieldPlan], before: object) -> FieldSyncDocument:
    target = work.tools.providers.target
    account = await open_account(work.tools, work.errand)
    fields = [target.key_field, *(_field(plan) for plan in plans if plan.target != target.key_field.name)]
    # What an earlier try created is there now, but it was still us who created it.
    ours = frozenset(msgspec.convert(before, FieldSyncDocument).created) if before else frozenset()
    document = FieldSyncDocument(total=len(fields), done=0)
    for start in range(0, len(fields), _BATCH):
        batch = fields[start : start + _BATCH]
        document = _add(document, await _create_batch(work, account, batch), ours)
        data: dict[str, Any] = {"done": document.done, "total": document.total}
        await work.advance("field_sync.progressed", data, Document(FIELD_SYNC, document), step=document.done)
    return document


async def _create_batch(work: Work, account: Account, batch: Sequence[Field]) -> list[FieldResult]:
    target = work.tools.providers.target
    results = await target.create_fields(account, batch)
    for result in results:
        if result.name == target.key_field.name and result.status == "refused":
            raise RejectedError("fields.key_refused", f"{result.name} could not be created: {result.reason}")
    return results


def _field(plan: FieldPlan) -> Field:
    return msgspec.convert(
        {"object": plan.object, "name": plan.target, "label": plan.label, "type": plan.type, "custom": True}, Field
    )


def _add(document: FieldSyncDocument, results: Sequence[FieldResult], ours: frozenset[str]) -> FieldSyncDocument:
    created = tuple(r.name for r in results if r.status == "created" or (r.status == "existed" and r.name in ours))
    return msgspec.structs.replace(
        document,
        done=document.done + len(results),
        created=(*document.created, *created),
        existed=(*document.existed, *(r.name for r in results if r.status == "existed" and r.name not in ours)),
        refused={**document.refused, **{r.name: r.reason for r in results if r.status == "refused"}},
    )
