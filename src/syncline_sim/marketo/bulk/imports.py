"""The endpoints of bulk import, of people and of custom objects (pages "Bulk Lead Import" and "… Custom Object …")."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from aiohttp import web

from syncline_sim.marketo import fields, lists
from syncline_sim.marketo.bulk import intake, load
from syncline_sim.marketo.bulk.jobs import Job
from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.objects import custom_types

_Answer = dict[str, Any] | web.Response
_LEADS, _OBJECTS = "/bulk/v1/leads", "/bulk/v1/customobjects/{name:[^/]+}/import"
_WRITE_LEADS, _WRITE_OBJECTS = ("Read-Write Lead",), ("Read-Write Custom Object",)


def create_people(call: Call) -> _Answer:
    """Take a file of people."""
    return _first(intake.take(call, load.PEOPLE, partial(_wanted, call)), _people_head)


def create_objects(call: Call) -> _Answer:
    """Take a file of records of a kind of custom objects."""
    name = custom_types.find(call.world.db, call.path["name"]).kind().name
    return _first(intake.take(call, _object(call), lambda _: {"name": name}), _object_head)


def people_status(call: Call) -> _Answer:
    """Answer how far an import of people is."""
    job = intake.need(call, load.PEOPLE)
    return {"result": [{**_people_head(job), **intake.told(job, "numOfLeadsProcessed")}]}


def object_status(call: Call) -> _Answer:
    """Answer how far an import of custom objects is."""
    job = intake.need(call, _object(call))
    seconds = round((job.finished_at or 0) - (job.started_at or 0))
    time = {} if job.finished_at is None else {"importTime": f"{seconds} second(s)"}
    told = intake.told(job, "numOfObjectsProcessed")
    return {"result": [{**_object_head(job), "operation": "import", **time, **told}]}


def _wanted(call: Call, given: dict[str, str]) -> dict[str, Any]:
    lookup = given.get("lookupField", "email")
    field = fields.load(call.world.db).get(lookup)
    if field is None:
        raise VendorError("1006", lookup)
    if not field.searchable:
        raise VendorError("1011", lookup)
    if given.get("partitionName", "Default") != "Default":
        raise VendorError("1008", given["partitionName"])
    number = lists.need(call.world.db, given["listId"])["id"] if given.get("listId") else None
    return {"lookup": lookup, "list": number}


def _object(call: Call) -> str:
    return f"customobjects/{call.path['name']}"


def _first(job: Job | web.Response, head: Callable[[Job], dict[str, Any]]) -> _Answer:
    return job if isinstance(job, web.Response) else {"result": [head(job)]}


def _people_head(job: Job) -> dict[str, Any]:
    return {"batchId": job.id, "importId": job.key, "status": intake.WORDS[job.state]}


def _object_head(job: Job) -> dict[str, Any]:
    return {"batchId": job.id, "status": intake.WORDS[job.state], "objectApiName": job.request["name"]}


def _people_sheet(name: str, call: Call) -> _Answer:
    return intake.sheet(call, load.PEOPLE, name)


def _object_sheet(name: str, call: Call) -> _Answer:
    return intake.sheet(call, _object(call), name)


def _sheets(path: str, answer: Callable[[str, Call], _Answer], permissions: tuple[str, ...]) -> Iterator[Endpoint]:
    for name in (load.FAILURES, load.WARNINGS):
        yield Endpoint("GET", f"{path}/{name}.json", partial(answer, name), permissions)


_PEOPLE_JOB, _OBJECT_JOB = _LEADS + r"/batch/{id:\d+}", _OBJECTS + r"/{id:\d+}"
ENDPOINTS = (
    Endpoint("POST", f"{_LEADS}.json", create_people, _WRITE_LEADS, max_body=intake.MAX_BODY),
    Endpoint("GET", f"{_PEOPLE_JOB}.json", people_status, _WRITE_LEADS),
    *_sheets(_PEOPLE_JOB, _people_sheet, _WRITE_LEADS),
    Endpoint("POST", f"{_OBJECTS}.json", create_objects, _WRITE_OBJECTS, max_body=intake.MAX_BODY),
    Endpoint("GET", f"{_OBJECT_JOB}/status.json", object_status, _WRITE_OBJECTS),
    *_sheets(_OBJECT_JOB, _object_sheet, _WRITE_OBJECTS),
)
