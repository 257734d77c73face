"""Read the fields of both sides and show what the field sync would do, before anything is made."""

from syncline.core.brought import Document
from syncline.core.documents import PREVIEW, PreviewDocument
from syncline.core.mapping import TargetSide, plan_fields
from syncline.effects.parties import open_account
from syncline.effects.session import open_session
from syncline.effects.work import Work, told
from syncline.errors import GrantLostError, RejectedError, ThrottledError


async def preview_fields(work: Work) -> None:
    """Compare the fields of both sides."""
    try:
        preview = await _compare(work)
    except GrantLostError:
        raise
    except (RejectedError, ThrottledError) as error:  # A day is too long to wait for somebody who looks on.
        await work.finish("preview.failed", told(error))
        return
    actions = [plan.action for plan in preview.fields]
    data = {action: actions.count(action) for action in ("exists", "create", "skip")}
    await work.finish("preview.ready", data, Document(PREVIEW, preview))


async def _compare(work: Work) -> PreviewDocument:
    source, target = work.tools.providers.source, work.tools.providers.target
    session = await open_session(work.tools, work.errand)
    account = await open_account(work.tools, work.errand)
    seen = [field for name in source.objects for field in await source.describe(session, name)]
    side = TargetSide(
        fields=await target.fields(account),
        standard=target.standard_fields,
        name_of=target.field_name,
        unfit=target.unfit,
        key=target.key_field.name,
        limit=target.field_limit,
    )
    return PreviewDocument(work.tools.now(), plan_fields(seen, side, id_field=source.id_field))
