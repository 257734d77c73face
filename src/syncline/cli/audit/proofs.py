"""`syncline audit prove`, `check-proof` and `consistency`: proofs for those who have nothing else."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from syncline.cli.audit.keys import VerifierKeys, read_keys
from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import USAGE, CommandError, command, guarded
from syncline.cli.output import AsJson, write_json, write_text
from syncline.core.audit import decode
from syncline.core.note import Checkpoint, NoteError, VerifierKey, claimed, open_checkpoint
from syncline.core.proof import Consistency, ProofError, check_consistency, check_row, read_noted, read_row_proof

_OLD = Annotated[str, typer.Argument(metavar="OLD", help="A number of rows, or a file with a checkpoint.")]
_NEW = Annotated[str, typer.Argument(metavar="NEW", help="As OLD, and not smaller.")]
_MOST_DIGITS = 18


@command
async def prove(
    integration: Annotated[str, typer.Argument(metavar="ID", help="The integration.")],
    seq: Annotated[int, typer.Argument(min=1, metavar="SEQ", help="The number of the row in its log.")],
    *,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write; without it, standard output.")
    ] = None,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Write the proof that one row is in the newest checkpoint: a small file that shows it without the rest of the log.

    Example: syncline audit prove in_3f2a 17 --output row.json
    """
    async with connect(url, key) as client:
        proof = await client.get(f"/api/integrations/{integration}/audit/{seq}/proof")
    if output is None:
        write_json(proof)
        return
    try:
        with output.open("xb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(proof), indent=2) + b"\n")
    except OSError as error:
        raise CommandError(f"{output}: {error.strerror}") from None
    write_json({"file": str(output)}) if as_json else write_text(f"the proof is in {output}")


@guarded
def check_proof(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A proof, as `syncline audit prove` writes it.")],
    *,
    key: VerifierKeys = None,
    as_json: AsJson = False,
) -> None:
    """Check the proof of a row with nothing but the public key: no service, no database, no network.

    Example: syncline audit check-proof row.json --key syncline/5f…+1c…+AQ…
    """
    keys = read_keys(key)
    if not keys:
        raise CommandError("give the public key with --key; `syncline audit keys` shows it", code=USAGE)
    try:
        proof = read_row_proof(file.read_bytes())
        checkpoint = check_row(proof, keys)
        row = decode(proof.row.encode())
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    except (ProofError, msgspec.DecodeError) as error:
        raise CommandError(f"NOT proved: {error}") from None
    if as_json:
        facts = {"proved": True, "integration": row.integration, "seq": row.seq, "type": row.type, "at": row.at}
        write_json({**facts, "position": proof.position, "origin": checkpoint.origin, "size": checkpoint.size})
        return
    write_text(
        f"proved: {row.integration}, seq {row.seq} ({row.type}) is row {proof.position:,} of {checkpoint.origin},"
    )
    write_text(f"in a checkpoint over {checkpoint.size:,} rows")


@command
async def consistency(
    old: _OLD,
    new: _NEW,
    *,
    verifier: Annotated[
        list[str] | None,
        typer.Option("--vkey", metavar="VKEY", help="The public key that checkpoints in files have to be signed by."),
    ] = None,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Get and check the proof that the log was only added to between two moments.

    A file holds a signed note, or a line of a file of checkpoints; what it says is then what is checked, and not what
    the service says of the same size.

    Example: syncline audit consistency 1000 250000

    Example: syncline audit consistency last-year.txt 250000 --vkey syncline/5f…+1c…+AQ…
    """
    keys = read_keys(verifier)
    before, after = _point(old, keys), _point(new, keys)
    async with connect(url, key) as client:
        path = f"/api/audit/consistency?old={before[0]}&new={after[0]}"
        answer = await client.get(path)
    proof = msgspec.convert(answer, Consistency)
    try:
        check_consistency(proof)
    except ProofError as error:
        raise CommandError(f"NOT proved: {error}") from None
    for point, size, root in ((before, proof.old_size, proof.old_root), (after, proof.new_size, proof.new_root)):
        _compare(point, size, root)
    if as_json:
        write_json({"proved": True, **answer})
    else:
        write_text(f"proved: the log of {proof.new_size:,} rows begins with the one of {proof.old_size:,} rows")


def _point(text: str, keys: list[VerifierKey]) -> tuple[int, Checkpoint | None]:
    """Answer the size that is meant, and the checkpoint if there is one."""
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        return int(text), None
    try:
        raw = Path(text).read_bytes()
        noted = read_noted(raw.strip())
        note = noted.checkpoint if noted else raw.decode()
        checkpoint = open_checkpoint(note, keys)[0] if keys else claimed(note)
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{text} is neither a number of rows nor a file with a checkpoint", code=USAGE) from None
    except NoteError as error:
        raise CommandError(f"{text}: {error}") from None
    return checkpoint.size, checkpoint


def _compare(point: tuple[int, Checkpoint | None], size: int, root: str) -> None:
    """Compare what the service says with what was asked for; raises `CommandError`."""
    asked, checkpoint = point
    if asked != size or (checkpoint is not None and checkpoint.root.hex() != root):
        raise CommandError(
            f"NOT proved: the log that the service has is not the one of the checkpoint over {asked} rows"
        )
