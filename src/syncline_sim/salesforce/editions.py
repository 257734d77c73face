"""The editions of an org: whether the API is part of them, and how much of everything they may use.

Facts: Enterprise, Unlimited, Performance and Developer Edition have the API, Professional Edition can buy it; a day has
100,000 calls and so many more per licence.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition; `name` is what the org says of itself."""

    name: str
    api: bool
    daily_calls: int = 100_000
    calls_per_licence: int = 1000
    long_calls: int = 25  #: that run for 20 seconds and more at the same time
    data_mb: int = 10_240
    file_mb: int = 10_240
    delivered_events: int = 25_000
    published_events: int = 50_000
    sandboxes: bool = True
    sells_api: bool = False

    @property
    def key(self) -> str:
        """The word for it on the command line."""
        return self.name.split()[0].lower()


SANDBOX_CALLS = 5_000_000
EDITIONS = (
    Edition("Team Edition", api=False, sandboxes=False),
    Edition("Professional Edition", api=False, sells_api=True),
    Edition("Enterprise Edition", api=True),
    Edition("Unlimited Edition", api=True, calls_per_licence=5000, delivered_events=50_000, published_events=250_000),
    Edition("Performance Edition", api=True, calls_per_licence=5000, delivered_events=50_000, published_events=250_000),
    Edition(
        "Developer Edition",
        api=True,
        daily_calls=15_000,
        calls_per_licence=0,
        long_calls=5,
        data_mb=5,
        file_mb=20,
        delivered_events=10_000,
        sandboxes=False,
    ),
)
#: Whether the API was bought for an edition that does not have it is said with the edition.
ADD_ON = "-api"
KEYS = tuple(key for each in EDITIONS for key in (each.key, *((each.key + ADD_ON,) if each.sells_api else ())))


def find(name: str) -> Edition:
    """Answer an edition by its name or its word; raises `ValueError`."""
    bought, word = name.lower().endswith(ADD_ON), name.lower().removesuffix(ADD_ON)
    for edition in EDITIONS:
        if word in (edition.name.lower(), edition.key) and (edition.sells_api or not bought):
            return edition
    raise ValueError(f"there is no edition {name}; there are {', '.join(KEYS)}")
