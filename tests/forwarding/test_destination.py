"""Destinations as the operator writes them: what is taken, and what is refused with a sentence that helps."""

from pathlib import Path

import pytest

from syncline.errors import ConfigurationError
from syncline.forwarding.destination import read_destinations


def test_address_alone_is_enough() -> None:
    """Each scheme has its port; rows go as they are, sealed."""
    here, there, plain = read_destinations(
        ["https://siem.example.com/in", "syslog+tls://log.example.com", "syslog+tcp://[::1]:1601"]
    )
    assert (here.host, here.port, here.form, here.reveal) == ("siem.example.com", 443, "rows", False)
    assert (here.is_syslog, here.is_private, here.token()) == (False, True, None)
    assert (there.host, there.port, there.is_syslog, there.is_private) == ("log.example.com", 6514, True, True)
    assert (plain.host, plain.port, plain.is_private) == ("::1", 1601, False)


def test_options_stand_behind_the_hash_and_are_never_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Path and query are the receiver's and are sent; the name has neither, for they may hold a secret."""
    (tmp_path / "token").write_text("top-secret\n")
    text = f"https://siem.example.com/in?key=hidden#format=ocsf&reveal=yes&pause=0.5&token-file={tmp_path}/token"
    (found,) = read_destinations([text])
    assert found.url == "https://siem.example.com/in?key=hidden"
    assert found.name == "https://siem.example.com"
    assert (found.form, found.reveal, found.pause) == ("ocsf", True, 0.5)
    token = found.token()
    assert token is not None
    assert token.get_secret_value() == "top-secret"
    assert "top-secret" not in repr(found)
    assert "hidden" not in repr(found)
    monkeypatch.setenv("SIEM_TOKEN", "from-outside")
    (found,) = read_destinations(["https://siem.example.com/in#token-env=SIEM_TOKEN&name=siem"])
    token = found.token()
    assert token is not None
    assert (found.name, token.get_secret_value()) == ("siem", "from-outside")


def test_same_place_twice_needs_names() -> None:
    """What is remembered of the two would be one."""
    with pytest.raises(ConfigurationError, match="twice"):
        read_destinations(["https://siem.example.com/a", "https://siem.example.com/b"])
    assert len(read_destinations(["https://siem.example.com/a", "https://siem.example.com/b#name=other"])) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("siem.example.com", "begin with one of"),
        ("ftp://siem.example.com", "begin with one of"),
        ("https:///in", "begin with one of"),
        ("https://siem.example.com:99999", "no address"),
        ("http://siem.example.com/in", "this machine only"),
        ("https://user:hunter2@siem.example.com/in", "a password does not belong"),
        ("https://siem.example.com/in#colour=red", "no option colour"),
        ("https://siem.example.com/in#format=xml", "one of rows, ocsf"),
        ("https://siem.example.com/in#reveal=maybe", "one of yes, no"),
        ("https://siem.example.com/in#pause=soon", "number of seconds"),
        ("https://siem.example.com/in#pause=nan", "number of seconds"),
        ("https://siem.example.com/in#name=", "name"),
        ("https://siem.example.com/in#format=ocsf&format=rows", "an option is there twice"),
        ("https://siem.example.com/in#token-env=A&token-file=b", "one token"),
        ("https://siem.example.com/in#token-file=/does/not/exist", "cannot be read"),
        ("https://siem.example.com/in#token-env=SYNCLINE_TEST_NOT_SET", "is empty"),
        ("https://siem.example.com/in#ca=/does/not/exist", "cannot be read"),
        ("syslog+tls://log.example.com/path", "no path"),
        ("syslog+tls://log.example.com#token-env=HOME", "no path, no query and no token"),
        ("syslog+tcp://log.example.com#ca=/etc/x.pem", "without TLS"),
    ],
)
def test_what_cannot_be_is_refused_at_the_start(text: str, why: str) -> None:
    """By a sentence that says what, and repeats no password."""
    with pytest.raises(ConfigurationError, match=why) as caught:
        read_destinations([text])
    assert caught.value.code == "forwarding.destination"
    assert "hunter2" not in str(caught.value)


def test_loopback_may_be_spoken_to_in_the_clear() -> None:
    """A collector on the same machine often has no certificate."""
    for text in ("http://127.0.0.1:9000/in", "http://localhost/in", "http://[::1]/in"):
        (found,) = read_destinations([text])
        assert found.scheme == "http"
