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
        "checkpoint.not_yet",
        "No checkpoint holds the row yet.",
        "It is younger than the newest checkpoint.",
        "Ask again in a minute: the next checkpoint is signed by then.",
        "nobody",
        retryable=True,
    ),
    Problem(
        "checkpoint.unknown",
        "The log cannot be shown at that size.",
        "It is larger than the log is now, or than the size that it is compared with; or rows are gone that it needs.",
        "Take the sizes from the list of checkpoints (syncline audit checkpoints).",
        "admin",
    ),
    Problem(
        "checkpoint.contradicted",
        "The log is not what an earlier checkpoint was signed for.",
        "Rows were changed or cut off behind the service, or the database was restored from an older copy.",
        "Find out which (syncline audit verify --checkpoints FILE). If a copy was restored, say so with "
        "syncline audit rotate-key --after-restore; then checkpoints are signed again, by a new key.",
        "operator",
    ),
)
