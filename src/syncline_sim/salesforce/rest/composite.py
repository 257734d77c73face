"""Several calls in one: `/composite`, where later ones use the answers of earlier ones, and `/composite/batch`."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from multidict import CIMultiDict

from syncline_sim.salesforce import transactions
from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.gate import count_calls
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.rest import references
from syncline_sim.salesforce.rest.call import Answer, Call, Reply, Route, refusal, reply
from syncline_sim.salesforce.savepoints import Savepoint

Part = Mapping[str, Any]
#: What the answer to a part tells of its headers.
_TOLD = ("ETag", "Last-Modified", "Location")
#: Answers a call that is in another; raises `SalesforceError`.
Dispatch = Callable[[Call], Reply]

_MOST = 25
_MOST_OF_KIND = 5
#: Queries and collections; of these a composite call takes but five.
_COSTLY = re.compile(r"/(query|queryAll|composite/sobjects)\b.*")
_NAME = re.compile(r"[A-Za-z0-9]\w*", re.ASCII)
_URL = re.compile(r"(?:/services/data)?/?v(\d{2}\.0)(/.*)")


def routes(dispatch: Dispatch) -> tuple[Route, ...]:
    """Answer the two addresses; what is asked in a call is answered by `dispatch`."""
    return (("/composite", {"POST": _composite(dispatch)}), ("/composite/batch", {"POST": _batch(dispatch)}))


def _composite(dispatch: Dispatch) -> Answer:
    def answer(call: Call) -> Reply:
        document = call.document()
        together = document.get("allOrNone") is True
        parts = [_bound(part) if together else part for part in _parts(document, "compositeRequest")]
        _check_names(parts)
        _check_kinds(parts)
        answers: list[Reply] = []
        known: dict[str, Any] = {}
        # One transaction if all or none is written, otherwise each part is one of its own.
        transaction = transactions.of_rest(call.who.version, "", whole=together)
        with transactions.within(transaction), Savepoint(call.db) as savepoint:
            for part in parts:
                answers.append(_answered(call, part, known, dispatch))
                if not answers[-1].failed:
                    known[part["referenceId"]] = answers[-1].document
            if together and any(_failed(each) for each in answers):
                savepoint.undo()
                answers = [each if _failed(each) else refusal(_HALTED) for each in answers]
        return reply({"compositeResponse": [_entry(*pair) for pair in zip(parts, answers, strict=True)]})

    return answer


def _batch(dispatch: Dispatch) -> Answer:
    def answer(call: Call) -> Reply:
        document = call.document()
        halt = document.get("haltOnError") is True
        parts = _parts(document, "batchRequests")
        count_calls(call.who.world, call.who.login, len(parts) - 1)  # Here each part is a call of its own.
        answers: list[Reply] = []
        for part in parts:
            if halt and any(each.failed for each in answers):
                answers.append(refusal(_BATCH_HALTED))
            else:
                answers.append(_sent(call, part, part.get("richInput"), dispatch))
        results = [{"statusCode": each.status, "result": each.document} for each in answers]
        return reply({"hasErrors": any(each.failed for each in answers), "results": results})

    return answer


def _parts(document: Part, name: str) -> list[Part]:
    parts = document.get(name)
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise SalesforceError(400, "JSON_PARSER_ERROR", f"The request body has no list of {name}")
    if len(parts) > _MOST:
        raise SalesforceError(400, "LIMIT_EXCEEDED", f"The maximum number of subrequests allowed is {_MOST}")
    return parts


def _check_names(parts: list[Part]) -> None:
    seen = set()
    for part in parts:
        name = part.get("referenceId")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            message = (
                f"Provided referenceId ('{name or ''}') must start with a letter or a number, and it can contain only"
                " letters, numbers and underscores ('_')."
            )
            raise SalesforceError(400, "INVALID_INPUT", message)
        if name in seen:
            raise SalesforceError(400, "INVALID_INPUT", f"Duplicate referenceId provided in the request: {name}")
        seen.add(name)


def _check_kinds(parts: list[Part]) -> None:
    matches = (_URL.fullmatch(str(part.get("url", ""))) for part in parts)
    if sum(1 for match in matches if match and _COSTLY.fullmatch(match[2])) > _MOST_OF_KIND:
        message = f"The maximum number of query and collection subrequests allowed is {_MOST_OF_KIND}"
        raise SalesforceError(400, "LIMIT_EXCEEDED", message)


def _bound(part: Part) -> Part:
    """Bind the records of a collection to each other, as they are in a call whose parts are bound."""
    split = urlsplit(str(part.get("url") or ""))
    match = _URL.fullmatch(split.path)
    if match is None or not match[2].startswith("/composite/sobjects"):
        return part
    body = part.get("body")
    bound = {**body, "allOrNone": True} if isinstance(body, dict) else body
    query = f"{split.query}&allOrNone=true" if split.query else ""
    return {**part, "url": split._replace(query=query).geturl(), "body": bound}


def _failed(answered: Reply) -> bool:
    rows = answered.document
    return answered.failed or (
        isinstance(rows, list) and any(isinstance(row, dict) and row.get("success") is False for row in rows)
    )


def _answered(call: Call, part: Part, known: Mapping[str, Any], dispatch: Dispatch) -> Reply:
    try:
        url, body = references.filled(part.get("url"), known), references.filled(part.get("body"), known)
    except SalesforceError as error:
        return refusal(error)
    return _sent(call, {**part, "url": url}, body, dispatch)


def _sent(call: Call, part: Part, body: object, dispatch: Dispatch) -> Reply:
    try:
        inner = _inner(call, part, body)
        call.who.world.on_part(inner)
        return dispatch(inner)
    except SalesforceError as error:
        return refusal(error)


def _inner(call: Call, part: Part, body: object) -> Call:
    split = urlsplit(str(part.get("url") or ""))
    match = _URL.fullmatch(split.path)
    if match is None or split.netloc or _holds_others(match[2]):
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
    headers = part.get("httpHeaders")
    return Call(
        who=Caller(call.who.world, call.who.login, match[1], call.who.batch),
        method=str(part.get("method") or "GET").upper(),
        path=match[2],
        query=dict(parse_qsl(split.query, keep_blank_values=True)),
        headers=CIMultiDict(headers if isinstance(headers, dict) else {}),
        body=b"" if body is None else msgspec.json.encode(body),
        origin=call.origin,
    )


def _holds_others(path: str) -> bool:
    return path.startswith(("/composite", "/jobs")) and not path.startswith(("/composite/sobjects", "/composite/tree"))


def _entry(part: Part, answered: Reply) -> dict[str, Any]:
    return {
        "body": answered.document,
        "httpHeaders": {name: value for name, value in answered.headers.items() if name in _TOLD},
        "httpStatusCode": answered.status,
        "referenceId": part["referenceId"],
    }


_HALTED = SalesforceError(
    400,
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)
_BATCH_HALTED = SalesforceError(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")
