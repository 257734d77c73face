"""Why a job came to nothing."""


class JobFailedError(Exception):
    """A job that can not do what was asked; raised before it has written anything."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
