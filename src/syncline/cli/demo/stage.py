"""What the demo shows: every transition as it happens, and bars for the fields and the records."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_SECOND = 1_000_000


class Stage:
    """A terminal with bars at the bottom and lines above them."""

    def __init__(self, console: Console) -> None:
        """Take the console: standard error when standard output is for a program."""
        self.console = console
        self._progress = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=False,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave everything as it is."""
        self._progress.stop()

    def say(self, text: str = "", style: str = "") -> None:
        """Write a line above the bars, exactly as it is."""
        self._progress.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def watch(self, status: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        """Show what has happened since the last look."""
        for row in rows:
            if row["disposition"] == "transitioned":
                at = datetime.fromtimestamp(row["at"] / _SECOND, UTC).strftime("%H:%M:%S")
                self.say(f"  {at}  {row['from'] or '(new)'} → {row['to']}   {row['type']}")
        if fields := status["field_sync"]:
            self._bar("Fields", fields["done"], fields["total"])
        for item in status["objects"]:
            self._bar(f"{item['object']} records", item["read"], item["total"])

    def _bar(self, name: str, done: int, total: int | None) -> None:
        if name not in self._bars:
            if not total:
                return
            self._bars[name] = self._progress.add_task(name, total=total)
        # Later cycles read only what has changed; the bars tell of the first, whole run.
        task = self._progress.tasks[self._bars[name]]
        if done > task.completed:
            self._progress.update(task.id, completed=done, total=max(total or 0, done))
