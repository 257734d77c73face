"""What the tests of the callback share: an integration that awaits a login, and what a refusal has to leave alone."""

from dataclasses import dataclass
from functools import partial

from syncline.store import effects
from tests.web.doors import Answer, Doors


@dataclass
class Before:
    """An integration that awaits a login, as it was before the callback of a test."""

    doors: Doors
    id: str
    state: str
    seq: int

    async def refused(self, answer: Answer, code: str, *, status: int = 400) -> None:
        """Assert that a callback was refused: said so, put on the log, nothing changed, nothing started."""
        assert (answer.status, answer.code) == (status, code), answer.text
        rows = await self.doors.rows(self.id)
        assert [row.row.disposition for row in rows[self.seq :]] == ["refused"]
        assert code in rows[-1].row.reason
        await self.untouched(rows=1)

    async def untouched(self, *, rows: int = 0) -> None:
        """Assert that the state is the same, that `rows` rows were added, and that no effect was started."""
        now = await self.doors.read(self.id)
        assert (now.state, now.seq) == ("credentials_saved.awaiting_login", self.seq + rows)
        listed = await self.doors.store.read(partial(effects.effects, integration=self.id))
        assert "exchange_code" not in {effect.name for effect in listed}

    async def still_works(self) -> None:
        """Assert that the right answer is taken after all, so that nothing was consumed."""
        assert (await self.doors.come_back(state=self.state, code="c")).status == 303
        assert (await self.doors.read(self.id)).state == "credentials_saved.exchanging_code"


async def awaiting_login(doors: Doors) -> Before:
    """Make an integration that awaits a login which this client has started."""
    id_ = await doors.at_login()
    state = await doors.start_login(id_)
    return Before(doors, id_, state, (await doors.read(id_)).seq)
