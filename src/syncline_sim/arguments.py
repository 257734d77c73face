"""What may stand on the command line: each refusal says what to write instead."""

import argparse
import errno
import sqlite3
from collections import Counter
from pathlib import Path

_LARGEST_PORT = 65535
_MOST_RECORDS = 2_000_000
_PORTS = ("salesforce_port", "marketo_port", "control_port", "salesforce_tls_port", "marketo_tls_port", "proxy_port")
_NEEDING_TLS = ("salesforce_tls_port", "marketo_tls_port", "proxy_port")


def port(text: str) -> int:
    """Read a port."""
    return _number(text, _LARGEST_PORT, "is no port: write a number from 0 to 65535; 0 is any free one")


def count(text: str) -> int:
    """Read how many records there are to be."""
    return _number(text, _MOST_RECORDS, f"is no count of records: write a number from 0 to {_MOST_RECORDS}")


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number: write one, such as 1") from None


def check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse what does not go together; ends the program."""
    named = [(name, getattr(options, name)) for name in _PORTS if getattr(options, name)]
    for number, times in Counter(number for _, number in named).items():
        if times > 1:
            flags = " and ".join(_flag(name) for name, each in named if each == number)
            parser.error(
                f"{flags} name the same port, {number}: give each its own, or leave them out for any free ones"
            )
    needing = [_flag(name) for name in _NEEDING_TLS if getattr(options, name)]
    if needing and not options.tls_dir:
        parser.error(
            f"HTTPS and {needing[0]} need --tls-dir: add it, with the folder where the CA certificate is to be written"
        )
    if options.tls_dir and Path(options.tls_dir).exists() and not Path(options.tls_dir).is_dir():
        parser.error(f"--tls-dir {options.tls_dir} is a file: name a folder, which is made when it is not there")
    if options.data and Path(options.data).is_dir():
        parser.error(f"--data {options.data} is a folder: name a file in it, which is made when it is not there")
    if options.data and not Path(options.data).absolute().parent.is_dir():
        parser.error(f"--data {options.data} is in no folder that there is: make that folder, or name another file")


def advice(error: Exception, options: argparse.Namespace) -> str:
    """Answer a sentence about what has kept the world from beginning, and what to do about it."""
    if isinstance(error, sqlite3.Error):
        return f"{error}: --data {options.data} is not a world of this version; name another file, or remove that one"
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return f"{error}; name another port, or leave it out for any free one"
    if number == errno.EACCES:
        return f"{error}; name a port above 1023, or a folder that you may write to"
    if number == errno.EADDRNOTAVAIL or type(error).__name__ == "gaierror":
        return f"{error}; --host {options.host} is no address of this machine: write 127.0.0.1, or 0.0.0.0 for all"
    return str(error)


def _number(text: str, most: int, otherwise: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > most:
        raise argparse.ArgumentTypeError(f"{text!r} {otherwise}")
    return int(text)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
