"""The route table of the API: each route says what it takes, answers and needs, and OpenAPI 3.1 is written from it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Required, TypedDict, TypeVar, Unpack

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import JsonSchemaMode, models_json_schema

import syncline
from syncline.errors import InputError
from syncline.web import access
from syncline.web.access import Right, Who
from syncline.web.models import ProblemDocument
from syncline.web.problems import CONTENT_TYPE as PROBLEM_TYPE
from syncline.web.problems import request_id
from syncline.web.site import SITE, Site

Body = TypeVar("Body")
Query = TypeVar("Query")
Schemas = dict[tuple[Any, JsonSchemaMode], dict[str, Any]]
_REF = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Call(Generic[Body, Query]):
    """One request, read: what it asks for, who asks, and where."""

    request: web.Request
    site: Site
    asker: Who | None
    body: Body
    query: Query

    @property
    def who(self) -> Who:
        """Who asks; every route that needs a right has one."""
        if self.asker is None:
            raise RuntimeError("the route is open to everybody")
        return self.asker

    @property
    def request_id(self) -> str:
        """The id of the request."""
        return request_id(self.request)

    @property
    def idempotency_key(self) -> str:
        """The caller's Idempotency-Key, empty when there is none."""
        return self.request.headers.get("Idempotency-Key", "")

    def part(self, name: str) -> str:
        """Answer a variable part of the path."""
        return self.request.match_info[name]


Handler = Callable[[Call[Any, Any]], Awaitable[BaseModel | web.StreamResponse | None]]


@dataclass(frozen=True, slots=True)
class Route:
    """One entry of the route table; the first line of its handler's docstring is its summary."""

    method: str
    path: str
    handler: Handler
    right: Right | None
    answer: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = 200
    idempotent: bool = False
    #: Other media types that the same content may be asked for in; without an `answer`, the ones that there are.
    streams: tuple[str, ...] = ()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Check the right, read the request, call the handler, write the answer."""
        asker = access.require(request, self.right) if self.right else access.who(request)
        query = _read_query(request, self.query) if self.query else None
        body = await _read_body(request, self.body) if self.body else None
        answer = await self.handler(Call(request, request.app[SITE], asker, body, query))
        if isinstance(answer, web.StreamResponse):
            return answer
        return reply(answer, self.status)


class Traits(TypedDict, total=False):
    """What a route may say of itself; the fields of `Route`."""

    right: Required[Right | None]
    answer: type[BaseModel]
    body: type[BaseModel]
    query: type[BaseModel]
    status: int
    idempotent: bool
    streams: tuple[str, ...]


class Api:
    """The routes of the API or of a part of it, in the order in which they were declared."""

    def __init__(self, *parts: "Api") -> None:
        """Start with the routes of the parts that it is put together from."""
        self.routes: list[Route] = [route for part in parts for route in part.routes]

    def route(self, method: str, path: str, **traits: Unpack[Traits]) -> Callable[[Handler], Handler]:
        """Declare a route; `traits` are the fields of `Route`."""

        def declare(handler: Handler) -> Handler:
            self.routes.append(Route(method, path, handler, **traits))
            return handler

        return declare

    def add_routes(self, app: web.Application) -> None:
        """Add all routes to an application."""
        for route in self.routes:
            app.router.add_route(route.method, route.path, route.serve)

    def document(self, server: str) -> dict[str, Any]:
        """Write the OpenAPI 3.1 document."""
        asked = {m for r in self.routes for m in (r.body, r.query) if m is not None}
        answered = {r.answer for r in self.routes if r.answer is not None} | {ProblemDocument}
        wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in asked]
        wanted += [(model, "serialization") for model in answered]
        wanted.sort(key=lambda pair: pair[0].__name__)
        references, definitions = models_json_schema(wanted, ref_template=_REF)
        schemas: Schemas = dict(references)
        paths: dict[str, dict[str, Any]] = {}
        for route in self.routes:
            query = definitions["$defs"].get(route.query.__name__, {}) if route.query else {}
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas, query)
        for model in {r.query for r in self.routes if r.query is not None}:
            definitions["$defs"].pop(model.__name__, None)
        return {
            "openapi": "3.1.0",
            "info": {"title": "Syncline", "version": syncline.__version__, "license": {"name": "Apache-2.0"}},
            "servers": [{"url": server}],
            "security": [{"bearer": []}, {"session": []}],
            "paths": paths,
            "components": {
                "schemas": definitions["$defs"],
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-syncline"},
                },
            },
        }


def reply(answer: BaseModel | None, status: int) -> web.Response:
    """Answer a model as JSON; None has no body."""
    if answer is None:
        return web.Response(status=204)
    return web.Response(
        body=answer.model_dump_json(by_alias=True).encode(), status=status, content_type="application/json"
    )


async def _read_body(request: web.Request, model: type[BaseModel]) -> BaseModel:
    if request.content_type != "application/json" or hdrs.CONTENT_ENCODING in request.headers:
        raise InputError("request.media_type")
    body = await request.read()
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error) from None


def _read_query(request: web.Request, model: type[BaseModel]) -> BaseModel:
    query = request.query
    twice = next((name for name in query if len(query.getall(name)) > 1), None)
    if twice is not None:
        raise InputError("request.invalid", "a parameter came twice", facts={"field": twice})
    try:
        return model.model_validate(dict(query))
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> InputError:
    """Answer which fields are wrong and why, without repeating what was sent: it may be a secret."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    if any(fault["type"] == "json_invalid" for fault in faults):
        return InputError("request.malformed", "the body is not JSON")
    fields = [
        {
            "field": ".".join(str(part) for part in fault["loc"]),
            "message": "is none of the known types" if fault["type"].startswith("union_tag") else fault["msg"],
        }
        for fault in faults
    ]
    detail = f"{fields[0]['field'] or 'the body'}: {fields[0]['message']}"
    return InputError("request.invalid", detail, facts={"field": fields[0]["field"], "fields": fields})


def _operation(route: Route, schemas: Schemas, query: Mapping[str, Any]) -> dict[str, Any]:
    content = partial(_content, schemas)
    answer: dict[str, Any] = {"description": "Done."}
    known = content(route.answer, "serialization") if route.answer is not None else {}
    if known or route.streams:
        streams = {media: {"schema": {"type": "string"}} for media in route.streams}
        answer = {"description": "The answer.", "content": {**known, **streams}}
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": (route.handler.__doc__ or "").partition("\n")[0],
        "parameters": _parameters(route, query),
        "responses": {
            str(route.status if known or route.streams else 204): answer,
            "default": {
                "description": "A problem.",
                "content": content(ProblemDocument, "serialization", PROBLEM_TYPE),
            },
        },
    }
    if route.right is None:
        operation["security"] = []
    else:
        operation["description"] = f"Needs the right to {route.right}."
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": content(route.body, "validation")}
    return operation


def _content(
    schemas: Schemas,
    model: type[BaseModel],
    mode: JsonSchemaMode,
    media: str = "application/json",
) -> dict[str, Any]:
    return {media: {"schema": schemas[model, mode]}}


def _parameters(route: Route, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in query.get("properties", {}).items()
    ]
    if route.idempotent:
        schema = {"type": "string", "maxLength": 200}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema})
    return parameters
