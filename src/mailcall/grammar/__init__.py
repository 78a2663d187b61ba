"""What a subject asks for: the table of commands, and what reads, corrects and explains subjects by it."""

from .automatic_subjects import automatic_subject
from .checking import check_words
from .commands import COMMANDS, PROOFS, Command
from .decisions import DecisionLine, decision_line
from .parsed import Parsed
from .parser import parse
from .translations import LANGUAGES, TRANSLATIONS
from .words import DEFAULT, Words
from .writing import right_syntax, syntax, write_subject

__all__ = [
    "COMMANDS",
    "DEFAULT",
    "LANGUAGES",
    "PROOFS",
    "TRANSLATIONS",
    "Command",
    "DecisionLine",
    "Parsed",
    "Words",
    "automatic_subject",
    "check_words",
    "decision_line",
    "parse",
    "right_syntax",
    "syntax",
    "write_subject",
]
