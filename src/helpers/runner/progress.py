"""Progress for the person at the terminal: a bar a run, or plain lines where there is no terminal."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpers.terminal import say, visible


class Progress:
    """Gets what happens in a build, from several threads; this one shows nothing."""

    def note(self, text: str) -> None:
        """Show something worth a line."""

    def started(self, name: str, why: str) -> None:
        """Show that a run begins."""

    def cell(self, name: str, number: int, of: int, cell_id: str) -> None:
        """Show which of how many code cells a run executes."""

    def ended(self, name: str, state: str, seconds: float) -> None:
        """Show that a run is over."""


SILENT = Progress()


class Plain(Progress):
    """One line when a run starts and one when it ends, for logs and pipes."""

    def __init__(self, error: bool = False) -> None:
        self.error = error

    def note(self, text: str) -> None:
        """Print a line."""
        say(text, error=self.error)

    def started(self, name: str, why: str) -> None:
        """Print that a run begins, and why."""
        self.note(f"run   {name} ({why})")

    def ended(self, name: str, state: str, seconds: float) -> None:
        """Print how a run ended."""
        self.note(f"{state:<5} {name} {seconds:.1f} s")


class Bars(Progress):
    """A bar for each run, by cell, on a terminal."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = ("{task.description}", BarColumn(), "{task.completed}/{task.total}", "{task.fields[cell]}")
        made = [TextColumn(column, markup=False) if isinstance(column, str) else column for column in columns]
        self.bars = Progress(*made, TimeElapsedColumn())
        self.tasks: dict[str, Any] = {}

    def note(self, text: str) -> None:
        """Print a line above the bars."""
        self.bars.console.print(visible(text), markup=False, highlight=False)

    def started(self, name: str, why: str) -> None:
        """Add a bar."""
        self.tasks[name] = self.bars.add_task(visible(name), total=None, cell=visible(why)[:40])

    def cell(self, name: str, number: int, of: int, cell_id: str) -> None:
        """Move a bar to the cell that runs."""
        self.bars.update(self.tasks[name], completed=number - 1, total=of, cell=visible(cell_id)[:40])

    def ended(self, name: str, state: str, seconds: float) -> None:
        """Take the bar away and leave a line."""
        self.bars.remove_task(self.tasks.pop(name))
        self.note(f"{state:<5} {name} {seconds:.1f} s")


@contextmanager
def for_terminal(beside: bool = False) -> Iterator[Progress]:
    """Yield the progress display that fits where the output goes; a stop by Ctrl-C or SIGTERM is announced.

    `beside` keeps it out of the output, which programs read.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if sys.stdout.isatty() and not beside:
            bars = Bars()
            with bars.bars:
                yield bars
        else:
            yield Plain(error=beside)
    except KeyboardInterrupt:
        say("stopped: what was finished is kept, nothing else", error=True)
        raise
