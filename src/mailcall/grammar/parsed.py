"""What a subject says, once it is read."""

from dataclasses import dataclass
from typing import Any

from .commands import MAX_NUMBER


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command, a near miss or free text. What does not apply is empty.

    `action` is that of the command; `log` without an object for free text, `unknown` for a near miss. A near
    miss has the subject as its `text`, the nearest right spelling as `suggestion`, and `problem`: a sentence
    that says why it is no command.

    LOG CALL gives two readings, since only the desk knows its templates: if `name` names one, the text is
    `named_text`; if not, it is `text`, which has all the words. For LOG REQUEST `name` is the request type.
    """

    action: str
    object: str = ""
    refs: tuple[int, ...] = ()
    text: str = ""
    reply: bool = False
    forward: bool = False
    suggestion: str = ""
    problem: str = ""
    scope: str = ""
    name: str = ""
    named_text: str = ""
    on: str = ""  # what a task is logged on: request or call; its number is in `refs`
    target: str = ""  # to whom it is forwarded: a group or an analyst, as written
    token: str = ""

    @property
    def named(self) -> tuple[int, ...]:
        """Those of the numbers that something may have."""
        return tuple(number for number in self.refs if number <= MAX_NUMBER)

    @property
    def is_command(self) -> bool:
        """Whether the whole subject is a command."""
        return self.action != "unknown" and not self.is_free_text

    @property
    def is_free_text(self) -> bool:
        """Whether it is a subject like any other."""
        return self.action == "log" and not self.object

    def as_dict(self) -> dict[str, Any]:
        """Give what scripts are told of it."""
        return {
            "action": self.action,
            "object": self.object,
            "refs": list(self.refs),
            "text": self.text,
            "reply": self.reply,
            "forward": self.forward,
            "suggestion": self.suggestion,
        }
