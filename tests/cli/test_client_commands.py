"""Commands that speak to the service: what they send, what they show, and how they end when it does not work."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.service import KEY, Service, run

ROW = {
    "integration": "in_1",
    "seq": 1,
    "at": 1_795_000_000_000_000,
    "type": "integration.created",
    "disposition": "transitioned",
    "from": "",
    "to": "unconfigured",
    "actor": {"kind": "person", "id": "k1"},
    "reason": "",
}


@pytest.fixture
def service() -> Iterator[Service]:
    """Start a service."""
    started = Service()
    yield started
    started.stop()


def test_the_command_is_awaited_and_sends_the_key(service: Service) -> None:
    """An asynchronous command really runs: the service is asked, with the key as a bearer token."""
    service.answers["/api/integrations"] = (200, {"items": [], "next": None})
    code, text, _ = run(service.url, "status")
    assert (code, text.strip()) == (0, "no integrations")
    [(method, path, headers, _)] = service.asked
    assert (method, path, headers["Authorization"]) == ("GET", "/api/integrations?limit=200", f"Bearer {KEY}")


def test_fields_of_an_event_come_from_the_line_from_files_and_from_standard_input(
    service: Service, tmp_path: Path
) -> None:
    """A secret need not stand on a command line; each sending has a key of its own."""
    answer = {"outcome": {"seq": 3, "disposition": "transitioned", "from": "a", "to": "b"}, "authorize_url": None}
    service.answers["/api/integrations/in_1/events"] = (200, answer)
    (tmp_path / "key").write_text("the key\n")
    send = ("events", "send", "in_1", "credentials.saved")
    flags = ("--data", f"consumer_key=@{tmp_path / 'key'}", "--data", "consumer_secret=@-", "--data", "a=b=c")
    code, text, errors = run(service.url, *send, *flags, typed="the secret\n")
    assert code == 0, errors
    assert "a → b" in text
    [(_, _, headers, body)] = service.asked
    assert body == {"type": "credentials.saved", "consumer_key": "the key", "consumer_secret": "the secret", "a": "b=c"}
    assert len(headers["Idempotency-Key"]) == 32


def test_a_whole_body_comes_from_a_file(service: Service, tmp_path: Path) -> None:
    """`--data @FILE` reads a JSON object; anything else is wrong usage."""
    service.answers["/api/integrations/in_1/events"] = (200, {"outcome": {}, "status": {}})
    body = tmp_path / "body.json"
    body.write_text('{"objects": {"Lead": {"Email": "email"}}}')
    send = ("events", "send", "in_1", "mapping.saved", "--json", "--data")
    assert run(service.url, *send, f"@{body}")[0] == 0
    assert service.asked[0][3] == {"type": "mapping.saved", "objects": {"Lead": {"Email": "email"}}}
    body.write_text("[1]")
    assert run(service.url, *send, f"@{body}")[0] == 2
    assert run(service.url, *send, "@nowhere.json")[0] == 2
    assert run(service.url, *send, "neither")[0] == 2


def test_a_refusal_ends_with_1_and_the_catalogue_s_own_words(service: Service) -> None:
    """What is shown is the code, what happened, and the remedy; `--json` gives the problem document."""
    problem = {"code": "event.refused", "detail": "not now", "remedy": "Wait.", "status": 409}
    service.answers["/api/integrations/in_1/events"] = (409, problem)
    code, _, errors = run(service.url, "events", "send", "in_1", "sync.requested")
    assert code == 1
    assert "event.refused — not now — Wait." in errors
    code, text, _ = run(service.url, "events", "send", "in_1", "sync.requested", "--json")
    assert (code, json.loads(text)) == (1, problem)


def test_a_service_that_does_not_answer_ends_with_3() -> None:
    """Nobody listens: exit code 3 and the address, for people and for programs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: a connection is refused.
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, text, errors = run(url, "status", "--json")
    assert code == 3
    assert url in errors
    assert url in json.loads(text)["detail"]


def test_without_a_key_it_is_wrong_usage(service: Service) -> None:
    """Exit code 2, and nothing was asked."""
    code, _, errors = run(service.url, "status", key="")
    assert code == 2
    assert "SYNCLINE_KEY" in errors
    assert service.asked == []


def test_an_answer_that_is_not_json_is_no_traceback(service: Service) -> None:
    """Something else listens at the address."""
    service.answers["/api/integrations"] = (200, b"<html>")
    code, _, errors = run(service.url, "status")
    assert code == 1
    assert "not JSON" in errors


def test_a_new_key_is_shown_and_nothing_else_secret_ever(service: Service) -> None:
    """The one secret that a command prints is the key it has just made."""
    made = {"id": "k2", "name": "night", "role": "operator", "key": "syn_k2_new_123456"}
    service.answers["/api/keys"] = (201, made)
    code, text, errors = run(service.url, "keys", "create", "night", "--role", "operator")
    assert code == 0
    assert "syn_k2_new_123456" in text
    assert KEY not in text + errors
    assert service.asked[0][3] == {"name": "night", "role": "operator", "integrations": []}
    run(service.url, "keys", "create", "n", "--integration", "in_1", "--integration", "in_2")
    assert service.asked[1][3] == {"name": "n", "role": "viewer", "integrations": ["in_1", "in_2"]}


def test_a_key_is_revoked(service: Service) -> None:
    """An answer without a body is an answer."""
    service.answers["/api/keys/k2"] = (204, b"")
    code, text, _ = run(service.url, "keys", "revoke", "k2")
    assert code == 0
    assert "k2 is revoked" in text
    assert service.asked[0][0] == "DELETE"


def test_the_log_is_listed_with_its_filters(service: Service) -> None:
    """`audit list` passes filters on and shows rows as they come."""
    service.answers["/api/integrations/in_1/audit"] = (200, {"items": [ROW], "next": None})
    code, text, _ = run(service.url, "audit", "list", "in_1", "--disposition", "transitioned")
    assert code == 0
    assert "integration.created" in text
    assert "disposition=transitioned" in service.asked[0][1]


def test_an_export_goes_to_a_file_that_did_not_exist(service: Service, tmp_path: Path) -> None:
    """Bytes are written as they come; a file that is there already is not touched."""
    service.answers["/api/audit"] = (200, b'{"row":1}\n{"row":2}\n')
    target = tmp_path / "out.ndjson"
    assert run(service.url, "audit", "export", "--output", str(target))[0] == 0
    assert target.read_bytes() == b'{"row":1}\n{"row":2}\n'
    assert run(service.url, "audit", "export", "--output", str(target))[0] == 1


def test_a_verification_of_nothing_is_no_success(tmp_path: Path) -> None:
    """Without a database there is nothing proved: exit code 1."""
    code, text, _ = run("", "audit", "verify", "--data", str(tmp_path), "--json")
    assert (code, json.loads(text)["code"]) == (1, "store.missing")


def test_no_coroutine_is_left_unawaited() -> None:
    """Typer calls a command and never awaits it; every command is wrapped, so Python has nothing to warn of."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "syncline", "keys", "list", "--key", KEY, "--url", "http://127.0.0.1:1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "never awaited" not in done.stderr


def ring(left: int, *, rotating: bool) -> dict[str, Any]:
    """Answer where a rotation stands, as the service says it."""
    items = [
        {"id": "mk_1", "data_keys": left, "subject_keys": 0},
        {"id": "mk_2", "data_keys": 2 - left, "subject_keys": 1},
    ]
    return {"current": "mk_2", "rotating": rotating, "left": left, "items": items}


def test_a_rotation_is_watched_to_its_end(service: Service) -> None:
    """It is asked for once, then looked at until nothing runs any more."""
    service.answers["/api/master-keys/rotation"] = (202, ring(2, rotating=True))
    service.answers["/api/master-keys"] = (200, ring(0, rotating=False))
    code, out, err = run(service.url, "keys", "rotate")
    assert (code, out.strip()) == (0, "All 3 keys are wrapped by mk_2.")
    assert "3/3" in err
    assert [asked[:2] for asked in service.asked] == [
        ("POST", "/api/master-keys/rotation"),
        ("GET", "/api/master-keys"),
    ]
    code, out, err = run(service.url, "keys", "rotate", "--json")
    assert (code, json.loads(out), err) == (0, ring(0, rotating=False), "")


def test_a_rotation_that_left_something_is_a_failure(service: Service) -> None:
    """A script must not take it for done."""
    service.answers["/api/master-keys/rotation"] = (202, ring(1, rotating=False))
    code, _, err = run(service.url, "keys", "rotate")
    assert code == 1
    assert "1 keys were not wrapped again" in err
