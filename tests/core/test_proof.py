"""A proof shows what follows from hashes and a signature: no part of it can be exchanged for another."""

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.core.audit import GENESIS, chain
from syncline.core.merkle import Range, inclusion_spans
from syncline.core.note import Checkpoint, Signer
from syncline.core.proof import (
    Consistency,
    Noted,
    ProofError,
    RowProof,
    check_consistency,
    check_row,
    read_noted,
    read_row_proof,
    write_noted,
)

SIGNER = Signer("syncline/test", bytes(range(32)))
SIZE = 21
ROWS = [f'{{"seq":{number}}}' for number in range(1, SIZE + 1)]


def hashes() -> list[bytes]:
    """The chain of the rows."""
    links = [GENESIS]
    for row in ROWS:
        links.append(chain(links[-1], row.encode()))
    return links


def root(start: int, end: int) -> bytes:
    """The root over some of them."""
    tree = Range()
    tree.extend(hashes()[start + 1 : end + 1])
    return tree.root()


NOTE = SIGNER.sign(Checkpoint("syncline/test", SIZE, root(0, SIZE)).text)


def proof(position: int) -> RowProof:
    """The proof of a row."""
    path = [root(*span).hex() for span in inclusion_spans(position - 1, SIZE)]
    return RowProof(ROWS[position - 1], hashes()[position - 1].hex(), position, NOTE, tuple(path))


@pytest.mark.parametrize("position", range(1, SIZE + 1))
def test_every_row_is_proved(position: int) -> None:
    """By its own proof, also after that was a file."""
    file = msgspec.json.encode(proof(position))
    checkpoint = check_row(read_row_proof(file), [SIGNER.verifier])
    assert (checkpoint.size, checkpoint.root) == (SIZE, root(0, SIZE))


@given(st.data())
def test_nothing_in_it_can_be_another(data: st.DataObject) -> None:
    """Row, predecessor, position, path and checkpoint belong together."""
    position = data.draw(st.integers(1, SIZE))
    true = proof(position)
    other = proof(data.draw(st.integers(1, SIZE).filter(lambda number: number != position)))
    name = data.draw(st.sampled_from(["row", "previous", "position", "path"]))
    wrong = msgspec.structs.replace(true, **{name: getattr(other, name)})
    if wrong != true:
        with pytest.raises(ProofError, match="the row is not at position"):
            check_row(wrong, [SIGNER.verifier])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"checkpoint": NOTE.replace("21", "22")}, "the checkpoint: the signature"),
        ({"checkpoint": "no note"}, "the checkpoint: this is no signed note"),
        ({"previous": "00"}, "a hash is 64 hexadecimal letters"),
        ({"previous": "zz" * 32}, "a hash is 64 hexadecimal letters"),
        ({"path": ()}, "the row is not at position 4"),
        ({"path": ("00",)}, "a hash is 64 hexadecimal letters"),
        ({"position": 0}, "the row is not at position 0"),
        ({"position": 10**30}, "the row is not at position"),
        ({"row": ROWS[3] + " "}, "the row is not at position 4"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], reason: str) -> None:
    """In words that may be shown."""
    with pytest.raises(ProofError, match=reason):
        check_row(msgspec.structs.replace(proof(4), **change), [SIGNER.verifier])


def test_a_proof_needs_a_key_that_is_trusted() -> None:
    """And one for this log."""
    with pytest.raises(ProofError, match="no known key has signed it"):
        check_row(proof(4), [Signer("syncline/test", bytes(32)).verifier])
    with pytest.raises(ProofError, match="no known key has signed it"):
        check_row(proof(4), [])


@pytest.mark.parametrize("text", [b"", b"[]", b'{"row": 1}', b"\xff", b'{"row": "\\ud800"}'])
def test_what_is_no_proof_is_not_read(text: bytes) -> None:
    """Whatever it is instead."""
    with pytest.raises(ProofError, match="this is no proof of a row"):
        read_row_proof(text)


def test_consistency_is_checked() -> None:
    """The roots and the path belong together."""
    good = Consistency(4, root(0, 4).hex(), 8, root(0, 8).hex(), (root(4, 8).hex(),))
    check_consistency(good)
    for change in ({"old_root": root(0, 3).hex()}, {"new_root": root(0, 7).hex()}, {"new_size": 9}, {"path": ()}):
        with pytest.raises(ProofError, match="does not begin with the one of 4"):
            check_consistency(msgspec.structs.replace(good, **change))


@given(st.integers(-(2**63), 2**63 - 1), st.text())
def test_a_line_of_a_place_outside_is_read_back(at: int, note: str) -> None:
    """And stays one line, whatever is in the note."""
    line = write_noted(Noted(at, note))
    assert line.count(b"\n") == 1
    assert read_noted(line) == Noted(at, note)


@pytest.mark.parametrize("line", [b"", b"{", b"null", b'{"at": "1", "checkpoint": ""}', b"\xff\xfe", sha256().digest()])
def test_a_line_that_is_none_is_passed_over(line: bytes) -> None:
    """A crash may have cut it off."""
    assert read_noted(line) is None
