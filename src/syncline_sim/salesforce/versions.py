"""The versions of the API: which there are, and what the vendor calls them."""

OLDEST, NEWEST = 31, 67
_SEASONS = ("Spring", "Summer", "Winter")


def label(number: int) -> str:
    """Answer the season of a version, such as `Summer '26`."""
    # Three a year since Spring '04 was 15.0's year-end; 67.0 is Summer '26.
    back = NEWEST - number
    season = _SEASONS[(1 - back) % 3]
    year = 26 - (back + 1) // 3
    return f"{season} '{year + (season == 'Winter')}"


def served(version: str) -> bool:
    """Whether a version such as `59.0` is neither retired nor yet to come."""
    number, _, rest = version.partition(".")
    return rest == "0" and number.isdecimal() and OLDEST <= int(number) <= NEWEST
