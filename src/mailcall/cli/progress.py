"""How far a long command is, on the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


@contextmanager
def progress(doing: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar. Gives what to tell of how much more is done."""
    with _bars() as shown:
        task = shown.add_task(doing, total=total)
        yield lambda more: shown.advance(task, more)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int | None], None]]:
    """Show one bar after the other. Gives what to tell of what is done, how far, and of how much."""
    with _bars() as shown:
        tasks: dict[str, TaskID] = {}

        def told(doing: str, done: int, of: int | None) -> None:
            if doing not in tasks:
                tasks[doing] = shown.add_task(doing, total=of)
            shown.update(tasks[doing], completed=done, total=of)

        yield told


def _bars() -> Progress:
    """Bars on standard error, if that is a terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
