"""Only Salesforce's own hosts over https, and what the operator has named, may be sent a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from syncline.errors import InputError
from syncline.providers.salesforce.hosts import Hosts

SIMULATOR = "http://127.0.0.1:9000"
HOSTS = Hosts((SIMULATOR + "/",))


@pytest.mark.case("oauth", 44)
@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("login.salesforce.com", "https://login.salesforce.com"),
        (" HTTPS://Test.Salesforce.com/ ", "https://test.salesforce.com"),
        ("https://login.salesforce.com:443", "https://login.salesforce.com"),
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("acme--dev.sandbox.my.salesforce.com", "https://acme--dev.sandbox.my.salesforce.com"),
        ("acme-dev-ed.develop.my.salesforce.com", "https://acme-dev-ed.develop.my.salesforce.com"),
        (SIMULATOR, SIMULATOR),
        (f"{SIMULATOR}/", SIMULATOR),
    ],
)
def test_what_is_allowed(text: str, origin: str) -> None:
    """As a person may write it."""
    assert HOSTS.origin(text) == origin


@pytest.mark.case("oauth", 44)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://login.salesforce.com",
        "ftp://login.salesforce.com",
        "javascript://login.salesforce.com",
        "https://login.salesforce.com.evil.example",
        "https://evil.example/login.salesforce.com",
        "https://evil.example?.my.salesforce.com",
        "https://evil.example#.my.salesforce.com",
        "https://evil.example\\.my.salesforce.com",
        "https://login.salesforce.com@evil.example",
        "https://evil.example@login.salesforce.com",
        "https://xmy.salesforce.com",
        "https://my.salesforce.com",
        "https://.my.salesforce.com",
        "https://-.my.salesforce.com",
        "https://a.b.c.my.salesforce.com",
        "https://login.salesforce.com.",
        "https://login.salesforce.com:8443",
        "https://login.salesforce.com:port",
        "https://lоgin.salesforce.com",  # noqa: RUF001  a Cyrillic letter, on purpose
        "https://login.salesforce.com/services/oauth2/token",
        "https://[::1",
        "https://login.salesforce.com\n.evil.example",
        "https://127.0.0.1:9000",
        "http://127.0.0.1:9001",
        "http://127.0.0.1",
        "x" * 3000,
    ],
)
def test_what_is_not(text: str) -> None:
    """Each is refused with the name of the field, for the form."""
    with pytest.raises(InputError) as caught:
        HOSTS.origin(text)
    assert caught.value.code == "salesforce.host_not_allowed"
    assert caught.value.facts == {"field": "login_host"}


def test_a_pasted_address_with_a_token_is_not_repeated() -> None:
    """An error's text may be shown to anybody."""
    with pytest.raises(InputError) as caught:
        HOSTS.origin("https://evil.example/#access_token=s3cret")
    assert "s3cret" not in str(caught.value)


@pytest.mark.case("oauth", 44)
@given(st.text("abz019-.:/@?#\\%[] \t\nhtpsmyaleforcgin", max_size=60))
def test_whatever_is_allowed_leads_to_salesforce(text: str) -> None:
    """Also as another parser reads it."""
    try:
        origin = HOSTS.origin_of("https://" + text + ".my.salesforce.com")
    except InputError:
        return
    url = URL(origin)
    assert url.scheme == "https"
    assert (url.host or "").endswith(".my.salesforce.com")
    assert (url.user, url.port, url.path) == (None, 443, "/")
