"""The doctor: who is connected, and can both sides do what the sync will ask of them?"""

import msgspec

from syncline.core.brought import Brought, Document
from syncline.core.documents import CHECKS, IDENTITY, CheckResult, ChecksDocument, IdentityDocument
from syncline.effects.parties import open_account
from syncline.effects.session import open_session
from syncline.effects.work import Work
from syncline.errors import GrantLostError, RejectedError
from syncline.providers.port import Check, Identity


async def run_checks(work: Work) -> None:
    """Ask who the grant belongs to and check both sides; an outage is no result and is tried again."""
    providers = work.tools.providers
    session = await open_session(work.tools, work.errand)
    checks: list[Check] = []
    identity = None
    try:
        identity = await providers.source.identify(session, session.identity_url)
        checks += await providers.source.check(session, identity)
    except GrantLostError:
        raise
    except RejectedError as error:
        checks.append(_failed(error))
    try:
        account = await open_account(work.tools, work.errand)
        checks += await providers.target.check(account)
    except RejectedError as error:
        checks.append(_failed(error))
    await _conclude(work, identity, checks)


def _failed(error: RejectedError) -> Check:
    """A refusal where only results were expected is a result too."""
    return Check(error.code, "failed", error.detail, error.code)


async def _conclude(work: Work, identity: Identity | None, checks: list[Check]) -> None:
    results = tuple(CheckResult(check.id, check.verdict, check.seen, check.problem or "") for check in checks)
    brings: list[Brought] = [Document(CHECKS, ChecksDocument(work.tools.now(), results))]
    if identity is not None:
        brings.append(Document(IDENTITY, msgspec.convert(identity, IdentityDocument, from_attributes=True)))
    failed = next((check for check in checks if check.verdict == "failed"), None)
    if failed is not None:
        data = {"problem": failed.problem or failed.id, "detail": failed.seen}
        await work.finish("checks.failed", data, *brings)
    elif identity is not None:
        data = {"org_id": identity.org_id, "user_id": identity.user_id, "username": identity.username}
        await work.finish("checks.passed", data, *brings)
