"""Where the log starts, for those who check it: at the beginning, or where a signed record says that it goes on."""

import msgspec

from syncline.core.event import SERVICE
from syncline.core.key_trail import KEYS, KnownKeys
from syncline.core.merkle import Range
from syncline.core.note import NoteError, VerifierKey, open_note
from syncline.core.truncation import Record
from syncline.store.checkpoints import BrokenLogError, tree_of
from syncline.store.evidence import Start
from syncline.store.integrations import documents
from syncline.store.transaction import Transaction
from syncline.store.truncations import Truncation, bases, digest_of, truncations


def find_start(tx: Transaction) -> Start:
    """Answer where the rows that are there start, held against the record of those that were let go."""
    cuts = truncations(tx)
    if not cuts:
        return Start(Range())
    found = documents(tx, integration=SERVICE).get(KEYS)
    keys = tuple(VerifierKey.read(known.key) for known in msgspec.convert(found, KnownKeys).keys) if found else ()
    last = cuts[-1]
    try:
        tree = tree_of(tx, size=last.through)
        record, signer, fault = _hold(tx, last, tree, keys)
        return Start(tree, keys, record, signer, fault)
    except BrokenLogError as error:
        lost = Range(last.through, [b""] * last.through.bit_count())
        return Start(lost, keys, fault=f"its tree is gone: {error}")


def _hold(
    tx: Transaction, last: Truncation, tree: Range, keys: tuple[VerifierKey, ...]
) -> tuple[Record | None, VerifierKey | None, str]:
    """Answer the record, who has signed it, and what is wrong with it, empty when nothing is."""
    try:
        text, signed = open_note(last.note, keys)
        record = Record.read(text)
    except NoteError as error:
        return None, None, f"the record of what was let go cannot be trusted: {error}"
    fault = ""
    if (record.through, record.origin) != (last.through, signed[0].name):
        fault = "the record of what was let go is for another log, or for other rows"
    elif record.root != tree.root():
        fault = "what is stored of the tree is not what was signed when rows were let go"
    elif record.bases != digest_of(bases(tx)):
        fault = "where the chains go on is not what was signed when rows were let go"
    return record, signed[0], fault
