"""Several calls in one, over HTTP."""

from typing import Any

import pytest

from syncline_sim.world import World
from tests.sim.salesforce.conftest import BASE, Api

Part = dict[str, Any]
PERSON = {"LastName": "N", "Company": "E"}


def part(name: str, url: str, method: str = "GET", body: object = None, **more: object) -> Part:
    """Answer a part of a composite call."""
    return {"method": method, "url": BASE + url, "referenceId": name, "body": body, **more}


async def answers(api: Api, *parts: Part, **more: object) -> list[Part]:
    """Send parts and answer what is said of each."""
    found = await api.send("POST", "/composite", json={"compositeRequest": parts, **more})
    assert found.status == 200, await found.text()
    answered: list[Part] = (await found.json())["compositeResponse"]
    assert [each["referenceId"] for each in answered] == [each["referenceId"] for each in parts]
    return answered


def seen(answered: list[Part]) -> list[tuple[int, str]]:
    """Answer status and code of each part."""
    return [
        (each["httpStatusCode"], each["body"][0]["errorCode"] if each["httpStatusCode"] >= 400 else "")
        for each in answered
    ]


async def test_references(api: Api) -> None:
    """References reach into lists and stand within texts and addresses."""
    found = await answers(
        api,
        part("made", "/sobjects/Lead", "POST", PERSON),
        part("all", "/query?q=SELECT+Id,Company+FROM+Lead"),
        part("changed", "/sobjects/Lead/@{all.records[0].Id}", "PATCH", {"Title": "of @{all.records[0].Company}"}),
        part("read", "/sobjects/Lead/@{made.id}?fields=Title"),
    )
    assert seen(found) == [(201, ""), (200, ""), (204, ""), (200, "")]
    assert (found[2]["body"], found[3]["body"]["Title"]) == (None, "of E")


async def test_failed_part(api: Api) -> None:
    """What refers to a part that has failed, or to nothing, is not done; the others are."""
    found = await answers(
        api,
        part("failed", "/sobjects/Lead", "POST", {}),
        part("after", "/sobjects/Lead/@{failed.id}"),
        part("nothing", "/sobjects/Lead/@{nobody.id}"),
        part("made", "/sobjects/Lead", "POST", PERSON),
    )
    halted = (400, "PROCESSING_HALTED")
    assert seen(found) == [(400, "REQUIRED_FIELD_MISSING"), halted, halted, (201, "")]
    assert found[1]["body"][0]["message"].endswith("No value for failed.id found in failed")


async def test_all_or_none(api: Api) -> None:
    """With allOrNone what was done is taken back, also by collections in it."""
    rows = {"records": [{"attributes": {"type": "Lead"}, **PERSON}]}
    found = await answers(
        api,
        part("list", "/composite/sobjects", "POST", rows),
        part("made", "/sobjects/Lead", "POST", PERSON),
        part("failed", "/sobjects/Nope", "POST", {}),
        allOrNone=True,
    )
    halted = (400, "PROCESSING_HALTED")
    assert seen(found) == [halted, halted, (404, "NOT_FOUND")]
    assert (await api.query("SELECT COUNT() FROM Lead"))["totalSize"] == 0


async def test_list_in_all_or_none(api: Api) -> None:
    """One record of a collection that fails takes everything back."""
    rows = {"records": [{"attributes": {"type": "Lead"}, **PERSON}, {"attributes": {"type": "Lead"}}]}
    made, listed = await answers(
        api,
        part("made", "/sobjects/Lead", "POST", PERSON),
        part("list", "/composite/sobjects", "POST", rows),
        allOrNone=True,
    )
    assert seen([made]) == [(400, "PROCESSING_HALTED")]
    codes = [row["errors"][0]["statusCode"] for row in listed["body"]]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert (await api.query("SELECT COUNT() FROM Lead"))["totalSize"] == 0
    kept = await answers(
        api, part("made", "/sobjects/Lead", "POST", PERSON), part("list", "/composite/sobjects", "POST", rows)
    )
    assert [row["success"] for row in kept[1]["body"]] == [True, False]
    assert (await api.query("SELECT COUNT() FROM Lead"))["totalSize"] == 2


async def test_headers(api: Api) -> None:
    """A part may have headers of its own, here one that makes an answer 304."""
    known = {"If-Modified-Since": "Mon, 01 Jun 2026 00:00:00 GMT"}
    found = await answers(api, part("known", "/sobjects/Lead/describe", httpHeaders=known))
    assert (found[0]["httpStatusCode"], found[0]["body"]) == (304, None)


async def test_not_in_another(api: Api) -> None:
    """Composite calls hold no others, nor anything that is not there."""
    found = await answers(
        api,
        part("inner", "/composite", "POST", {"compositeRequest": []}),
        part("batch", "/composite/batch", "POST", {"batchRequests": []}),
        {**part("outside", ""), "url": "https://example.com/services/data/v67.0/limits"},
        {**part("future", ""), "url": "/services/data/v99.0/limits"},
        part("method", "/limits", "DELETE"),
    )
    assert seen(found) == [*[(404, "NOT_FOUND")] * 4, (405, "METHOD_NOT_ALLOWED")]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([part(f"p{n}", "/limits") for n in range(26)], "LIMIT_EXCEEDED"),
        ([part(f"p{n}", "/query?q=SELECT+Id+FROM+Lead") for n in range(6)], "LIMIT_EXCEEDED"),
        ([part("same", "/limits"), part("same", "/limits")], "INVALID_INPUT"),
        ([part("not-allowed", "/limits")], "INVALID_INPUT"),
        ([], "JSON_PARSER_ERROR"),
        ([1], "JSON_PARSER_ERROR"),
    ],
)
async def test_refused(api: Api, parts: list[object], code: str) -> None:
    """25 parts, five queries, and names that are names and differ."""
    assert await api.refusal("POST", "/composite", json={"compositeRequest": parts}) == (400, code)


async def test_batch(world: World, api: Api) -> None:
    """Parts of a batch know nothing of each other; each is counted as a call."""
    parts: list[Part] = [
        {"method": "POST", "url": "v67.0/sobjects/Lead", "richInput": PERSON},
        {"method": "GET", "url": "/v66.0/sobjects/Nope/describe"},
        {"method": "GET", "url": "/services/data/v67.0/query?q=SELECT+COUNT()+FROM+Lead"},
    ]
    document = await (await api.send("POST", "/composite/batch", json={"batchRequests": parts})).json()
    assert document["hasErrors"]
    assert [result["statusCode"] for result in document["results"]] == [201, 404, 200]
    assert document["results"][2]["result"]["totalSize"] == 1
    halted = await api.send("POST", "/composite/batch", json={"batchRequests": parts, "haltOnError": True})
    results = (await halted.json())["results"]
    assert [result["statusCode"] for result in results] == [201, 404, 412]
    assert results[2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    assert (await api.send("GET", "/limits")).headers["Sforce-Limit-Info"] == "api-usage=7/100000"


async def test_batch_limit(api: Api) -> None:
    """A batch has at most 25 parts."""
    parts = [{"method": "GET", "url": "v67.0/limits"}] * 26
    assert await api.refusal("POST", "/composite/batch", json={"batchRequests": parts}) == (400, "LIMIT_EXCEEDED")
