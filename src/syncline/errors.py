"""The few error classes; each answers: whose fault is it, and is it permanent?

Law: an error's text may be shown to anyone, so no secret may ever be put into one. Only `web/` knows HTTP statuses.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of the error catalogue: what a code means and what to do about it."""

    code: str
    #: One sentence for the person who meets it.
    meaning: str
    cause: str
    remedy: str
    #: Who can fix it: `admin`, `salesforce_admin`, `marketo_admin`, `engineer`, `operator`, or `nobody` when it
    #: passes by itself.
    fixer: str
    retryable: bool = False


class SynclineError(Exception):
    """Something went wrong that has an entry in the error catalogue."""

    def __init__(self, code: str, detail: str = "", *, facts: Mapping[str, object] | None = None) -> None:
        """Keep the catalogue `code`, a sentence for this occurrence and facts safe to show."""
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.facts = dict(facts or {})
        #: Whether the log says so already, so that no door has to.
        self.noted = False


class InputError(SynclineError):
    """The caller sent something that can never be accepted; `facts["field"]` names the field if there is one."""


class NotFoundError(SynclineError):
    """What was asked for does not exist, or the caller may not know that it does."""


class ForbiddenError(SynclineError):
    """The caller is known but may not do this."""


class ConflictError(SynclineError):
    """The request collides with one that came before it, such as a key used again with another payload."""


class UnavailableError(SynclineError):
    """The service itself cannot answer now; nothing was recorded and the caller may try again."""


class ConfigurationError(SynclineError):
    """The operator's configuration, chart or data directory is wrong; the service does not start."""


class ProviderError(SynclineError):
    """A provider did not do what was asked; the subclass says what follows from it."""


class UnreachableError(ProviderError):
    """The provider is slow, down or answers garbage: nobody's permanent fault, try again later."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        retry_after: float | None = None,
        reply_lost: bool = False,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """As the base class; `retry_after` is in seconds, as the provider asked for it (RFC 9110 §10.2.3).

        `reply_lost` says that the request may have been carried out and nobody knows: it was sent, at least in part,
        and no answer came, or one that breaks off. False when the connection was never made, or when the provider
        answered in so many words that it did nothing (such as a 503).
        """
        super().__init__(code, detail, facts=facts)
        self.retry_after = retry_after
        self.reply_lost = reply_lost


class ThrottledError(UnreachableError):
    """A quota of the provider is used up; work resumes by itself after `retry_after` seconds (None: unknown)."""


class RejectedError(ProviderError):
    """The provider refused for good: a person has to change something, the catalogue says what."""


class GrantLostError(RejectedError):
    """The authorization itself is gone (revoked, expired, spent): a person has to log in again."""
