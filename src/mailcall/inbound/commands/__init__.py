"""Commands of subjects and decisions of replies: run by the desk's own functions, and answered."""

from .answering import answer_to_command, answer_to_near_miss, answer_to_refused
from .asking import Asking
from .running import Ran, run

__all__ = [
    "Asking",
    "Ran",
    "answer_to_command",
    "answer_to_near_miss",
    "answer_to_refused",
    "run",
]
