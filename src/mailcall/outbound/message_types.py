"""The occasions to write to somebody: one row each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessageType:
    """A numbered occasion. `template` names the files under `templates/outbound/`.

    `auto_submitted` is the value of RFC 3834 5; an `answer` goes to whoever wrote, and counts in the budget.
    """

    code: int
    name: str
    template: str
    auto_submitted: str
    answer: bool = False

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


CALL_LOGGED = MessageType(1001, "Call - Logged", "call_logged", "auto-replied", answer=True)
CALL_UPDATED_BY_EMAIL = MessageType(1002, "Call - Updated by Email", "call_updated", "auto-generated")
CALL_REPLY = MessageType(1004, "Call - Reply", "call_reply", "")
MAIL_TOO_BIG = MessageType(9002, "Mail - Too Big", "mail_too_big", "auto-replied", answer=True)
ROUND_TRIP = MessageType(9001, "Round trip", "round_trip", "auto-generated")

TYPES = {
    kind.code: kind for kind in (CALL_LOGGED, CALL_UPDATED_BY_EMAIL, CALL_REPLY, MAIL_TOO_BIG, ROUND_TRIP)
}
ANSWER_CODES = tuple(code for code, kind in TYPES.items() if kind.answer)


def name_of(code: int) -> str:
    """Such as `1001 Call - Logged`; a code that this version does not know is shown bare."""
    return str(TYPES.get(code, code))
