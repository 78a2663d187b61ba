"""What HELP tells: each command in the words of the desk."""

from collections.abc import Sequence
from dataclasses import dataclass

from .commands import COMMANDS, Command
from .reading import read_command
from .words import DEFAULT, Voice, Words
from .writing import MOST_VOICES, syntax, write_command


@dataclass(frozen=True, slots=True)
class HelpRow:
    """A row of the table, its syntax and its example in some words; `further` has the syntax in others."""

    command: Command
    syntax: str
    example: str
    further: tuple[str, ...] = ()


def help_rows(words: Words = DEFAULT, subject: str = "") -> tuple[HelpRow, ...]:
    """Give the rows of the table in their order, in the words of the subject that asks for them.

    What a person may not do, the caller leaves out.
    """
    voice, *others = words.voices_for(subject)[:MOST_VOICES]
    return tuple(_row(command, voice, others) for command in COMMANDS)


def _row(command: Command, voice: Voice, others: Sequence[Voice]) -> HelpRow:
    written = [syntax(command, one) for one in (voice, *others)]
    return HelpRow(command, written[0], _example(command, voice), tuple(dict.fromkeys(written))[1:])


def _example(command: Command, words: Voice) -> str:
    parsed = read_command(command.example, DEFAULT)
    return write_command(command, parsed, words) if parsed else command.example
