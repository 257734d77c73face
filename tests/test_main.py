"""The service as a process: one for each data directory, its key shown once, and gone within ten seconds."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncline.config import Settings
from syncline.data_folder import DATABASE, HOLDER, LOCK
from syncline.key_ring import KEY_FILE
from syncline.main import rules
from tests.acceptance.processes import Program

pytestmark = pytest.mark.slow


def start(folder: Path, *flags: str) -> Program:
    """Start the service on a folder."""
    data = ("--data", str(folder / "data"))
    return Program("syncline", "serve", "--json", *data, "--port", "0", *flags, log=folder / "service.log")


def refuse(*flags: str, **settings: str) -> tuple[int, str, str]:
    """Run `serve` where it must refuse; answers exit code and both outputs."""
    done = subprocess.run(
        [sys.executable, "-m", "syncline", "serve", *flags],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def create(address: str, key: str) -> str:
    """Create an integration; answers its id."""
    account = {"url": "https://123-abc-456.mktorest.com", "client_id": "i", "client_secret": "s"}
    body = {"name": "x", "source": {"login_host": "https://login.salesforce.com"}, "target": account}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{address}/api/integrations", json.dumps(body).encode(), headers)
    return str(json.load(urllib.request.urlopen(asked, timeout=5))["id"])


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Program]:
    """Run a service on fresh data."""
    program = start(tmp_path)
    yield program
    program.stop()


def test_a_second_service_on_the_same_data_is_refused(service: Program, tmp_path: Path) -> None:
    """The refusal names the lock, the process and its address, and the first service goes on."""
    code, text, errors = refuse("--data", str(tmp_path / "data"), "--port", "0", "--json")
    assert code == 1
    assert LOCK in errors
    assert str(service.pid) in errors
    assert service.facts["address"] in errors
    assert json.loads(text)["code"] == "store.locked"
    assert urllib.request.urlopen(f"{service.facts['address']}/readyz", timeout=5).status == 200


def test_a_service_that_was_killed_does_not_keep_its_lock(tmp_path: Path) -> None:
    """After kill -9 the next one starts, with the same data and without showing a key again."""
    first = start(tmp_path)
    assert first.facts["admin_key"].startswith("syn_")
    first.kill()
    second = start(tmp_path)
    assert second.facts["admin_key"] is None
    assert second.stop() == 0
    assert not (tmp_path / "data" / HOLDER).exists()
    assert (tmp_path / "data" / DATABASE).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_ten_seconds_with_a_stream_open(tmp_path: Path, number: signal.Signals) -> None:
    """A page that follows the log does not hold the service."""
    service = start(tmp_path)
    address, key = service.facts["address"], service.facts["admin_key"]
    integration = create(address, key)
    follow = urllib.request.Request(f"{address}/i/{integration}/stream", headers={"Authorization": f"Bearer {key}"})
    stream = urllib.request.urlopen(follow, timeout=15)
    begun = time.monotonic()
    os.kill(service.pid, number)
    with contextlib.suppress(ConnectionError):
        stream.read()
    assert service.stop() == 0
    assert time.monotonic() - begun < 10


def test_nothing_secret_is_in_its_log(service: Program, tmp_path: Path) -> None:
    """The first key is said on standard output and nowhere else, and refused keys are not noted either."""
    address, key = service.facts["address"], service.facts["admin_key"]
    for text in (key, "syn_00000000_wrongwrongwrongwrongwrongwrongwr_000000"):
        asked = urllib.request.Request(f"{address}/api/keys?token={text}", headers={"Authorization": f"Bearer {text}"})
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(asked, timeout=5)
    service.stop()
    log = (tmp_path / "service.log").read_text(encoding="utf-8")
    assert "/api/keys" in log
    assert key not in log
    assert "wrongwrong" not in log


def test_its_files_are_readable_by_nobody_else(tmp_path: Path) -> None:
    """Also in a folder that was made before, with the usual rights."""
    (tmp_path / "data").mkdir(mode=0o755)
    service = start(tmp_path)
    modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "data").iterdir()}
    service.stop()
    assert DATABASE in modes
    assert set(modes.values()) == {0}, modes


def test_it_does_not_start_without_the_key_that_it_has_sealed_with(tmp_path: Path) -> None:
    """A database that came back without its key file is refused, and starts once the file is there again."""
    service = start(tmp_path)
    create(service.facts["address"], service.facts["admin_key"])
    service.stop()
    key_file = tmp_path / "data" / KEY_FILE
    key_file.rename(tmp_path / "kept")
    code, text, errors = refuse("--data", str(tmp_path / "data"), "--port", "0", "--json")
    assert code == 1
    assert KEY_FILE in errors
    assert json.loads(text)["code"] == "vault.key_missing"
    assert not key_file.exists()
    (tmp_path / "kept").rename(key_file)
    assert start(tmp_path).stop() == 0


def test_when_every_key_is_lost_a_new_first_one_can_be_had(service: Program, tmp_path: Path) -> None:
    """As docs/operating.md says: whoever may write to the data directory takes all keys away and starts it again."""
    service.stop()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / DATABASE)) as database:
        database.executescript("DELETE FROM sessions; DELETE FROM api_keys")
    again = start(tmp_path)
    key = again.facts["admin_key"]
    assert key not in {None, service.facts["admin_key"]}
    create(again.facts["address"], key)
    again.stop()


def test_a_copy_that_was_made_while_it_ran_can_be_proved(service: Program, tmp_path: Path) -> None:
    """As docs/operating.md says, with one statement on a connection that only reads."""
    integration = create(service.facts["address"], service.facts["admin_key"])
    (tmp_path / "copy").mkdir()
    source = f"{(tmp_path / 'data' / DATABASE).as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(source, uri=True)) as database:
        database.execute("VACUUM INTO ?", (str(tmp_path / "copy" / DATABASE),))
    proof = [sys.executable, "-m", "syncline", "audit", "verify", "--json", "--data", str(tmp_path / "copy")]
    done = subprocess.run([*proof, integration], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 1


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """Exit code 1 and the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, errors = refuse("--data", str(tmp_path / "data"), "--port", port)
    assert code == 1
    assert port in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("flags", "settings", "named"),
    [
        (("--public-url", "https://sync.example.com/path"), {}, "--public-url"),
        ((), {"SYNCLINE_LOG_LEVEL": "loud"}, "--log-level"),
        (("--port", "70000"), {}, "--port"),
    ],
)
def test_a_wrong_setting_is_wrong_usage(
    tmp_path: Path, flags: tuple[str, ...], settings: dict[str, str], named: str
) -> None:
    """Exit code 2 and the flag's name, whether it came by the command line or by the environment."""
    code, _, errors = refuse("--data", str(tmp_path / "data"), *flags, **settings)
    assert code == 2
    assert named in errors
    assert "Traceback" not in errors


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file is in the way: exit code 1 and a sentence."""
    (tmp_path / "file").write_text("")
    code, _, errors = refuse("--data", str(tmp_path / "file" / "data"))
    assert code == 1
    assert "store.no_folder" in errors


def test_a_place_that_the_log_cannot_go_to_is_told(tmp_path: Path) -> None:
    """Exit code 1 and what is wrong with it, without what may be a secret in it."""
    place = "https://siem.example.com/secret-path#colour=red"
    code, _, errors = refuse("--data", str(tmp_path / "data"), "--port", "0", "--audit-forward", place)
    assert code == 1
    assert "forwarding.destination" in errors
    assert "colour" in errors
    assert "secret-path" not in errors


def test_it_ends_within_ten_seconds_though_the_log_goes_nowhere(tmp_path: Path) -> None:
    """A place that takes the connection and never answers, and one that takes none."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        places = (f"http://127.0.0.1:{port}/in", f"syslog+tcp://127.0.0.1:{port}", "http://127.0.0.1:1/in")
        service = start(tmp_path, *(word for place in places for word in ("--audit-forward", place)))
        begun = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - begun < 10


def test_browsers_are_sent_to_a_name_they_can_go_to(tmp_path: Path) -> None:
    """Listening on every address, the service calls itself localhost unless it is told a name."""
    everywhere = start(tmp_path, "--host", "0.0.0.0")  # noqa: S104  this is what is tested
    public_url = everywhere.facts["public_url"]
    everywhere.stop()
    assert public_url.startswith("http://localhost:")


def test_every_timer_of_the_chart_has_a_delay() -> None:
    """The rules take each delay from the settings."""
    assert rules(Settings()).delays == {
        "login_lifetime": 600,
        "change_wait": 3,
        "cycle_interval": 300,
        "throttle_wait": 900,
        "failure_wait": 300,
    }
