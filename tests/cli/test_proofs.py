"""Proving, checking far away, and what each of it says when it is not so."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from syncline.cli import app
from syncline.core.audit import GENESIS, Row, chain, encode
from syncline.core.event import Actor
from syncline.core.merkle import Range
from syncline.core.note import Checkpoint, Signer
from syncline.core.proof import Noted, RowProof, write_noted
from tests.cli.service import Service, run

SIGNER = Signer("syncline/test", bytes(range(32)))
KEY = str(SIGNER.verifier)
ROW = encode(
    Row(
        integration="in_1",
        seq=1,
        at=1_795_000_000_000_000,
        type="integration.created",
        key="k",
        disposition="transitioned",
        origin="",
        to="unconfigured",
        actor=Actor("person", "key_1"),
        chart="integration@1",
        software="0",
    )
)


def tree(size: int) -> Range:
    """A log whose first row is that one."""
    made = Range()
    made.extend([chain(GENESIS, ROW), *(bytes([number]) * 32 for number in range(1, size))])
    return made


def note(size: int) -> str:
    """A checkpoint of it."""
    return SIGNER.sign(Checkpoint("syncline/test", size, tree(size).root()).text)


def second() -> str:
    """The hash beside the first row."""
    other = Range()
    other.extend([bytes([1]) * 32])
    return other.root().hex()


PROOF = RowProof(ROW.decode(), GENESIS.hex(), 1, note(2), (second(),))


@pytest.fixture
def service() -> Iterator[Service]:
    """Start a service that answers as a test wants."""
    started = Service()
    yield started
    started.stop()


def offline(*arguments: str) -> Result:
    """Run a command that needs neither a service nor a database."""
    return CliRunner().invoke(
        app, ["audit", *arguments], env={"COLUMNS": "200", "SYNCLINE_URL": "", "SYNCLINE_KEY": ""}
    )


def test_a_proof_is_fetched_written_and_checked(service: Service, tmp_path: Path) -> None:
    """From one machine to another, as a file; a second one does not replace the first."""
    service.answers["/api/integrations/in_1/audit/1/proof"] = (200, msgspec.to_builtins(PROOF))
    file = tmp_path / "row.json"
    code, text, errors = run(service.url, "audit", "prove", "in_1", "1", "--output", str(file))
    assert (code, str(file) in text) == (0, True), errors
    result = offline("check-proof", str(file), "--key", KEY)
    assert result.exit_code == 0, result.output
    assert "proved: in_1, seq 1 (integration.created) is row 1 of syncline/test" in result.output
    facts = json.loads(offline("check-proof", str(file), "--key", KEY, "--json").output)
    assert (facts["proved"], facts["integration"], facts["seq"], facts["size"]) == (True, "in_1", 1, 2)
    assert run(service.url, "audit", "prove", "in_1", "1", "--output", str(file))[0] == 1
    code, text, _ = run(service.url, "audit", "prove", "in_1", "1")
    assert json.loads(text) == json.loads(msgspec.json.encode(PROOF))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (msgspec.json.encode(msgspec.structs.replace(PROOF, position=2)), "NOT proved: the row is not at position 2"),
        (msgspec.json.encode(msgspec.structs.replace(PROOF, checkpoint=note(3))), "NOT proved: the row is not at"),
        (b"{}", "NOT proved: this is no proof of a row"),
    ],
)
def test_a_proof_that_is_none_ends_with_1(tmp_path: Path, content: bytes, reason: str) -> None:
    """And says why."""
    file = tmp_path / "row.json"
    file.write_bytes(content)
    result = offline("check-proof", str(file), "--key", KEY)
    assert result.exit_code == 1
    assert reason in result.output


def test_a_proof_is_not_checked_without_a_key_that_is_one(tmp_path: Path) -> None:
    """Wrong usage; a key of somebody else is a proof that fails."""
    file = tmp_path / "row.json"
    file.write_bytes(msgspec.json.encode(PROOF))
    assert offline("check-proof", str(file)).exit_code == 2
    assert offline("check-proof", str(file), "--key", "no key").exit_code == 2
    assert offline("check-proof", str(tmp_path / "nowhere"), "--key", KEY).exit_code == 1
    result = offline("check-proof", str(file), "--key", str(Signer("syncline/test", bytes(32)).verifier))
    assert result.exit_code == 1
    assert "no known key has signed it" in result.output


def test_consistency_is_checked_and_not_believed(service: Service, tmp_path: Path) -> None:
    """Between sizes, and from a checkpoint that somebody has kept, by its text or as a line of a file outside."""
    answer = {
        "old_size": 1,
        "old_root": tree(1).root().hex(),
        "new_size": 2,
        "new_root": tree(2).root().hex(),
        "path": [second()],
        "old_checkpoint": "",
        "new_checkpoint": "",
    }
    path = "/api/audit/consistency"
    service.answers[path] = (200, answer)
    code, text, errors = run(service.url, "audit", "consistency", "1", "2")
    assert (code, "begins with the one of 1 rows" in text) == (0, True), errors
    assert service.asked[-1][1] == f"{path}?old=1&new=2"

    kept, line = tmp_path / "kept.txt", tmp_path / "line.ndjson"
    kept.write_text(note(1), encoding="utf-8")
    line.write_bytes(write_noted(Noted(5, note(2))))
    code, _, errors = run(service.url, "audit", "consistency", str(kept), str(line), "--vkey", KEY)
    assert code == 0, errors
    assert service.asked[-1][1] == f"{path}?old=1&new=2"
    foreign = str(Signer("syncline/test", bytes(32)).verifier)
    code, _, errors = run(service.url, "audit", "consistency", str(kept), "2", "--vkey", foreign)
    assert (code, "no known key has signed it" in errors) == (1, True)

    other = tmp_path / "other.txt"
    other.write_text(SIGNER.sign(Checkpoint("syncline/test", 1, bytes(32)).text), encoding="utf-8")
    code, _, errors = run(service.url, "audit", "consistency", str(other), "2")
    assert (code, "NOT proved: the log that the service has is not the one" in errors) == (1, True)
    service.answers[path] = (200, answer | {"path": ["00" * 32]})
    code, _, errors = run(service.url, "audit", "consistency", "1", "2")
    assert (code, "NOT proved: the log of 2 rows does not begin" in errors) == (1, True)
    assert run(service.url, "audit", "consistency", "neither", "2")[0] == 2


def test_checkpoints_and_keys_are_shown(service: Service) -> None:
    """With the next step where there are none, and loudly when something is wrong."""
    service.answers["/api/audit/checkpoints"] = (200, {"items": [], "next": None, "waiting": 3, "contradiction": ""})
    assert "the first comes within a minute" in run(service.url, "audit", "checkpoints")[1]
    item = {"number": 1, "size": 2, "at": 1_795_000_000_000_000, "note": note(2)}
    service.answers["/api/audit/checkpoints"] = (
        200,
        {"items": [item], "next": None, "waiting": 3, "contradiction": "the log has 1"},
    )
    text = run(service.url, "audit", "checkpoints")[1]
    assert "NOTHING IS SIGNED ANY MORE: the log has 1" in text
    assert "syncline/test" in text
    assert json.loads(run(service.url, "audit", "checkpoints", "--json")[1])["items"] == [item]
    keys = {"items": [{"key": KEY, "id": "x", "since": 1_795_000_000_000_000}]}
    service.answers["/api/audit/checkpoint-keys"] = (201, keys)
    assert KEY in run(service.url, "audit", "keys")[1]
    code, text, _ = run(service.url, "audit", "rotate-key", "--after-restore")
    assert (code, KEY in text) == (0, True)
    assert service.asked[-1][3] == {"after_restore": True}
