"""Values as a line of CSV: each in quotes, as the vendor writes them."""

from collections.abc import Iterable

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


def line(values: Iterable[str], delimiter: str) -> str:
    """Answer a line without its end."""
    return delimiter.join(['"' + value.replace('"', '""') + '"' for value in values])
