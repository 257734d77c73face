"""The operator's settings: command-line flags, which are also `SYNCLINE_…` environment variables."""

import ipaddress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

#: The path is the one that the vendor's own connector uses, so that guides written for it still fit.
CALLBACK_PATH = "/salesforce/getSfdcOAuthTokensRedirect"


class Settings(BaseSettings):
    """Everything that can be set; times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="SYNCLINE_", extra="ignore", frozen=True)

    data: Path = Field(Path("syncline-data"), description="Directory of the database and the master key.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str = Field(
        "", description="The address browsers use, such as https://sync.example.com; where it listens, if empty."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of proxies in front, such as 127.0.0.1: what they write into "
        "X-Forwarded-For is where a request comes from. May come several times, as --allow-hosts.",
    )
    allow_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins besides the vendors' own that may be logged in to or written to (a simulator's); "
        "the flag may come several times, the variable has spaces between them.",
    )
    login_lifetime: int = Field(600, ge=1, description="How long a started login may take.")
    cycle_interval: float = Field(300, ge=0.1, description="Pause after a sync cycle has ended.")
    change_wait: float = Field(
        3, ge=0.1, description="Pause before changes that one side tells of are fetched, for more of them to come."
    )
    follow_changes: bool = Field(
        default=True, description="Listen to the source, where it tells of changes as they happen, beside the cycles."
    )
    change_retry: float = Field(
        600, ge=0.1, description="Pause before a source that does not tell of changes is asked whether it does now."
    )
    change_streams: int = Field(
        1000, ge=1, description="How many sources are listened to at the same time, each over a connection."
    )
    look_back: int = Field(600, ge=0, description="How far a cycle reads behind the watermark for late commits.")
    throttle_wait: float = Field(900, ge=0.1, description="Pause when a daily limit is reached and no time is given.")
    failure_wait: float = Field(300, ge=0.1, description="Pause after a sync run has failed, before it is tried again.")
    session_lifetime: int = Field(7200, ge=60, description="Assumed life of an access token; Salesforce sends none.")
    renewal_interval: float = Field(
        604_800,
        ge=1,
        description="Age at which a grant is refreshed though nothing uses it; keep it below idle policies.",
    )
    idle_policy: float = Field(
        2_592_000, ge=1, description="After how long without a refresh the source is assumed to end a grant."
    )
    http_timeout: float = Field(30, ge=0.1, description="Longest wait for one answer of a provider.")
    effect_attempts: int = Field(6, ge=1, description="How often an effect is tried before it is dead-lettered.")
    effect_backoff: float = Field(
        1, gt=0, description="Longest first pause between two tries; doubles each time, up to 5 minutes."
    )
    lease: float = Field(60, ge=1, description="How long a worker may keep an effect without a sign of life.")
    concurrency: int = Field(16, ge=1, description="How many effects run at the same time.")
    target_rate: int = Field(50, ge=1, description="Calls per 20 seconds and instance; Marketo allows 100 in all.")
    target_concurrency: int = Field(
        5, ge=1, description="Calls at the same time per instance; Marketo allows 10 in all."
    )
    audit_forward: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Address that the log is forwarded to: https://…, syslog+tls://… or syslog+tcp://…, with options "
        "behind a # (see docs/exporting.md); the flag may come several times, the variable has spaces between them.",
    )
    allow_destinations: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins besides those of the internet that subscribers may be told at, such as "
        "http://10.0.0.5:9000; the flag may come several times, the variable has spaces between them.",
    )
    delivery_timeout: float = Field(15, ge=0.1, description="Longest wait for a subscriber's answer.")
    deliveries_days: float = Field(30, gt=0, description="How long deliveries that have ended are kept.")
    deliveries_megabytes: float = Field(64, gt=0, description="How much room they may take; the oldest go first.")
    checkpoint_interval: float = Field(
        60, ge=0.1, description="Longest time between signed checkpoints of the log, while there are new rows."
    )
    checkpoint_rows: int = Field(1000, ge=1, description="A checkpoint is also signed when there are so many new rows.")
    checkpoint_file: str = Field("", description="File elsewhere that each checkpoint is appended to, as a line.")
    checkpoint_url: str = Field("", description="Address elsewhere that each checkpoint is sent to, by HTTPS POST.")
    checkpoint_stdout: bool = Field(default=False, description="Write each checkpoint to standard output, as a line.")
    checkpoint_origin: str = Field(
        "",
        description="Name of the log in its checkpoints, such as sync.example.com/log; taken when the first key is "
        "made, a random one if empty.",
    )
    audit_retention: float = Field(
        0, ge=0, description="Age in days at which rows of the log are let go, by a signed record; 0 keeps all of them."
    )
    inbox_days: float = Field(30, gt=0, description="How long requests that were turned away at a door are kept.")
    inbox_megabytes: float = Field(64, gt=0, description="How much room they may take; the oldest go first.")
    master_key_command: str = Field(
        "",
        description="Command that prints the master keys, one line each: id, space, 32 bytes in base64, the current "
        "one last. Without it they come from SYNCLINE_MASTER_KEYS or, if that is empty, from master.key in the data "
        "directory.",
    )
    #: Has no flag, since other users can see a command line.
    master_keys: SecretStr = Field(SecretStr(""), description="The master keys themselves, as the command prints them.")
    log_level: str = Field(
        "info", pattern="^(debug|info|warning|error)$", description="How much is logged: debug, info, warning or error."
    )
    log_format: str = Field("json", pattern="^(json|console)$", description="How log lines look: json or console.")

    @field_validator("trusted_proxies", "allow_hosts", "allow_destinations", "audit_forward", mode="before")
    @classmethod
    def _are_words(cls, words: object) -> object:
        """An environment variable names several with white space between them, as the command line's does."""
        return tuple(words.split()) if isinstance(words, str) else words

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            try:
                ipaddress.ip_network(word)
            except ValueError:
                msg = "must be addresses or networks such as 127.0.0.1 or 10.0.0.0/8"
                raise ValueError(msg) from None
        return words

    @field_validator("allow_destinations")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """Whoever vouches for more than an origin would vouch for more than they think."""
        for origin in origins:
            parts = urlsplit(origin)
            bare = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
            if parts.scheme not in {"http", "https"} or not parts.hostname or not bare:
                msg = "must be origins such as http://10.0.0.5:9000, without a path"
                raise ValueError(msg)
        return origins

    @field_validator("checkpoint_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        """Nobody on the way may put another checkpoint in the place of ours; on this machine there is no way."""
        parts = urlsplit(url)
        near = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if url and not (parts.hostname and (parts.scheme == "https" or near)):
            msg = "must be an https address (http only to this machine)"
            raise ValueError(msg)
        return url

    @field_validator("checkpoint_origin")
    @classmethod
    def _is_key_name(cls, name: str) -> str:
        """A key is named after the log, and a plus or a space would end the name."""
        if "+" in name or any(letter.isspace() or not letter.isprintable() for letter in name):
            msg = "must be without spaces and plus signs"
            raise ValueError(msg)
        return name

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, url: str) -> str:
        """The redirect URI is built from this and compared byte for byte, so it must be a bare origin."""
        parts, bare = urlsplit(url), url.rstrip("/")
        # Reading the port raises when it is none; anything besides scheme, host and port leaves a difference.
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        origin = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port is not None else "")
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname or bare.lower() != origin):
            msg = "must be an origin such as https://sync.example.com, without a path"
            raise ValueError(msg)
        return bare
