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
        return Start(tree, keys, _fault_of(tx, last, tree, keys))
    except BrokenLogError as error:
        return Start(Range(last.through, [b""] * last.through.bit_count()), keys, f"its tree is gone: {error}")


def _fault_of(tx: Transaction, last: Truncation, tree: Range, keys: tuple[VerifierKey, ...]) -> str:
    try:
        text, signed = open_note(last.note, keys)
        record = Record.read(text)
    except NoteError as error:
        return f"the record of what was let go cannot be trusted: {error}"
    if (record.through, record.origin) != (last.through, signed[0].name):
        return "the record of what was let go is for another log, or for other rows"
    if record.root != tree.root():
        return "what is stored of the tree is not what was signed when rows were let go"
    if record.bases != digest_of(bases(tx)):
        return "where the chains go on is not what was signed when rows were let go"
    return ""
