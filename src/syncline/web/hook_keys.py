"""The opened keys of signed hooks, kept for a while so that a request need not open the vault."""

from collections import OrderedDict

from cryptography.hazmat.primitives.hmac import HMAC

_MOST = 4096

#: The keys of one hook, several while a secret is exchanged, each with its end in microseconds (0: none is known).
Keys = tuple[tuple[HMAC, int], ...]


class HookKeys:
    """The opened keys of at most 4,096 hooks, the least used dropped first."""

    __slots__ = ("_keys", "drops")

    def __init__(self) -> None:
        """Start with none."""
        self._keys: OrderedDict[str, Keys] = OrderedDict()
        #: How often something was dropped: what was read before the last time may be outdated by now.
        self.drops = 0

    def find(self, integration: str) -> Keys:
        """Answer an integration's keys, none when they are not at hand."""
        keys = self._keys.get(integration)
        if keys is None:
            return ()
        self._keys.move_to_end(integration)
        return keys

    def keep(self, integration: str, keys: Keys, *, drops: int) -> None:
        """Keep keys that were just opened, unless something was dropped since `drops` was noted."""
        if drops != self.drops:
            return
        self._keys[integration] = keys
        if len(self._keys) > _MOST:
            self._keys.popitem(last=False)

    def drop(self, integration: str) -> None:
        """Forget keys that were exchanged or erased."""
        self.drops += 1
        self._keys.pop(integration, None)
