"""What the API answers about API keys and about master keys."""

import msgspec

from syncline.rotation import Progress
from syncline.store.access import ApiKey
from syncline.web.models import Model


class KeyView(Model):
    """An API key as it may be shown."""

    id: str
    name: str
    role: str
    created_at: int
    revoked_at: int | None
    #: The integrations that it is for; empty: all of them.
    integrations: tuple[str, ...]

    @classmethod
    def of(cls, key: ApiKey) -> "KeyView":
        """Answer a key as it may be shown."""
        return KeyView.model_validate(msgspec.structs.asdict(key))


class NewKey(KeyView):
    """A key that was just made; its text is shown this once."""

    key: str


class Keys(Model):
    """All API keys."""

    items: tuple[KeyView, ...]


class MasterKey(Model):
    """A master key of the ring, by its name."""

    id: str
    #: How many integrations' data keys it wraps.
    data_keys: int
    #: How many keys of subjects, by which the log's personal data is sealed, it wraps.
    subject_keys: int


class MasterKeys(Model):
    """The ring, and where a rotation stands."""

    current: str
    rotating: bool
    #: Keys of both kinds that another key than the current one wraps.
    left: int
    items: tuple[MasterKey, ...]

    @classmethod
    def of(cls, progress: Progress) -> "MasterKeys":
        """Answer them as they may be shown."""
        counts = [(id_, count, progress.subjects[id_]) for id_, count in progress.wrapped.items()]
        items = tuple(MasterKey(id=id_, data_keys=count, subject_keys=of) for id_, count, of in counts)
        return MasterKeys(current=progress.current, rotating=progress.running, left=progress.left, items=items)
