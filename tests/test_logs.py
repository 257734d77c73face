"""Log lines: one JSON object each, and no secret whatever was passed."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from syncline.logs import STRUCK, configure
from tests.logged import logged

KEY = "syn_0a1b2c3d_abcdefghijklmnop234567_0a1b2c"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged in a test; afterwards logging is as it was."""
    with logged() as written:
        yield written


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Answer the lines, each read as JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_line_is_json_with_its_context(stream: io.StringIO) -> None:
    """Level, time, logger and whatever is bound to the request."""
    configure("info", "json", stream)
    structlog.contextvars.bind_contextvars(request_id="req_1")
    structlog.get_logger("syncline.web").info("request", route="/x", status=200)
    structlog.get_logger("syncline.web").debug("not shown")
    (line,) = lines(stream)
    assert (line["event"], line["request_id"], line["level"], line["status"]) == ("request", "req_1", "info", 200)


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize(
    ("fields", "canary"),
    [
        ({"access_token": "canary"}, "canary"),
        ({"deep": [{"client_secret": "canary"}]}, "canary"),
        ({"Authorization": "canary"}, "canary"),
        ({"url": "https://h.example/cb?code=canary&x=1"}, "canary"),
        ({"text": f"the key {KEY} is wrong"}, KEY),
        ({"text": "whsec_Y2FuYXJ5"}, "Y2FuYXJ5"),
        ({"text": "Bearer canarycanary"}, "canarycanary"),
        ({"text": "00D000000000001!AQcanarycanarycanary"}, "AQcanary"),
    ],
)
def test_secret_is_struck_out(stream: io.StringIO, style: str, fields: dict[str, Any], canary: str) -> None:
    """By its name or by its looks, at any depth."""
    configure("info", style, stream)
    structlog.get_logger().info("x", **fields)
    assert canary not in stream.getvalue()
    assert STRUCK in stream.getvalue()


@pytest.mark.parametrize("style", ["json", "console"])
def test_stack_has_no_local_variables(stream: io.StringIO, style: str) -> None:
    """Only where it happened and what was raised, struck through as well."""
    configure("info", style, stream)
    hidden = "canary" + "1"
    try:
        int(f"https://h.example/?code={hidden}")
    except ValueError:
        structlog.get_logger().exception("unexpected")
    assert "canary1" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


def test_what_goes_through_the_database_is_no_line(stream: io.StringIO) -> None:
    """Not even at the most talkative: its library would tell each operation with all that it is given."""
    configure("debug", "json", stream)
    logging.getLogger("aiosqlite").debug("executing %s", "canary")
    assert stream.getvalue() == ""


def test_logging_is_as_it_was_afterwards() -> None:
    """One test that is talkative must not make all later ones so."""
    with logged() as written:
        configure("debug", "json", written)
        assert logging.getLogger("some.other").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("some.other").isEnabledFor(logging.DEBUG)
    assert logging.getLogger("aiosqlite").level == logging.NOTSET


def test_lines_of_libraries_are_json_too(stream: io.StringIO) -> None:
    """And go through the same sieve; aiohttp's own access log, which has query strings, is off."""
    configure("info", "json", stream)
    logging.getLogger("some.library").warning("got %s", KEY)
    logging.getLogger("aiohttp.access").info("GET /cb?code=canary")
    (line,) = lines(stream)
    assert line["event"] == f"got {STRUCK}"
