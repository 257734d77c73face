"""The command line teaches: every flag with its default, examples, and refusals that say what to write instead."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from syncline_sim.cli import _parser, main

SMALL = ("--leads", "1", "--contacts", "1")


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Every flag with its default, examples of what one does, no environment variables, and what it is not."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for flag in (action for action in _parser()._actions if action.dest != "help"):
        assert flag.option_strings[0] in text
        assert flag.help is not None
        assert "(default: " in flag.help, flag.option_strings[0]
    for said in ("examples:", "/faults", "/schedules", "/clock", "reads no environment variables", "SIGTERM"):
        assert said in text
    assert "Unaffiliated with either vendor, for local use and tests only" in text


@pytest.mark.slow
@pytest.mark.parametrize("program", [["-m", "syncline_sim"], [str(Path(sys.executable).with_name("syncline-sim"))]])
def test_both_programs(program: list[str]) -> None:
    """The module and the command are the same program."""
    command = [sys.executable, *program] if program[0] == "-m" else program
    found = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=20, check=True)
    assert found.stdout.startswith("usage: syncline-sim ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--control-port", "70000"], "'70000' is no port: write a number from 0 to 65535; 0 is any free one"),
        (["--control-port", "-1"], "'-1' is no port"),
        (["--marketo-port", "http"], "'http' is no port"),
        (["--leads", "many"], "'many' is no count of records: write a number from 0 to 2000000"),
        (["--contacts", "-5"], "'-5' is no count of records"),
        (["--leads", "2000001"], "write a number from 0 to"),
        (["--seed", "x"], "'x' is no whole number: write one"),
        (["--edition", "grand"], "invalid choice: 'grand' (choose from"),
        (["--salesforce-port", "9", "--control-port", "9"], "--salesforce-port and --control-port name the same port"),
        (["--proxy-port", "9"], "--proxy-port need --tls-dir: add it, with the folder"),
        (["--tls-dir", __file__], "is a file: name a folder"),
        (["--data", str(Path(__file__).parent)], "is a folder: name a file in it"),
        (["--data", "/nowhere/at/all/world.db"], "in no folder that there is"),
        (["--colour", "red"], "unrecognized arguments: --colour red"),
    ],
)
def test_bad_values(capsys: pytest.CaptureFixture[str], given: list[str], said: str) -> None:
    """A value that cannot be meant ends the program with 2 and a sentence."""
    with pytest.raises(SystemExit) as ended:
        main([*SMALL, *given])
    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_what_the_machine_refuses(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A port in use, an address of another machine and a file that is no world end it with 1 and advice."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main([*SMALL, "--control-port", port]) == 1
    assert "name another port, or leave it out for any free one" in capsys.readouterr().err
    assert main([*SMALL, "--host", "192.0.2.1"]) == 1
    assert "is no address of this machine: write 127.0.0.1" in capsys.readouterr().err
    (tmp_path / "letter.txt").write_text("no database " * 100)
    assert main([*SMALL, "--data", str(tmp_path / "letter.txt")]) == 1
    assert "is not a world of this version; name another file" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (signal.SIGTERM, {"kind": "hang"}),
        (signal.SIGINT, {"kind": "hang", "at": "body"}),
        (signal.SIGTERM, {"kind": "slow", "seconds": 600}),
    ],
)
def test_signals_end_it_within_a_second(number: signal.Signals, fault: dict[str, Any]) -> None:
    """However many calls hang; the exit code is nought, and nothing is complained of."""
    # What a program needs to end at all is measured beside it: other tests keep the machine busy.
    assert any(_took(number, fault) - _took(number, None) < 0.7 for _ in range(4))


def _took(number: signal.Signals, fault: dict[str, Any] | None) -> float:
    """Answer how long a program takes to end, with ten calls in a fault if there is one."""
    command = [sys.executable, "-W", "error", "-m", "syncline_sim", *SMALL, "--json"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    waiting = []
    with subprocess.Popen(command, **pipes, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        ready = msgspec.json.decode(program.stdout.readline())
        if fault is not None:
            _post(ready["control"], "/faults", {"side": "salesforce", "times": -1, **fault})
            waiting = [_ask(ready["salesforce"]) for _ in range(10)]
            while _hits(ready["control"]) < len(waiting):
                pass  # Each question lets the calls get on.
        start = time.monotonic()
        program.send_signal(number)
        assert program.wait(timeout=10) == 0
        took = time.monotonic() - start
        assert program.stderr.read() == ""
    for each in waiting:
        each.close()
    return took


def _ask(origin: str) -> socket.socket:
    where = urlsplit(origin)
    asking = socket.create_connection((where.hostname or "", where.port or 0), timeout=5)
    asking.sendall(b"GET /services/data HTTP/1.1\r\nHost: x\r\n\r\n")
    return asking


def _post(origin: str, path: str, document: dict[str, Any]) -> None:
    body = msgspec.json.encode(document)
    _talk(origin, f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n", body)


def _hits(origin: str) -> int:
    answer = _talk(origin, "GET /faults HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"")
    return int(msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])["faults"][0]["hits"])


def _talk(origin: str, head: str, body: bytes) -> bytes:
    where = urlsplit(origin)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=5) as talking:
        talking.sendall(head.encode() + body)
        with talking.makefile("rb") as answer:
            return answer.read(2**20)
