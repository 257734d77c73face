"""The single-file verifier: it stands alone, believes what is true, and names what is not."""

import ast
import asyncio
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from syncline import verifier
from syncline.core.merkle import EMPTY, Range, inclusion_spans, leaf
from syncline.core.note import Signer
from syncline.pack import Wanted
from syncline.store.checkpoints import prove_row
from tests.installation import ADA, Installation, installed, let_live
from tests.verifying import PROGRAM, run, unpack

#: All that it may import.
ALLOWED = {
    "__future__",
    "argparse",
    "base64",
    "hashlib",
    "io",
    "json",
    "pathlib",
    "re",
    "sys",
    "time",
    "typing",
    "zipfile",
}


def test_it_needs_nothing_but_python() -> None:
    """It is written in Python 3.8 and imports a few modules of its standard library."""
    tree = ast.parse(PROGRAM.read_text("utf-8"), feature_version=(3, 8))
    plain = {name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names}
    parts = {each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    assert plain | parts == ALLOWED


@pytest.mark.slow
async def test_it_runs_on_old_and_new_pythons(log: Path) -> None:
    """On all that are found here, this one among them."""
    found = [shutil.which(f"python3.{minor}") for minor in range(8, 20)]
    pythons = {sys.executable} | {path for path in found if path and run("--help", python=path).code == 0}
    assert {path: run(log, python=path).code for path in pythons} == dict.fromkeys(pythons, 0)


@pytest.mark.parametrize(
    ("seed", "text"), [(bytes(32), ""), (bytes(range(32)), "a"), (b"\xff" * 32, "Ünïcode\n" * 300)], ids=["1", "2", "3"]
)
def test_signatures(seed: bytes, text: str) -> None:
    """What cryptography signs it believes, and nothing that differs by one bit, nor an S past the order."""
    signer = Signer("a/name", seed)
    note = signer.sign(text + "\n")
    key = verifier.Key(str(signer.verifier))
    signature = signer._key.sign(text.encode())
    assert verifier.open_note(note, [key])[1] is key
    assert key.has_signed(text.encode(), signature)
    for bit in range(0, 512, 7):
        wrong = bytearray(signature)
        wrong[bit // 8] ^= 1 << bit % 8
        assert not key.has_signed(text.encode(), bytes(wrong))
    s = int.from_bytes(signature[32:], "little") + verifier.ORDER
    assert not key.has_signed(text.encode(), signature[:32] + s.to_bytes(32, "little"))
    assert not key.has_signed(text.encode() + b"x", signature)


def test_vectors_of_rfc_8032() -> None:
    """Section 7.1: the tests 1 to 3."""
    for public, text, signature in (
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            (
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                "d25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                "387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            (
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                "4a7c15e9716ed28dc027beceea1ec40a"
            ),
        ),
    ):
        key = verifier.Key.__new__(verifier.Key)
        key.public = bytes.fromhex(public)
        x, y, _, t = verifier.unpack(key.public)
        key.minus = verifier.doubles((verifier.P - x, y, 1, verifier.P - t))
        assert key.has_signed(bytes.fromhex(text), bytes.fromhex(signature))
        assert not key.has_signed(bytes.fromhex(text) + b"!", bytes.fromhex(signature))


@pytest.mark.parametrize(
    "text", ["a+00000000+AQ==", "a", "a+b+c+d", "name+12345678+AXvFKwCUthqjU8988auIyf2VJQ9U2ef9wQ1jrLGIgVJ8"]
)
def test_what_is_no_key(text: str) -> None:
    """Another length, another kind, an id that is not its own."""
    with pytest.raises(ValueError, match=r"key|unpack|base64|padding|character"):
        verifier.Key(text)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_paths(size: int) -> None:
    """Every leaf of a tree climbs to its root, by its own path only."""
    datas = [bytes([number]) * 32 for number in range(size)]

    def root(first: int, end: int) -> bytes:
        part = verifier.Tree()
        for data in datas[first:end]:
            part.add(data)
        return part.root()

    whole = Range()
    whole.extend(datas)
    assert root(0, size) == whole.root()
    for index in range(size):
        path = [root(*span) for span in inclusion_spans(index, size)]
        assert verifier.climb(index, size, leaf(datas[index]), path) == whole.root()
        for wrong in (path[:-1], [*path, bytes(32)]):
            if wrong != path:
                with pytest.raises(verifier.Fault):
                    verifier.climb(index, size, leaf(datas[index]), wrong)
    assert verifier.Tree().root() == EMPTY


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that has lived for a while."""
    return let_live(tmp_path_factory.mktemp("begun") / "data", 1, 30)


@pytest.fixture
async def house(tmp_path: Path, begun: Path) -> AsyncIterator[Installation]:
    """A copy of it, open."""
    async with installed(tmp_path / "data", begun) as opened:
        yield opened


@pytest.fixture
async def log(house: Installation, tmp_path: Path) -> Path:
    """A pack of it."""
    return await house.pack(tmp_path / "pack.zip")


async def test_a_true_log(house: Installation, log: Path, tmp_path: Path) -> None:
    """As a zip, as a folder, as an export; with a key, and with checkpoints from outside."""
    outside, key = await house.write_outside(tmp_path / "outside.ndjson"), await house.trusted()
    folder = unpack(log, tmp_path / "folder")
    for path in (log, folder):
        answer = run(path, "--key", key, "--checkpoints", outside)
        assert (answer.code, "NOTE" in answer.text) == (0, False), answer.text
        answer = run(path)
        assert answer.code == 0
        assert "keys came with the pack" in answer.text
        assert "no checkpoint from outside" in answer.text
    assert run(folder / "rows.ndjson").code == 0
    assert run(folder / "rows.ndjson", "--key", key, "--checkpoints", outside).code == 0
    assert (folder / "verify.py").read_bytes() == PROGRAM.read_bytes()


def test_what_cannot_be_read(tmp_path: Path, log: Path) -> None:
    """Ends with 2, and says so; also what is asked for wrongly."""
    nothing = tmp_path / "nothing"
    broken = tmp_path / "broken.zip"
    broken.write_bytes(log.read_bytes()[:-200])
    empty = tmp_path / "empty.ndjson"
    empty.write_text("no checkpoint\n")
    for arguments in ((nothing,), (log, "--key", "no key"), (log, "--checkpoints", empty), (), ("--proof", log)):
        answer = run(*arguments)
        assert answer.code == 2, answer.text
    assert run(broken).code != 0


def test_two_files_of_one_name(tmp_path: Path, log: Path) -> None:
    """One could be shown to people and the other to the verifier."""
    twice = tmp_path / "twice.zip"
    shutil.copy(log, twice)
    with zipfile.ZipFile(twice, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr("heads.json", b"{}")
    assert run(twice).text == "NOT TRUE: the pack: two files have one name\n"


async def test_rows_after_the_last_checkpoint_are_named(house: Installation, tmp_path: Path) -> None:
    """They are proved by nothing but one another."""
    await house.service.note("service.stopped", {})
    answer = run(await house.pack(tmp_path / "later.zip"), "--key", await house.trusted())
    assert answer.code == 0
    assert "after the last good checkpoint" in answer.text


async def test_a_key_that_followed_is_trusted_by_the_one_before_it(house: Installation, tmp_path: Path) -> None:
    """Whoever was told the first key needs no other; whoever was told the last has it, too; nobody else."""
    first = await house.trusted()
    second = str(await house.checkpoints.rotate(ADA))
    await house.service.note("service.stopped", {})
    await house.checkpoints.sign()
    path = await house.pack(tmp_path / "rotated.zip")
    for key in (first, second):
        answer = run(path, "--key", key)
        assert answer.code == 0, answer.text
        assert "after the last good" not in answer.text
    stranger = str(Signer("syncline/test", bytes(32)).verifier)
    assert "by a key that was given" in run(path, "--key", stranger).text


async def test_a_log_that_was_signed_by_another(house: Installation, log: Path, tmp_path: Path) -> None:
    """A checkpoint under a key that the log does not name is none, though it leads to the right root."""
    folder = unpack(log, tmp_path / "folder")
    lines = (folder / "checkpoints.ndjson").read_text().splitlines()
    last = json.loads(lines[-1])
    other = Signer("syncline/test", bytes(32))
    point = "\n".join(last["checkpoint"].split("\n")[:3]) + "\n"
    forged = json.dumps({"at": last["at"], "checkpoint": other.sign(point)}, separators=(",", ":"))
    (folder / "checkpoints.ndjson").write_text("\n".join([*lines, forged]) + "\n")
    (folder / "keys.txt").write_text(f"{await house.trusted()}\n{other.verifier}\n")
    answer = run(folder)
    assert answer.code == 1
    assert "not signed by the key that it should be" in answer.text


async def test_checkpoints_from_outside_that_are_newer_than_the_pack(
    house: Installation, log: Path, tmp_path: Path
) -> None:
    """They say nothing of it; but one that was signed before the pack was made shows what was cut off."""
    short = await house.pack(tmp_path / "short.zip")
    await house.live(2, 5, ("in_7", "in_8"))
    outside = await house.write_outside(tmp_path / "outside.ndjson")
    answer = run(short, "--checkpoints", outside)
    assert answer.code == 0
    assert "newer than the pack" in answer.text
    folder = unpack(short, tmp_path / "folder")
    heads = json.loads((folder / "heads.json").read_bytes())
    (folder / "heads.json").write_text(json.dumps(heads | {"at": house.now()}))
    answer = run(folder, "--checkpoints", outside)
    assert answer.code == 1
    assert "and a checkpoint (outside) has" in answer.text


async def test_the_proof_of_a_row(house: Installation, tmp_path: Path) -> None:
    """One row, a checkpoint and a path are enough; nothing in them can be changed."""
    proof = msgspec.to_builtins(await house.store.read(partial(prove_row, integration="in_1", seq=3)))
    file, key = tmp_path / "row.json", await house.trusted()
    file.write_text(json.dumps(proof))
    answer = run("--proof", file, "--key", key)
    assert (answer.code, answer.text.splitlines()[1]) == (0, proof["row"])
    changes: tuple[Callable[[dict[str, Any]], object], ...] = (
        lambda one: one | {"row": one["row"].replace("in_1", "in_2")},
        lambda one: one | {"position": one["position"] + 1},
        lambda one: one | {"previous": "00" * 32},
        lambda one: one | {"previous": one["previous"][:-2]},
        lambda one: one | {"previous": one["previous"] + one["row"][:2].encode().hex(), "row": one["row"][2:]},
        lambda one: one | {"position": one["position"] + 0.4},
        lambda one: one | {"path": one["path"][1:]},
        lambda one: one | {"path": [*one["path"][:-1], "00" * 32]},
        lambda one: one | {"checkpoint": one["checkpoint"].replace("syncline/test\n", "syncline/tost\n")},
    )
    for change in changes:
        file.write_text(json.dumps(change(proof)))
        answer = run("--proof", file, "--key", key)
        assert answer.code == 1, answer.text
    file.write_text(json.dumps(proof))
    assert run("--proof", file, "--key", str(Signer("syncline/test", bytes(32)).verifier)).code == 1


async def test_lines_outside_that_a_crash_has_torn(house: Installation, log: Path, tmp_path: Path) -> None:
    """Half a line with the next one behind it is no checkpoint; the others count."""
    outside = await house.write_outside(tmp_path / "outside.ndjson")
    first, second, *others = outside.read_bytes().splitlines()
    for cut in (10, first.index("\u2014".encode()) + 1):
        outside.write_bytes(b"\n".join([first[:cut] + second, *others]) + b"\n")
        answer = run(log, "--checkpoints", outside)
        assert answer.code == 0, answer.text


async def test_a_terminal_that_has_not_every_letter(house: Installation, log: Path, tmp_path: Path) -> None:
    """The verdict is said all the same."""
    outside = await house.write_outside(tmp_path / "outside.ndjson")
    outside.write_text(outside.read_text("utf-8").replace("syncline/test\\n", "syncline/tost\\n"), "utf-8")
    program = [sys.executable, "-S", str(PROGRAM), str(log), "--checkpoints", str(outside)]
    environment = {"PYTHONIOENCODING": "ascii"}
    done = await asyncio.to_thread(subprocess.run, program, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stdout.startswith(b"NOT TRUE:"), done.stderr) == (1, True, b"")


@pytest.mark.parametrize("more", [',"row":{"integration":"in_9"}', ',"position":1', ',"personal":{},"row":{}', "} {"])
def test_nothing_stands_behind_a_row(log: Path, tmp_path: Path, more: str) -> None:
    """Another reader could take it for the row: of two members of one name most take the last."""
    folder = unpack(log, tmp_path / "folder")
    lines = (folder / "rows.ndjson").read_text().splitlines()
    for index in (4, len(lines) - 1):
        changed = [line[:-1] + more + "}" if number == index else line for number, line in enumerate(lines)]
        (folder / "rows.ndjson").write_text("\n".join(changed) + "\n")
        answer = run(folder)
        assert (answer.code, f"position {index + 1}" in answer.text) == (1, True), answer.text
        assert "something stands behind its row" in answer.text


async def test_one_integration_out_of_a_log(house: Installation, tmp_path: Path) -> None:
    """Of the others there are hashes; the chain proves, to the last checkpoint, and so does its export alone."""
    path = await house.pack(tmp_path / "one.zip", Wanted("in_2"))
    folder = unpack(path, tmp_path / "one")
    assert b"in_1" not in b"".join(file.read_bytes() for file in folder.rglob("*.*json"))
    answer = run(path, "--key", await house.trusted())
    assert answer.code == 0
    assert "there is only the hash" in answer.text
    assert ": 1 chains" not in answer.text
    lines = (folder / "rows.ndjson").read_text().splitlines()
    alone = tmp_path / "alone.ndjson"
    alone.write_text("\n".join(line for line in lines if '"row"' in line) + "\n")
    assert run(alone).code == 1
    assert run(alone, "--some-chains").code == 0
