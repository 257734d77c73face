"""What the API answers about API keys."""

from syncline.store.access import ApiKey
from syncline.web.models import Model


class KeyView(Model):
    """An API key as it may be shown."""

    id: str
    name: str
    role: str
    created_at: int
    revoked_at: int | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyView":
        """Answer a key as it may be shown."""
        return KeyView(id=key.id, name=key.name, role=key.role, created_at=key.created_at, revoked_at=key.revoked_at)


class NewKey(KeyView):
    """A key that was just made; its text is shown this once."""

    key: str


class Keys(Model):
    """All API keys."""

    items: tuple[KeyView, ...]
