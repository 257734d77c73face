"""Personal data in the log: sealed under the key of its subject before the row is hashed, opened for those who read.

Law: a row holds no name, address or e-mail address in the clear, and no hash of one. Erasing a subject destroys its
key; every row and every hash stays as it is, and proves as before, also in a backup. The key of a subject is wrapped by
the master key itself, so that changing that and dropping the old one ends the erased key in every backup too.

AES-SIV (RFC 5297): the same value of the same subject is always the same text, so that a repetition is known as one,
equal values can be found, and a sender's address is sealed once and not again for each of its events.
"""

import base64
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from syncline.core.event import Actor, Event
from syncline.core.personal import FIELDS, MARK, sender_of, subject_of
from syncline.store.subjects import SubjectKey, keep_subject, subject_key, subject_keys
from syncline.store.transaction import Store
from syncline.vault import Vault

T = TypeVar("T")

#: What is shown in the place of something whose key is destroyed.
ERASED = "(erased)"

_KEY_BITS = 512  #: AES-256 in SIV takes two keys
_MOST_KEYS = 4096
_MOST_VALUES = 16_384
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    cipher: AESSIV

    def seal(self, value: object) -> str:
        text = base64.urlsafe_b64encode(self.cipher.encrypt(_encode(value), [self.id.encode()])).decode()
        return f"{MARK}{self.id}:{text}"

    def open(self, text: str) -> object:
        """Answer what was sealed; raises `InvalidTag` or `ValueError` for anything else."""
        return msgspec.json.decode(self.cipher.decrypt(base64.urlsafe_b64decode(text), [self.id.encode()]))


class Privacy:
    """Seals what is personal in events, and opens it again where it is shown."""

    def __init__(self, store: Store, vault: Vault, now: Callable[[], int]) -> None:
        """Take where the keys are and what opens them."""
        self._store, self._vault, self._now = store, vault, now
        self._keys: OrderedDict[str, _Key] = OrderedDict()  # by subject
        self._values: OrderedDict[tuple[str, str], str] = OrderedDict()  # addresses, by subject and value

    async def seal(self, event: Event) -> Event:
        """Answer the event with everything personal in it sealed."""
        actor, data = event.actor, event.data
        if actor.address and not actor.address.startswith(MARK):
            actor = await self._seal_address(actor, event.integration)
        if personal := FIELDS & data.keys():
            key = await self._key(subject_of(event))
            data = data | {name: key.seal(data[name]) for name in personal if data[name] and not _is_sealed(data[name])}
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

    def forget(self, subject: str) -> None:
        """Drop what is at hand of a subject whose key was destroyed."""
        self._keys.pop(subject, None)
        for known in [known for known in self._values if known[0] == subject]:
            del self._values[known]

    async def _seal_address(self, actor: Actor, integration: str) -> Actor:
        subject = sender_of(actor, integration)
        known = (subject, actor.address)
        text = self._values.get(known)
        if text is None:
            text = self._values[known] = (await self._key(subject)).seal(actor.address)
            if len(self._values) > _MOST_VALUES:
                self._values.popitem(last=False)
        return msgspec.structs.replace(actor, address=text)

    async def _key(self, subject: str) -> _Key:
        """Answer the key of a subject, a new one for a subject that has none (or none any more)."""
        key = self._keys.get(subject)
        if key is not None:
            self._keys.move_to_end(subject)
            return key
        stored = await self._store.read(partial(subject_key, subject=subject))
        if stored is None:
            stored = await self._store.write(partial(keep_subject, key=self._make(subject)))
        key = self._keys[subject] = self._open(stored)
        if len(self._keys) > _MOST_KEYS:
            self._keys.popitem(last=False)
        return key

    def _make(self, subject: str) -> SubjectKey:
        id_ = f"sk_{secrets.token_hex(8)}"
        wrapped = self._vault.wrap(id_, AESSIV.generate_key(_KEY_BITS))
        return SubjectKey(id_, subject, wrapped.blob, wrapped.key_id, self._now(), None)

    def _open(self, key: SubjectKey) -> _Key:
        return _Key(key.id, AESSIV(self._vault.unwrap(key.id, key.wrapped)))


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
