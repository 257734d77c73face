"""Lists of places within a segment of the log, and what several of them have in common.

A segment is 65,536 positions. The places of a rare term are a text, `12 57 60000`; those of a frequent one are a map,
a bit for each place, since two long lists with nothing in common take their length to find that out, and two maps the
time of one operation on 8 KiB.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

#: Positions in a segment, as a number of bits.
BITS = 16
SIZE = 1 << BITS
#: From so many places on a map is the smaller of the two.
DENSE = 1_024

#: Places of a term in one segment, as they are stored; None when it has none.
Places = str | bytes | None

_FLAGS = bytes.maketrans(b"\0\1", b"01")


def to_map(places: Sequence[int]) -> bytes:
    """Answer a map of places."""
    flags = bytearray(SIZE)
    for place in places:
        flags[place] = 1
    flags.reverse()
    return int(flags.translate(_FLAGS), 2).to_bytes(SIZE // 8, "little")


def read(text: str) -> list[int]:
    """Read a list of places."""
    return list(map(int, text.split()))


def common(groups: Sequence[Sequence[Places]], none: Sequence[Places], low: int, high: int) -> list[int] | int:
    """Answer the places from `low` to `high` that each group has in one of its lists, and that none of `none` has.

    As an ascending list, or as a number whose bits they are.
    """
    lists: list[list[int]] = []
    maps: list[bytes] = []
    for group in groups:
        here = [places for places in group if places]
        if not here:
            return []
        texts = [places for places in here if isinstance(places, str)]
        if len(texts) == len(here):
            lists.append(read(texts[0]) if len(texts) == 1 else sorted({p for text in texts for p in read(text)}))
        else:
            maps.append(_union(here))
    barred = [places for places in none if places]
    if lists:
        return _of_lists(lists, maps, _union(barred) if barred else b"", low, high)
    rest = max(0, (1 << (high + 1)) - (1 << low))
    for each in maps:
        rest &= int.from_bytes(each, "little")
    return rest & ~int.from_bytes(_union(barred), "little") if barred else rest


def in_order(places: list[int] | int, *, newest: bool) -> Iterator[int]:
    """Answer places in ascending order, or the other way round."""
    if isinstance(places, list):
        return reversed(places) if newest else iter(places)
    return _descending(places) if newest else _ascending(places)


def _of_lists(lists: list[list[int]], maps: list[bytes], barred: bytes, low: int, high: int) -> list[int]:
    """One filter after the other, as plain as can be: this is done a hundred thousand times for one page."""
    rest, *others = sorted(lists, key=len)
    rest = rest[bisect_left(rest, low) : bisect_right(rest, high)]
    for other in others:
        rest = list(filter(frozenset(other).__contains__, rest))
    for bits in maps:
        rest = [place for place in rest if bits[place >> 3] >> (place & 7) & 1]
    return [place for place in rest if not barred[place >> 3] >> (place & 7) & 1] if barred else rest


def _union(lists: Sequence[str | bytes]) -> bytes:
    if len(lists) == 1 and isinstance(lists[0], bytes):
        return lists[0]
    texts = [places for places in lists if isinstance(places, str)]
    bits = int.from_bytes(to_map([place for text in texts for place in read(text)]), "little") if texts else 0
    for places in lists:
        if isinstance(places, bytes):
            bits |= int.from_bytes(places, "little")
    return bits.to_bytes(SIZE // 8, "little")


def _ascending(bits: int) -> Iterator[int]:
    digits = bin(bits)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)


def _descending(bits: int) -> Iterator[int]:
    digits = bin(bits)[:1:-1]
    place = digits.rfind("1")
    while place >= 0:
        yield place
        place = digits.rfind("1", 0, place)
