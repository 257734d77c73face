"""The bytes of a row: canonical, readable again, chained; and what of an event may be seen in them."""

import hashlib
import json
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.core.audit import GENESIS, Row, chain, decode, describe, encode, payload_digest
from syncline.core.brought import (
    Brought,
    DataKey,
    Document,
    EndedLink,
    EndedSession,
    ErasedSubject,
    Erasure,
    LentSecret,
    LoginAttempt,
    NewApiKey,
    NewLink,
    NewSession,
    RefusedRecords,
    RevokedApiKey,
    RewrappedKey,
    RewrappedSubject,
    RewrappedSubjects,
    RotatedHook,
    SealedSecret,
    SentRecords,
    ServedRecords,
    SettledEffect,
    SpentAttempt,
    SpentLink,
    Truncation,
    WantedRecord,
)
from syncline.core.context import Context
from syncline.core.event import Actor, Event
from syncline.core.subscription import EndedSubscription, KeptSubscription, ReplayedDeliveries

ROW = Row("in_1", 2, 5, "login.denied", "k", "handled", "a", "a", Actor("source", "in_1"), "chart@1#0", "0.1")
SECRET = SealedSecret("client_secret", b"sealed bytes", "dk_1", "f00d")

#: One of each kind, and what may be seen of it.
SEEN: tuple[tuple[Brought, str], ...] = (
    (SECRET, "secret:client_secret:f00d"),
    (DataKey(b"wrapped bytes", "mk_1"), "data_key:mk_1"),
    (RewrappedKey(DataKey(b"wrapped anew", "mk_2"), DataKey(b"wrapped bytes", "mk_1")), "data_key:mk_2"),
    (
        Document("grant", {"b": 1, "a": "hidden"}),
        "document:grant:sha256=" + hashlib.sha256(b'{"a":"hidden","b":1}').hexdigest(),
    ),
    (LoginAttempt("0123456789abcdef-hidden", "browser", SECRET, 9), "login_attempt:0123456789abcdef"),
    (SpentAttempt("0123456789abcdef-hidden"), "spent_attempt:0123456789abcdef"),
    (NewLink("cl_1", b"hidden", 9), "connect_link:cl_1"),
    (SpentLink("cl_1", b"hidden", 9), "connect_link:cl_1"),
    (EndedLink("cl_1"), "connect_link:cl_1"),
    (Erasure(("code", "verifier")), "erasure:code,verifier"),
    (Erasure(), "erasure:everything"),
    (SettledEffect("in_1.2.0", "hidden lease"), "settled:in_1.2.0"),
    (SettledEffect("in_1.2.0", "hidden lease", done=False), "alive:in_1.2.0"),
    (SentRecords("Lead", (("hidden", "s"), ("b", "s"))), "sent:Lead:2"),
    (RefusedRecords("Lead", (("hidden", "reason"),)), "refused:Lead:1"),
    (ErasedSubject("person:k1"), "erased_subject:person:k1"),
    (RewrappedSubjects((RewrappedSubject("sk_1", DataKey(b"a", "mk_2"), DataKey(b"b", "mk_1")),)), "subject_keys:1"),
    (Truncation(256, "hidden note"), f"truncation:256:sha256={hashlib.sha256(b'hidden note').hexdigest()}"),
    (
        KeptSubscription("sub_1", 3, "hidden", "in_1", (), "https://hidden.example", "f00d", True, "", ()),  # noqa: FBT003
        "subscription:sub_1",
    ),
    (EndedSubscription("sub_1"), "subscription:sub_1"),
    (ReplayedDeliveries("sub_1", (4, 5)), "replayed:sub_1:2"),
    (LentSecret("client_secret", "f00d"), "lent:client_secret:f00d"),
    (NewApiKey("k1", "hidden", "viewer", (), b"hidden"), "api_key:k1"),
    (RevokedApiKey("k1"), "api_key:k1"),
    (NewSession(bytes(32), "k1", 9), "session:0000000000000000"),
    (EndedSession(bytes(32)), "session:0000000000000000"),
    (RotatedHook("hook_secret.0a", 5), "rotated:hook_secret.0a"),
    (WantedRecord("00Q1"), "wanted:00Q1"),
    (ServedRecords(("hidden", "b"), 5), "served:2"),
)


def test_bytes_are_canonical() -> None:
    """Sorted keys, no white space, UTF-8, defaults left out."""
    row = msgspec.structs.replace(ROW, data={"ü": 1, "b": {"z": None, "a": [1, 2.5]}}, context=Context(generation=1))
    assert encode(row).decode() == (
        '{"actor":{"id":"in_1","kind":"source"},"at":5,"chart":"chart@1#0","context":{"generation":1},'
        '"data":{"b":{"a":[1,2.5],"z":null},"ü":1},"disposition":"handled","from":"a","integration":"in_1","key":"k",'
        '"seq":2,"software":"0.1","to":"a","type":"login.denied"}'
    )


def test_the_order_of_data_does_not_matter() -> None:
    """Two senders that say the same in another order get the same bytes."""
    one = msgspec.structs.replace(ROW, data={"a": 1, "b": 2})
    other = msgspec.structs.replace(ROW, data={"b": 2, "a": 1})
    assert encode(one) == encode(other)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.dictionaries(st.text(max_size=5), plain, max_size=4), reason=st.text(max_size=8), seq=st.integers(1))
def test_a_row_is_read_back_as_it_was(data: dict[str, object], reason: str, seq: int) -> None:
    """Bytes, row, bytes: nothing is lost, and any JSON reader agrees."""
    row = msgspec.structs.replace(ROW, data=data, reason=reason, seq=seq % 2**62)
    content = encode(row)
    assert encode(decode(content)) == content
    assert json.loads(content).get("data", {}) == data


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"integration":5}'])
def test_other_bytes_are_no_row(content: bytes) -> None:
    """They are refused, not read half."""
    with pytest.raises(msgspec.DecodeError):
        decode(content)


def test_the_chain_binds_a_row_to_all_before_it() -> None:
    """The hash is that of the hash before and the bytes, starting from 32 zero bytes."""
    assert bytes(32) == GENESIS
    first = chain(GENESIS, b"one")
    assert first == hashlib.sha256(bytes(32) + b"one").digest()
    assert chain(first, b"two") != chain(GENESIS, b"two")


@pytest.mark.parametrize(("brought", "seen"), SEEN, ids=lambda value: type(value).__name__)
def test_what_comes_along_is_named_and_not_shown(brought: Brought, seen: str) -> None:
    """A name and a fingerprint; never the thing."""
    assert describe(brought) == seen
    assert "hidden" not in seen


def test_every_kind_has_a_name() -> None:
    """A kind of thing that is added to events is added here."""
    assert {type(brought) for brought, _ in SEEN} == set(get_args(Brought))


def event(**change: object) -> Event:
    """Make an event that differs in something."""
    base = Event("in_1", "account.saved", "k", Actor("person", "p"), 5, {"a": 1}, brings=(SECRET,))
    return msgspec.structs.replace(base, **change)


@pytest.mark.parametrize(
    "change",
    [{"type": "mapping.saved"}, {"data": {"a": 2}}, {"data": {}}, {"brings": ()}],
    ids=str,
)
def test_another_payload_has_another_digest(change: dict[str, object]) -> None:
    """What was asked for: the type, the data, the secrets that came along."""
    assert payload_digest(event(**change)) != payload_digest(event())


def test_another_secret_is_another_payload() -> None:
    """A key that comes again with another password is no repetition."""
    other = msgspec.structs.replace(SECRET, fingerprint="beef")
    assert payload_digest(event(brings=(other,))) != payload_digest(event())


def test_a_repetition_has_the_same_digest() -> None:
    """When, by whom, under which request and in which sealed bytes it comes does not matter."""
    again = event(
        at=99,
        actor=Actor("person", "other"),
        request="req_2",
        key="other",
        brings=(msgspec.structs.replace(SECRET, blob=b"sealed anew"),),
    )
    assert payload_digest(again) == payload_digest(event())
    assert len(payload_digest(again)) == 16
