"""Rows made ready for a destination: in its form, with personal data sealed unless the operator wants it opened."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from syncline.core.audit import Row
from syncline.core.lines import line, sealed_texts
from syncline.core.ocsf import ocsf
from syncline.forwarding.destination import Form
from syncline.privacy import Privacy
from syncline.store.log import LogRow

#: Rows that are encoded in one go; then others have their turn on the loop.
_TURN = 32


@dataclass(frozen=True, slots=True)
class Message:
    """One row as it goes out."""

    position: int
    row: Row
    #: One line of JSON, without its end.
    body: bytes


async def messages(rows: Sequence[LogRow], form: Form, privacy: Privacy | None) -> list[Message]:
    """Encode rows, in order; `privacy` opens what is personal, without it that stays sealed."""
    made: list[Message] = []
    for start in range(0, len(rows), _TURN):
        part = rows[start : start + _TURN]
        made += await (_events(part, privacy) if form == "ocsf" else _lines(part, privacy))
        await asyncio.sleep(0)
    return made


async def _events(part: Sequence[LogRow], privacy: Privacy | None) -> list[Message]:
    read = [found.row for found in part]
    shown = read if privacy is None else await privacy.reveal(read)
    return [
        Message(
            found.position,
            row,
            msgspec.json.encode(ocsf(row, position=found.position, content=found.content, digest=found.hash)),
        )
        for found, row in zip(part, shown, strict=True)
    ]


async def _lines(part: Sequence[LogRow], privacy: Privacy | None) -> list[Message]:
    """Canonical bytes are never opened; what they hold sealed is told beside them."""
    opened: dict[str, object] = {}
    if privacy is not None:
        opened = await privacy.reveal({text: text for found in part for text in sealed_texts(found.content)})
    made = []
    for found in part:
        told = {text: opened[text] for text in sealed_texts(found.content)} if opened else {}
        extra = b',"personal":' + msgspec.json.encode(told) if told else b""
        made.append(Message(found.position, found.row, line(found.position, found.content, found.hash, extra)))
    return made
