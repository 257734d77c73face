"""Personal data in the log: sealed under the key of its subject before the row is hashed, opened for those who read.

Law: a row holds no name, address or e-mail address in the clear, and no hash of one. Erasing a subject destroys its
key; every row and every hash stays as it is, and proves as before, also in a backup. The key of a subject is wrapped by
the master key itself, so that changing that and dropping the old one ends the erased key in every backup too.

AES-SIV (RFC 5297): the same value of the same subject is always the same text, so that a repetition is known as one,
equal values can be found, and a sender's address is sealed once and not again for each of its events.
"""

import base64
import secrets
from binascii import b2a_base64
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from syncline.core.event import Actor, Event
from syncline.core.personal import ERASED, FIELDS, MARK, sender_of, spoken_of
from syncline.store.subjects import SubjectKey, keep_subject, subject_key, subject_keys
from syncline.store.transaction import Store, Transaction
from syncline.vault import Vault

T = TypeVar("T")

_KEY_BITS = 512  #: AES-256 in SIV takes two keys
_FOR_URLS = bytes.maketrans(b"+/", b"-_")  #: RFC 4648 §5
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    cipher: AESSIV
    #: What is authenticated with each value.
    bound: list[bytes]

    def seal(self, value: object) -> str:
        text = b2a_base64(self.cipher.encrypt(_encode(value), self.bound), newline=False).translate(_FOR_URLS).decode()
        return f"{MARK}{self.id}:{text}"

    def open(self, text: str) -> object:
        """Answer what was sealed; raises `InvalidTag` or `ValueError` for anything else."""
        return msgspec.json.decode(self.cipher.decrypt(base64.urlsafe_b64decode(text), self.bound))


class Privacy:
    """Seals what is personal in events, and opens it again where it is shown."""

    def __init__(self, store: Store, vault: Vault) -> None:
        """Take what is read for those who are shown something, and what opens the keys."""
        self._store, self._vault = store, vault

    def seal(self, tx: Transaction, event: Event) -> Event:
        """Answer the event with everything personal in it sealed; raises `ConfigurationError` without the master key.

        A subject that has no key, or none any more, gets one by the same transaction. What was opened is kept with
        the transaction, which forgets it when it is taken back; so no text is sealed by a key that is not there.
        Every signed event comes through here, so whatever its sender's next one needs as well is found at once.
        """
        actor, data, key = event.actor, event.data, None
        if actor.address:
            who = (actor, event.integration)
            actor, key = tx.keys.get(who) or self._seal_address(tx, who, event.at)
        for name in FIELDS.intersection(data):
            value = data[name]
            if value and not _is_sealed(value):
                other = spoken_of(event)
                if other or key is None:
                    key = self._key(tx, other or sender_of(actor, event.integration), event.at)
                data = {**data, name: key.seal(value)}
        if actor is event.actor and data is event.data:
            return event
        return msgspec.structs.replace(event, actor=actor, data=data)

    async def reveal(self, thing: T) -> T:
        """Answer a thing of structs, mappings, lists and texts with everything sealed in it opened or `ERASED`."""
        found = {text for text in _texts(thing) if _is_sealed(text)}
        if not found:
            return thing
        names = frozenset(text.split(":")[1] for text in found)
        stored = await self._store.read(partial(subject_keys, ids=names))
        keys = {name: self._open(key) for name, key in stored.items() if key.blob}
        opened: T = _replaced(thing, {text: _opened(text, keys, stored) for text in found})
        return opened

    def _seal_address(self, tx: Transaction, who: tuple[Actor, str], at: int) -> tuple[Actor, _Key | None]:
        """Answer the actor with its address sealed, and the key that did it."""
        actor, integration = who
        if _is_sealed(actor.address):
            return actor, None
        key = self._key(tx, sender_of(actor, integration), at)
        found = msgspec.structs.replace(actor, address=key.seal(actor.address)), key
        tx.keep_key(who, found)
        return found

    def _key(self, tx: Transaction, subject: str, at: int) -> _Key:
        known: _Key | None = tx.keys.get(subject)
        if known is not None:
            return known
        key = self._open(subject_key(tx, subject=subject) or keep_subject(tx, self._make(subject, at)))
        tx.keep_key(subject, key)
        return key

    def _make(self, subject: str, at: int) -> SubjectKey:
        id_ = f"sk_{secrets.token_hex(8)}"
        wrapped = self._vault.wrap(id_, AESSIV.generate_key(_KEY_BITS))
        return SubjectKey(id_, subject, wrapped.blob, wrapped.key_id, at, None)

    def _open(self, key: SubjectKey) -> _Key:
        return _Key(key.id, AESSIV(self._vault.unwrap(key.id, key.wrapped)), [key.id.encode()])


def _is_sealed(value: object) -> bool:
    return isinstance(value, str) and value.startswith(MARK) and value.count(":") == 2  # noqa: PLR2004


def _opened(text: str, keys: dict[str, _Key], stored: dict[str, SubjectKey]) -> object:
    """Answer what a text holds; what only looks as if it were sealed stays as it is."""
    _, name, cipher = text.split(":")
    if name not in keys:
        return ERASED if name in stored else text
    try:
        return keys[name].open(cipher)
    except (InvalidTag, ValueError, msgspec.DecodeError):
        return text


def _texts(thing: object) -> set[str]:
    match thing:
        case str():
            return {thing}
        case msgspec.Struct():
            return set().union(*(_texts(getattr(thing, name)) for name in thing.__struct_fields__))
        case dict():
            return set().union(*map(_texts, thing.values()))
        case list() | tuple():
            return set().union(*map(_texts, thing))
        case _:
            return set()


def _replaced(thing: Any, known: dict[str, object]) -> Any:  # noqa: ANN401  any shape of data
    match thing:
        case str():
            return known.get(thing, thing)
        case msgspec.Struct():
            fields = {name: _replaced(getattr(thing, name), known) for name in thing.__struct_fields__}
            return msgspec.structs.replace(thing, **fields)
        case dict():
            return {name: _replaced(value, known) for name, value in thing.items()}
        case list() | tuple():
            return type(thing)(_replaced(part, known) for part in thing)
        case _:
            return thing
