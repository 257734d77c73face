"""The opened keys of signed hooks, kept for a while so that a request need not open the vault."""

from collections import OrderedDict
from hmac import HMAC

_MOST = 4096


class HookKeys:
    """At most 4,096 opened keys, the least used dropped first."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        """Start with none."""
        self._keys: OrderedDict[str, HMAC] = OrderedDict()

    def find(self, integration: str) -> HMAC | None:
        """Answer an integration's key when it is at hand."""
        key = self._keys.get(integration)
        if key is not None:
            self._keys.move_to_end(integration)
        return key

    def keep(self, integration: str, key: HMAC) -> None:
        """Keep a key that was just opened."""
        self._keys[integration] = key
        if len(self._keys) > _MOST:
            self._keys.popitem(last=False)

    def drop(self, integration: str) -> None:
        """Forget a key that was replaced or erased."""
        self._keys.pop(integration, None)
