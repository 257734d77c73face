"""Subjects of personal data in the log."""

from syncline.web.openapi import Api, Call
from syncline.web.subjects import Erased, ErasureAsked, Subjects, SubjectsAsked, erase, listing

PART = Api()


@PART.route("GET", "/api/audit/subjects", right="administer", query=SubjectsAsked, answer=Subjects)
async def list_subjects(call: Call[None, SubjectsAsked]) -> Subjects:
    """List whose personal data the log seals, and whose key was destroyed."""
    return await listing(call.site, call.query)


@PART.route("POST", "/api/audit/erasures", right="administer", body=ErasureAsked, answer=Erased)
async def erase_subject(call: Call[ErasureAsked, None]) -> Erased:
    """Destroy the key of a subject: what it sealed can never be read again, and every row still proves."""
    return await erase(call.site, call.who, call.body.subject, request=call.request_id)
