"""What a subject asks for: the table of commands, and what reads, corrects and explains subjects by it."""

from .automatic_subjects import automatic_subject
from .checking import check_words
from .commands import COMMANDS, PROOFS, Command
from .decisions import DecisionLine, decision_line
from .helping import HelpRow, help_rows
from .parsed import Parsed
from .parser import parse
from .translations import LANGUAGES, TRANSLATIONS
from .words import DEFAULT, Words
from .writing import command_of, right_syntax, syntax, write_subject

__all__ = [
    "COMMANDS",
    "DEFAULT",
    "LANGUAGES",
    "PROOFS",
    "TRANSLATIONS",
    "Command",
    "DecisionLine",
    "HelpRow",
    "Parsed",
    "Words",
    "automatic_subject",
    "check_words",
    "command_of",
    "decision_line",
    "help_rows",
    "parse",
    "right_syntax",
    "syntax",
    "write_subject",
]
