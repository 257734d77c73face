"""Where the log is forwarded to, as the operator says it: an address, and options behind its `#`, which is never sent.

`https://siem.example.com/in?source=syncline#format=ocsf&token-file=/run/secrets/siem`
`syslog+tls://log.example.com:6514#ca=/etc/ssl/ours.pem`
"""

import ipaddress
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from pydantic import SecretStr

from syncline.errors import ConfigurationError

T = TypeVar("T")
Form = Literal["rows", "ocsf"]

#: Schemes, and the port of each.
_PORTS = {"https": 443, "http": 80, "syslog+tls": 6514, "syslog+tcp": 601}
_OPTIONS = frozenset({"format", "reveal", "name", "pause", "timeout", "token-file", "token-env", "ca", "certificate"})
_FORMS: dict[str, Form] = {"rows": "rows", "ocsf": "ocsf"}
_YES_OR_NO = {"yes": True, "no": False}
_LONGEST_NAME = 200
_LONGEST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Destination:
    """One place; its name is what its standing is remembered under, so that survives a change of path and options."""

    name: str
    scheme: str
    host: str
    port: int
    #: As it is called, without the options; it may hold a secret.
    url: str = field(repr=False)
    form: Form = "rows"
    #: Whether personal data is sent in the clear.
    reveal: bool = False
    #: How long rows are gathered before they are sent, in seconds.
    pause: float = 1.0
    #: How long one delivery may take, in seconds.
    timeout: float = 30.0
    token_file: Path | None = None
    token_env: str = ""
    authority: Path | None = None
    certificate: Path | None = None

    @property
    def is_syslog(self) -> bool:
        """Whether rows go there as syslog messages."""
        return self.scheme.startswith("syslog")

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.scheme in {"https", "syslog+tls"}

    def token(self) -> SecretStr | None:
        """Read the bearer token, each time, since a file may have been changed; raises `ConfigurationError`."""
        try:
            if self.token_file is not None:
                return SecretStr(self.token_file.read_text(encoding="utf-8").strip())
        except (OSError, ValueError):
            raise _wrong(self.name, f"the token cannot be read from {self.token_file}") from None
        if self.token_env and not os.environ.get(self.token_env):
            raise _wrong(self.name, f"the variable {self.token_env} is empty")
        return SecretStr(os.environ[self.token_env].strip()) if self.token_env else None

    def trust(self) -> ssl.SSLContext:
        """Answer what judges the other side's certificate, and shows ours if there is one; raises the same."""
        try:
            context = ssl.create_default_context(cafile=self.authority)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate)
        except (OSError, ssl.SSLError):
            raise _wrong(self.name, "the authority or the certificate cannot be read") from None
        return context


def read_destinations(texts: Iterable[str]) -> tuple[Destination, ...]:
    """Read the operator's list and try what it names; raises `ConfigurationError`, which tells only the host."""
    found = tuple(map(_read, texts))
    for number, destination in enumerate(found):
        if destination.name in {other.name for other in found[:number]}:
            raise _wrong(destination.name, "it is there twice; tell them apart by #name=")
        destination.token()
        destination.trust()
    return found


def _read(text: str) -> Destination:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _wrong("", "it is no address") from None
    # Some receivers have their secret in the path, some in the query: neither is ever shown.
    bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if parts.scheme not in _PORTS or not host:
        raise _wrong(bare, f"it has to begin with one of {', '.join(f'{scheme}://' for scheme in _PORTS)}")
    if "@" in parts.netloc:
        raise _wrong(bare, "a password does not belong into an address; name a token by #token-file= or #token-env=")
    if parts.scheme == "http" and not _is_here(host):
        raise _wrong(bare, "http is for this machine only; use https")
    return _with_options(parts, host, port or _PORTS[parts.scheme], bare)


def _with_options(parts: SplitResult, host: str, port: int, bare: str) -> Destination:
    pairs = parse_qsl(parts.fragment, keep_blank_values=True)
    options = dict(pairs)
    if unknown := sorted(options.keys() - _OPTIONS):
        raise _wrong(bare, f"there is no option {unknown[0]}; there are {', '.join(sorted(_OPTIONS))}")
    if len(options) < len(pairs):
        raise _wrong(bare, "an option is there twice")
    if "token-file" in options and "token-env" in options:
        raise _wrong(bare, "there can be one token")
    is_syslog = parts.scheme.startswith("syslog")
    if is_syslog and (parts.path.strip("/") or parts.query or options.keys() & {"token-file", "token-env"}):
        raise _wrong(bare, "syslog has no path, no query and no token")
    if parts.scheme in {"http", "syslog+tcp"} and options.keys() & {"ca", "certificate"}:
        raise _wrong(bare, "there are no certificates without TLS")
    name = options.get("name", bare)
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise _wrong(bare, "its name is empty, too long or not printable")
    return Destination(
        name=name,
        scheme=parts.scheme,
        host=host,
        port=port,
        url=urlunsplit(parts._replace(fragment="")),
        form=_one_of(_FORMS, options.get("format", "rows"), bare, "format"),
        reveal=_one_of(_YES_OR_NO, options.get("reveal", "no"), bare, "reveal"),
        pause=_seconds(options.get("pause", "1"), bare, "pause"),
        timeout=_seconds(options.get("timeout", "30"), bare, "timeout") or 1.0,
        token_file=Path(options["token-file"]) if "token-file" in options else None,
        token_env=options.get("token-env", ""),
        authority=Path(options["ca"]) if "ca" in options else None,
        certificate=Path(options["certificate"]) if "certificate" in options else None,
    )


def _one_of(known: dict[str, T], text: str, bare: str, option: str) -> T:
    if text not in known:
        raise _wrong(bare, f"{option} is one of {', '.join(known)}")
    return known[text]


def _seconds(text: str, bare: str, option: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_SECONDS:  # Also false for what is no number.
        raise _wrong(bare, f"{option} is a number of seconds up to {_LONGEST_SECONDS:g}")
    return seconds


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(name: str, why: str) -> ConfigurationError:
    return ConfigurationError("forwarding.destination", f"{name}: {why}" if name else why)
