"""Signed notes and checkpoints: the public examples of others, and everything that is nearly one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.core.note import Checkpoint, NoteError, Signer, VerifierKey, claimed, open_checkpoint, open_note

#: Go's golang.org/x/mod/sumdb/note: its test key, and what it makes of two lines.
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
#: The example of C2SP signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
LOG = Signer("syncline/0123456789abcdef", bytes(range(32)))
OTHER = Signer("syncline/0123456789abcdef", bytes(range(1, 33)))
POINT = Checkpoint("syncline/0123456789abcdef", 20_852_163, bytes(range(32)))


def keys(*texts: str) -> list[VerifierKey]:
    """Verifier keys as they are written."""
    return [VerifierKey.read(text) for text in texts]


def test_a_note_is_signed_as_others_sign_it() -> None:
    """Byte by byte; Ed25519 has one signature for each text and key."""
    signer = Signer("PeterNeumann", SEED)
    assert str(signer.verifier) == PETER
    assert signer.sign(TEXT) == f"{TEXT}\n{BY_PETER}"


def test_notes_of_others_are_opened() -> None:
    """With one key, with both, and with the example of the specification."""
    note = f"{TEXT}\n{BY_PETER}{BY_ENOCH}"
    assert open_note(note, keys(PETER)) == (TEXT, keys(PETER))
    assert open_note(note, keys(ENOCH)) == (TEXT, keys(ENOCH))
    assert open_note(note, keys(ENOCH, PETER)) == (TEXT, keys(PETER, ENOCH))
    assert open_note(EXAMPLE, keys(EXAMPLE_KEY)) == ("This is an example message.\n", keys(EXAMPLE_KEY))


def test_a_signature_of_nobody_we_know_says_nothing() -> None:
    """It is not even looked at; alone it is not enough."""
    broken = BY_ENOCH.replace("Hp+v", "Hp+w")
    assert open_note(f"{TEXT}\n{BY_PETER}{broken}", keys(PETER))[1] == keys(PETER)
    with pytest.raises(NoteError, match="no known key has signed it, only EnochRoot"):
        open_note(f"{TEXT}\n{BY_ENOCH}", keys(PETER))


@pytest.mark.parametrize(
    "note",
    [
        f"{TEXT}\n{BY_PETER.replace('SffcvIAQ', 'SffcvIAR')}",
        f"{TEXT.replace('problem', 'question')}\n{BY_PETER}",
        f"{TEXT}\n\n{BY_PETER}",
        f"{TEXT}\n{BY_ENOCH}{BY_PETER.replace('SffcvIAQ', 'SffcvIAR')}",
        f"{TEXT}\n{BY_PETER[:-3]}==\n",
    ],
    ids=["signature", "text", "one_line_feed_more", "beside_a_good_one", "cut_short"],
)
def test_a_wrong_signature_of_a_known_key_spoils_the_note(note: str) -> None:
    """Whatever else has signed it."""
    with pytest.raises(NoteError, match="is not its own"):
        open_note(note, keys(PETER, ENOCH))


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n{BY_PETER[:-1]}",
        f"\x01{TEXT}\n{BY_PETER}",
        f"{TEXT}\r\n{BY_PETER}",
        f"\udcff{TEXT}\n{BY_PETER}",
        f"{TEXT}\n— Bad Name {BY_PETER[15:]}",
        f"{TEXT}\n— a+b {BY_PETER[15:]}",
        f"{TEXT}\n{BY_PETER}Unexpected line.\n",
        f"{TEXT}\n- {BY_PETER[2:]}",
        f"{TEXT}\n{BY_PETER[:-2]}\n",
        f"{TEXT}\n— PeterNeumann x08gow==\n",
        f"{TEXT}\n{BY_PETER * 100}",
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    """Before any signature is looked at."""
    with pytest.raises(NoteError, match=r"this is no signed note|is no signature"):
        open_note(note, keys(PETER))


def test_no_part_of_a_verifier_key_and_no_change_to_it_is_one() -> None:
    """Every piece that can be cut out, and every letter raised by one."""
    for start in range(len(PETER)):
        for end in range(start + 1, len(PETER) + 1):
            if (start, end) != (0, len(PETER)):
                with pytest.raises(NoteError):
                    VerifierKey.read(PETER[start:end])
    for at, letter in enumerate(PETER):
        with pytest.raises(NoteError):
            VerifierKey.read(f"{PETER[:at]}{chr(ord(letter) + 1)}{PETER[at + 1 :]}")


@pytest.mark.parametrize(
    "key",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
    ids=["too_long", "of_another_kind"],
)
def test_only_ed25519_keys_are_known(key: str) -> None:
    """Also when the id is right."""
    with pytest.raises(NoteError, match="no verifier key of the kind Ed25519"):
        VerifierKey.read(key)


@pytest.mark.parametrize("text", ["abc", "a\tb\n", "\udcff\n", ""])
def test_what_no_note_can_hold_is_not_signed(text: str) -> None:
    """Nobody could open it."""
    with pytest.raises(NoteError, match="cannot be signed"):
        LOG.sign(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b"])
def test_a_name_that_would_break_a_line_is_none(name: str) -> None:
    """Empty, with a space of any kind, or with a plus sign."""
    with pytest.raises(NoteError, match="cannot be the name of a key"):
        Signer(name, bytes(32))


def test_a_checkpoint_is_written_and_read_back() -> None:
    """Three lines, a signature, and the id in front of it."""
    note = LOG.sign(POINT.text)
    lines = note.split("\n")
    assert lines[:4] == [POINT.origin, "20852163", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""]
    assert base64.b64decode(lines[4].split(" ")[2])[:4] == LOG.verifier.id
    assert open_checkpoint(note, [LOG.verifier]) == (POINT, LOG.verifier)
    assert claimed(note) == POINT


def test_checkpoints_of_others_are_read() -> None:
    """The text of Go's checksum database, whose origin has spaces, and one with a line that says nothing to us."""
    tree = "go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n"
    assert (Checkpoint.read(tree).origin, Checkpoint.read(tree).size) == ("go.sum database tree", 123_456_789_012)
    assert Checkpoint.read(f"{POINT.text}an extension\n") == POINT


@pytest.mark.parametrize(
    "text",
    [
        "origin\n1\n",
        POINT.text[:-1],
        f"{POINT.text}\n",
        POINT.text.replace("20852163", "020852163"),
        POINT.text.replace("20852163", "+20852163"),
        POINT.text.replace("20852163", "٣"),
        POINT.text.replace("20852163", "-1"),
        POINT.text.replace("20852163", "9223372036854775808"),
        POINT.text.replace("20852163", "1" * 5000),
        POINT.text.replace("Hh8=", "Hh8"),
        POINT.text.replace("AAEC", "AAE"),
        POINT.text.replace("Hh8=", "Hh9="),
        POINT.text.replace("Hh8=", "Hg=="),
        f"\n{POINT.text}",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    """A number is written in one way, and so is a root."""
    with pytest.raises(NoteError, match="checkpoint"):
        Checkpoint.read(text)


def test_a_key_signs_for_its_own_log_only() -> None:
    """Else the log of one installation could be passed off as that of another."""
    foreign = Signer("syncline/fedcba9876543210", bytes(range(32)))
    with pytest.raises(NoteError, match="is not the one that its key is for"):
        open_checkpoint(foreign.sign(POINT.text), [foreign.verifier])


def test_a_checkpoint_of_another_key_is_refused() -> None:
    """Also when its name is the same."""
    with pytest.raises(NoteError, match="no known key"):
        open_checkpoint(OTHER.sign(POINT.text), [LOG.verifier])


@given(st.data())
def test_no_change_to_a_signed_checkpoint_is_believed(data: st.DataObject) -> None:
    """One letter, anywhere, of any kind."""
    note = LOG.sign(POINT.text)
    at = data.draw(st.integers(0, len(note) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    changed = f"{note[:at]}{letter}{note[at + 1 :]}"
    if changed != note:
        with pytest.raises(NoteError):
            open_checkpoint(changed, [LOG.verifier])
