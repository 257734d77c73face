"""The simulated world as a program: one line when it is ready, and gone soon after a signal."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from syncline_sim.app import Plan
from syncline_sim.cli import main

Started = tuple[subprocess.Popen[str], dict[str, Any]]


@pytest.fixture
def started() -> Iterator[Started]:
    """A running program and the line that it printed."""
    command = [sys.executable, "-W", "error", "-m", "syncline_sim", "--leads", "20", "--contacts", "20", "--json"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert program.stdout is not None
    line = program.stdout.readline()
    yield program, json.loads(line)
    program.kill()
    program.wait()
    program.stdout.close()


def test_ready_line_and_sigterm(started: Started) -> None:
    """The line has all addresses and logins; SIGTERM ends it though a request is only half there."""
    program, ready = started
    assert set(ready) == {"salesforce", "marketo", "control", "user", "marketo_client"}
    assert set(ready["user"]) == {"username", "password"}
    assert set(ready["marketo_client"]) == {"client_id", "client_secret"}
    address = urlsplit(ready["salesforce"])
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as half:
        half.sendall(b"POST /services/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\ngrant")
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=5) == 0


def test_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    """A port that somebody has is told in a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--control-port", str(port), "--leads", "1", "--contacts", "1"]) == 1
    assert "syncline-sim: " in capsys.readouterr().err


@pytest.mark.parametrize("flags", [[], ["--send-anywhere"]])
def test_send_anywhere(flags: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A world sends to this machine only unless it is told otherwise."""
    plans = []

    def plan(**options: Any) -> Plan:  # noqa: ANN401 - what a plan has
        plans.append(Plan(**options))
        return plans[0]

    monkeypatch.setattr("syncline_sim.cli.Plan", plan)
    with socket.create_server(("127.0.0.1", 0)) as taken:  # It is not to get as far as to run.
        assert main(["--control-port", str(taken.getsockname()[1]), "--leads", "1", "--contacts", "1", *flags]) == 1
    assert plans[0].send_anywhere == bool(flags)
    assert capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The help has examples."""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "examples:" in capsys.readouterr().out
