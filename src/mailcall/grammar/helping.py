"""What HELP tells: each command in the words of the desk."""

from dataclasses import dataclass

from .commands import COMMANDS, Command
from .reading import read_command
from .words import DEFAULT, Words
from .writing import syntax, write_command


@dataclass(frozen=True, slots=True)
class HelpRow:
    """A row of the table with its syntax and its example, in the desk's words."""

    command: Command
    syntax: str
    example: str


def help_rows(words: Words = DEFAULT) -> tuple[HelpRow, ...]:
    """Give the rows of the table in their order; what a person may not do, the caller leaves out."""
    return tuple(HelpRow(command, syntax(command, words), _example(command, words)) for command in COMMANDS)


def _example(command: Command, words: Words) -> str:
    parsed = read_command(command.example, DEFAULT)
    return write_command(command, parsed, words) if parsed else command.example
