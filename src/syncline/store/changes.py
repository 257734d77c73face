"""What an event is about to replace, read in its own transaction, so that no other can come between."""

import msgspec

from syncline.core.brought import Document, SealedSecret
from syncline.core.change import Change, compare, is_configuration
from syncline.core.event import Event
from syncline.store.transaction import Transaction


def changes(tx: Transaction, event: Event) -> dict[str, Change]:
    """Answer what an accepted event replaces, by `document:` or `secret:` and the name.

    Only events that bring documents or secrets are asked about, which are few; the progress of a sync is left out, and
    signed events bring nothing.
    """
    found: dict[str, Change] = {}
    for brought in event.brings:
        match brought:
            case Document(name=name, body=body) if is_configuration(name):
                row = tx.find_document(integration=event.integration, name=name)
                change = compare(msgspec.json.decode(row[0]), body) if row else None
                if change is not None:
                    found[f"document:{name}"] = change
            case SealedSecret(field=field, fingerprint=fingerprint):
                row = tx.find_fingerprint(integration=event.integration, field=field)
                if row and row[0] != fingerprint:
                    found[f"secret:{field}"] = Change(row[0], fingerprint)
    return found
