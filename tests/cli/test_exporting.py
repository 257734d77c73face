"""`syncline audit export` and `forwarding`: what they ask for, and that what is not whole does not look whole."""

import json
import socketserver
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from syncline.cli import app

ROWS = b'{"position":1}\n{"position":2}\n'
ITEM = {
    "name": "siem",
    "kind": "https",
    "format": "ocsf",
    "reveal": False,
    "acknowledged": 41,
    "acknowledged_at": 1_795_000_000_000_000,
    "waiting_rows": 7,
    "lag_seconds": 61.7,
    "delivered": 41,
    "failures": 3,
    "trouble": {
        "code": "forwarding.unreachable",
        "detail": "answered 503",
        "since": 1_795_000_000_000_000,
        "attempts": 3,
        "again_at": 1_795_000_060_000_000,
    },
}


class Service:
    """A service that answers in pieces, with an end mark or without one."""

    def __init__(self) -> None:
        """Answer with rows, whole."""
        self.asked: list[str] = []
        self.whole = True
        self.status, self.body = HTTPStatus.OK, ROWS
        service = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                service.asked.append(self.rfile.readline().decode().split()[1])
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(f"HTTP/1.1 {service.status.value} X\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
                self.wfile.write(b"%x\r\n%b\r\n" % (len(service.body), service.body))
                self.wfile.write(b"0\r\n\r\n" if service.whole else b"")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def query(self) -> dict[str, list[str]]:
        """What was asked for last."""
        return parse_qs(urlsplit(self.asked[-1]).query)


@pytest.fixture
def service() -> Iterator[Service]:
    """A service on a port of its own."""
    made = Service()
    yield made
    made.stop()


def run(service: Service, *arguments: str) -> Result:
    """Run a command as somebody with a key."""
    environment = {"SYNCLINE_URL": service.url, "SYNCLINE_KEY": "syn_1_secret_abc", "COLUMNS": "200"}
    return CliRunner().invoke(app, ["audit", *arguments], env=environment)


def test_file_gets_its_name_when_it_is_whole(service: Service, tmp_path: Path) -> None:
    """And says how large it is."""
    target = tmp_path / "out.ndjson"
    done = run(service, "export", "--output", str(target), "--json")
    assert (done.exit_code, target.read_bytes()) == (0, ROWS)
    assert json.loads(done.stdout) == {"file": str(target), "bytes": len(ROWS)}
    assert [path.name for path in tmp_path.iterdir()] == ["out.ndjson"]
    assert run(service, "export", "--output", str(target)).exit_code == 1
    assert target.read_bytes() == ROWS


@pytest.mark.parametrize("form", ["ndjson", "csv", "ocsf"])
def test_what_breaks_off_keeps_its_ending_and_fails(service: Service, tmp_path: Path, form: str) -> None:
    """Nobody takes it for the log; what came is there to be looked at."""
    service.whole = False
    target = tmp_path / "out"
    done = run(service, "export", "--format", form, "--output", str(target))
    assert done.exit_code == 1
    assert "broke off" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out.part"]
    assert (tmp_path / "out.part").read_bytes() == ROWS
    done = run(service, "export", "--format", form)
    assert (done.exit_code, done.stdout_bytes) == (1, b"")


def test_filters_are_passed_on(service: Service, tmp_path: Path) -> None:
    """Those that were given, and no others."""
    flags = ("--type", "a.b", "--since", "2026-01-01", "--until", "9", "--actor", "ak_1", "--request", "req_1")
    output = ("--output", str(tmp_path / "out"))
    assert run(service, "export", "in_1", "--format", "ocsf", *output, *flags, "--text", "two words").exit_code == 0
    assert urlsplit(service.asked[-1]).path == "/api/integrations/in_1/audit"
    assert service.query() == {
        "format": ["ocsf"],
        "type": ["a.b"],
        "since": ["2026-01-01"],
        "until": ["9"],
        "actor": ["ak_1"],
        "request": ["req_1"],
        "text": ["two words"],
    }


def test_a_pack_is_asked_for_and_gets_its_name_when_it_is_whole(service: Service, tmp_path: Path) -> None:
    """Of everything or of one; what is sealed only when that is said."""
    output = tmp_path / "pack.zip"
    assert run(service, "pack", "--output", str(output)).exit_code == 0
    assert (urlsplit(service.asked[-1]).path, service.query()) == ("/api/audit/pack", {})
    assert output.read_bytes() == ROWS
    assert run(service, "pack", "in_1", "--reveal", "--output", str(tmp_path / "one.zip")).exit_code == 0
    assert service.query() == {"integration": ["in_1"], "reveal": ["true"]}
    service.whole = False
    assert run(service, "pack", "--output", str(tmp_path / "half.zip")).exit_code == 1
    assert not (tmp_path / "half.zip").exists()


def test_refusal_is_told_in_the_service_s_words(service: Service, tmp_path: Path) -> None:
    """And no file is left that looks like an export."""
    service.status = HTTPStatus.FORBIDDEN
    service.body = json.dumps({"code": "access.forbidden", "detail": "no", "remedy": "Ask."}).encode()
    done = run(service, "export", "--output", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert "access.forbidden" in done.stderr
    assert not (tmp_path / "out").exists()


def forwarding(service: Service, items: list[dict[str, Any]], *flags: str) -> Result:
    """Ask where the log goes."""
    service.body = json.dumps({"items": items}).encode()
    return run(service, "forwarding", *flags)


def test_forwarding_is_told(service: Service) -> None:
    """How far each place has got, and what stands in its way."""
    done = forwarding(service, [ITEM, {**ITEM, "name": "other", "waiting_rows": 0, "trouble": None}])
    assert done.exit_code == 0
    first, second = done.stdout.splitlines()[1:3]
    assert all(word in first for word in ("siem", "ocsf", "41", "7", "62 s", "forwarding.unreachable: answered 503"))
    assert "forwarding.unreachable" not in second
    assert json.loads(forwarding(service, [ITEM], "--json").stdout) == {"items": [ITEM]}


def test_forwarding_nowhere_says_how_to_begin(service: Service) -> None:
    """The next step."""
    done = forwarding(service, [])
    assert (done.exit_code, "--audit-forward" in done.stdout) == (0, True)
