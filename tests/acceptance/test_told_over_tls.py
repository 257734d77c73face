"""What is told to others goes over TLS: the receiver has to prove who it is, before it hears a byte."""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.certificates import Authority
from tests.acceptance.processes import Program
from tests.acceptance.syncs import until
from tests.acceptance.world import World

HERE = "127.0.0.1"
#: A call of the guard's own way, at which everything is public for once; its argument is the address.
GUARDED = """
import asyncio, sys
from syncline import destinations
destinations.is_public = lambda text: True
async def main():
    opened = destinations.Destinations((), 5)
    try:
        print((await opened.post(sys.argv[1], {}, b"told")).status)
    except destinations.CallError as error:
        print(error)
    await opened.close()
asyncio.run(main())
"""


class Receiver:
    """A server of HTTPS in a process of its own, which keeps what it is sent, a line each."""

    def __init__(self, folder: Path, certificate: Path, name: str) -> None:
        """Start it."""
        self.file = folder / f"{name}.ndjson"
        arguments = ("https", "0", str(certificate), str(self.file))
        self.program = Program("tests.acceptance.receiver", *arguments, log=folder / f"{name}.log")
        self.port = int(self.program.facts["port"])
        self.origin = f"https://{HERE}:{self.port}"

    def heard(self) -> bytes:
        """Answer all of it."""
        return self.file.read_bytes() if self.file.exists() else b""


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that every program which is started from here on trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


async def test_only_a_receiver_that_proves_who_it_is_is_told_anything(
    authority: Authority, world: World, tmp_path: Path
) -> None:
    """Deliveries and checkpoints; expired, self-signed, another host's: not a byte, and the subscriber learns why."""
    kinds: dict[str, dict[str, Any]] = {
        "good": {},
        "expired": {"ends": timedelta(days=-1)},
        "self-signed": {"self_signed": True},
        "another": {},
    }
    receivers: dict[str, Receiver] = {}
    for kind, options in kinds.items():
        file = tmp_path / f"{kind}.pem"
        authority.certify("hooks.example" if kind == "another" else HERE, file=file, **options)
        receivers[kind] = Receiver(tmp_path, file, kind)
    try:
        good = receivers["good"]
        await world.stop()
        allowed = " ".join(one.origin for one in receivers.values())
        await world.start(allow_destinations=allowed, checkpoint_url=f"{good.origin}/in", checkpoint_rows=5)
        tests = {}
        for kind, one in receivers.items():
            made = await world.api("POST", "/api/subscriptions", {"name": kind, "url": f"{one.origin}/in"})
            tests[kind] = made["test"]
        assert tests.pop("good")["answered"]
        assert {kind: test["answered"] for kind, test in tests.items()} == dict.fromkeys(tests, False)
        assert all("certificate" in json.dumps(test) for test in tests.values()), tests

        integration = await world.create()
        await world.send(integration, "app.registered")

        async def told() -> bool:
            heard = good.heard()
            return integration.encode() in heard and b'"checkpoint":' in heard

        await until(told, "the receiver was not told")
        assert [kind for kind, one in receivers.items() if kind != "good" and one.heard()] == []
    finally:
        for one in receivers.values():
            one.program.kill()


@pytest.mark.case("webhooks", 30)
async def test_the_name_is_proved_though_an_address_is_connected_to(authority: Authority, tmp_path: Path) -> None:
    """The guard looks at the address, and TLS at the name that was asked for: neither is in the other's way."""
    answers = {}
    for name in ("localhost", HERE, "hooks.example"):
        file = tmp_path / f"{name}.pem"
        authority.certify(name, file=file)
        receiver = Receiver(tmp_path, file, name)
        arguments = ("-c", GUARDED, f"https://localhost:{receiver.port}/in")
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        answers[name] = ((await process.communicate())[0].decode().strip(), receiver.heard())
        receiver.program.kill()
    assert answers.pop("localhost") == ("200", b"told")
    assert set(answers.values()) == {("has no certificate that is trusted here", b"")}
