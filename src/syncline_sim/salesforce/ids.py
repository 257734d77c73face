"""Record ids: a prefix for the object, a number in base 62, and three letters that make case unimportant."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
#: What stands between prefix and number, in life the pod on which a record was made.
_POD = "Hs0"
_SHORT = 15


def make(prefix: str, number: int) -> str:
    """Answer the 18-character id of the record with this number, such as `make("00D", 1)`."""
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return full(prefix + _POD + text.rjust(_SHORT - len(prefix) - len(_POD), "0"))


def full(short: str) -> str:
    """Answer the 18-character id for a 15-character one: a letter per five characters says which are capitals."""
    if len(short) != _SHORT:
        return short
    chunks = (short[start : start + 5] for start in range(0, _SHORT, 5))
    return short + "".join(_SUFFIX[sum(1 << i for i, c in enumerate(chunk) if "A" <= c <= "Z")] for chunk in chunks)
