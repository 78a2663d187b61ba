"""How far reading many mails has come: on standard error, a line that changes; in a log one now and then."""

import sys
import time
from dataclasses import dataclass, field

import click

_BETWEEN_UPDATES = 0.2  # seconds, on a terminal
_BETWEEN_LINES = 5.0  # seconds, in a log


@dataclass
class Progress:
    """Counts mails; `files` is how many files there are, 0 where that is not known."""

    files: int = 0
    mails: int = 0
    _began: float = field(default_factory=time.monotonic)
    _said: float = field(default_factory=time.monotonic)
    _live: bool = field(default_factory=lambda: sys.stderr.isatty() and not sys.stdout.isatty())
    _silent: bool = field(default_factory=sys.stdout.isatty)

    def one_more(self) -> None:
        """Count a mail, and say so if it is time to."""
        self.mails += 1
        if self._silent:
            return
        now = time.monotonic()
        if now - self._said >= (_BETWEEN_UPDATES if self._live else _BETWEEN_LINES):
            self._said = now
            click.echo(
                f"\r{self._line(now)}\x1b[K" if self._live else self._line(now), err=True, nl=not self._live
            )

    def say(self, sentence: str) -> None:
        """Say something on a line of its own."""
        self.clear()
        click.echo(sentence, err=True)

    def clear(self) -> None:
        """Take the changing line away."""
        if self._live:
            click.echo("\r\x1b[K", err=True, nl=False)

    def _line(self, now: float) -> str:
        of = f" of {self.files:,}" if self.files > self.mails else ""
        mails = "mail" if self.mails == 1 and not of else "mails"
        return f"{self.mails:,}{of} {mails}, {self.mails / max(now - self._began, 0.001):,.0f} a second"
