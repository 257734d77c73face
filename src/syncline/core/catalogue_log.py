"""The codes of the log itself: erasing, retention."""

from syncline.errors import Problem

LOG = (
    Problem(
        "audit.unknown_subject",
        "The log seals nothing of this subject.",
        "Its key was destroyed before, or nothing personal was ever recorded of it under this name.",
        "List the subjects (syncline audit subjects) and name one as it stands there, such as person:1f6c0a2b.",
        "admin",
    ),
    Problem(
        "audit.no_checkpoint",
        "The oldest rows cannot be let go yet.",
        "A signed checkpoint has to cover them first, so that what is left can still be proved.",
        "Nothing; checkpoints are signed while the service runs, and this is tried again.",
        "nobody",
        retryable=True,
    ),
)
