"""What docs/audit.md says of rows, packs and records, held against the code that makes them."""

import re
from pathlib import Path

import pytest

from syncline.core import key_trail, truncation
from syncline.core.audit import FORMAT, Row
from syncline.core.event import Actor
from syncline.core.personal import FIELDS, MARK
from syncline.core.proof import RowProof
from syncline.store.packing import Start
from tests.test_pack import FILES

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """Answer what stands under a heading."""
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def test_every_member_of_a_row_is_described() -> None:
    """Each has a line of the table, and no line is of something else."""
    first = [line.split("|")[1] for line in section("A row").splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", "".join(first))) == set(Row.__struct_encode_fields__)
    assert f"the format: {FORMAT}." in PAGE
    for name in Actor.__struct_fields__:
        assert f"`{name}`" in section("A row"), name


def test_every_sealed_member_is_named() -> None:
    """All of them, and nothing else."""
    (sentence,) = re.findall(r"of `data` the members ([^.]*)\.", section("Sealed values"))
    assert set(re.findall(r"`(\w+)`", sentence)) == FIELDS
    assert f"\n{MARK}KEYID:" in PAGE


@pytest.mark.parametrize("name", sorted({name.partition("/")[0] for name in FILES} | {"start.json", "personal.json"}))
def test_every_file_of_a_pack_is_described(name: str) -> None:
    """In the table of the pack."""
    assert re.search(rf"^\| `{re.escape(name)}", section("The pack"), re.MULTILINE)


def test_members_of_proofs_and_starts_are_named() -> None:
    """By the names that the files have."""
    for name in RowProof.__struct_fields__:
        assert f"`{name}`" in section("The proof of a row"), name
    for name in Start.__struct_fields__:
        assert f"`{name}`" in section("The pack"), name


def test_what_is_signed_besides_checkpoints_is_quoted() -> None:
    """The first lines of a record and of an endorsement."""
    assert f"\n  {truncation._TITLE}\n" in PAGE
    assert f"\n  {key_trail._ENDORSEMENT}\n" in PAGE
