"""The settings: defaults, environment, and what is refused."""

import pytest
from pydantic import ValidationError

from syncline.config import CALLBACK_PATH, Settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets is set."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SYNCLINE_{name.upper()}", raising=False)


def test_it_listens_to_this_machine_only() -> None:
    """Without a word from the operator nobody else gets in, and no host but the vendors' is spoken to."""
    settings = Settings()
    assert (settings.host, settings.public_url, settings.allow_hosts) == ("127.0.0.1", "", ())


def test_every_setting_is_also_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the prefix, in capitals."""
    monkeypatch.setenv("SYNCLINE_PORT", "9000")
    monkeypatch.setenv("SYNCLINE_CYCLE_INTERVAL", "1.5")
    settings = Settings()
    assert (settings.port, settings.cycle_interval) == (9000, 1.5)


def test_several_hosts_are_separated_by_white_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment as on the command line."""
    monkeypatch.setenv("SYNCLINE_ALLOW_HOSTS", "http://127.0.0.1:1 \n http://127.0.0.1:2")
    assert Settings().allow_hosts == ("http://127.0.0.1:1", "http://127.0.0.1:2")


def test_settings_do_not_change() -> None:
    """What was read at the start holds."""
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize("url", ["https://sync.example.com", "http://localhost:8080"])
def test_a_public_url_is_an_origin(url: str) -> None:
    """A slash at the end is forgiven, since the callback is put behind it."""
    assert Settings(public_url=url).public_url + CALLBACK_PATH == f"{url}/salesforce/getSfdcOAuthTokensRedirect"
    assert Settings(public_url=f"{url}/").public_url == url


@pytest.mark.parametrize(
    "url",
    [
        "sync.example.com",
        "ftp://sync.example.com",
        "https://",
        "https://sync.example.com/path",
        "https://sync.example.com?a=b",
        "https://sync.example.com#part",
        "https://user:password@sync.example.com",
        "https://sync.example.com:99999",
        "javascript://x",
    ],
)
def test_what_is_no_origin_is_refused(url: str) -> None:
    """A redirect URI is compared byte for byte, so nothing else may be in it."""
    with pytest.raises(ValidationError):
        Settings(public_url=url)


@pytest.mark.parametrize(
    "wrong",
    [{"port": -1}, {"port": 70000}, {"concurrency": 0}, {"log_level": "loud"}, {"effect_backoff": 0}, {"lease": 0}],
    ids=str,
)
def test_numbers_have_limits(wrong: dict[str, object]) -> None:
    """A setting that could not work is refused at the start."""
    with pytest.raises(ValidationError):
        Settings(**wrong)  # type: ignore[arg-type]


def test_every_setting_is_described() -> None:
    """The command line shows the description."""
    assert all(field.description for field in Settings.model_fields.values())
