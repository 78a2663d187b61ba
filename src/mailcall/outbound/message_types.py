"""The occasions to write to somebody: one row each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessageType:
    """A numbered occasion. `template` names the files under `templates/outbound/`.

    `auto_submitted` is the value of RFC 3834 5; an `answer` goes to whoever wrote, and counts in the budget.
    Work would stand still without what is `vital`, so no budget withholds it. `opening` stands in the
    subject, after the tag.
    """

    code: int
    name: str
    template: str
    auto_submitted: str = "auto-generated"
    answer: bool = False
    vital: bool = False
    opening: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


CALL_LOGGED = MessageType(1001, "Call - Logged", "call_logged", "auto-replied", answer=True)
CALL_UPDATED_BY_EMAIL = MessageType(1002, "Call - Updated by Email", "call_updated")
CALL_NOTE_ADDED = MessageType(1003, "Call - Note Added", "call_note")
CALL_REPLY = MessageType(1004, "Call - Reply", "call_reply", "")
CALL_FORWARDED = MessageType(1005, "Call - Forwarded", "forwarded")
CALL_CLOSED = MessageType(1006, "Call - Closed", "call_closed")
CALL_REOPENED = MessageType(1007, "Call - Reopened", "call_reopened")
CALL_RESOLVED = MessageType(1008, "Call - Resolved", "call_resolved")
CALL_TO_CLOSE = MessageType(1009, "Call - To Be Closed", "call_to_close")
CALL_CLOSES_SOON = MessageType(1010, "Call - Closes Soon", "call_closes_soon")
CALL_MERGED = MessageType(1011, "Call - Merged", "call_merged")
CALL_RESUMED = MessageType(1012, "Call - Resumed", "call_resumed")

REQUEST_LOGGED = MessageType(2001, "Request - Logged", "request_logged")
REQUEST_UPDATED_BY_EMAIL = MessageType(2002, "Request - Updated by Email", "work_updated")
REQUEST_FORWARDED = MessageType(2003, "Request - Forwarded", "forwarded")
REQUEST_CLOSED = MessageType(2004, "Request - Closed", "request_closed")
REQUEST_REOPENED = MessageType(2005, "Request - Reopened", "request_reopened")

TASK_OPENED = MessageType(3001, "Task - Opened", "task_opened", vital=True)
TASK_UPDATED_BY_EMAIL = MessageType(3002, "Task - Updated by Email", "work_updated")
TASK_FORWARDED = MessageType(3003, "Task - Forwarded", "forwarded")
TASK_REMINDER = MessageType(3004, "Task - Reminder", "task_reminder", opening="Reminder")
TASK_TIME_LIMIT = MessageType(3005, "Task - Time Limit Passed", "task_time_limit", opening="Overdue")
TASK_APPROVER_NEEDED = MessageType(3006, "Task - Approver Needed", "task_approver_needed", vital=True)

APPROVAL_WANTED = MessageType(
    4001, "Approval - Wanted", "approval_wanted", vital=True, opening="Your decision, please"
)
APPROVAL_REMINDER = MessageType(
    4002, "Approval - Reminder", "approval_reminder", opening="Reminder: your decision, please"
)
APPROVAL_WITHDRAWN = MessageType(
    4003, "Approval - Withdrawn", "approval_withdrawn", opening="Nothing left to decide"
)
APPROVAL_BY_DELEGATE = MessageType(
    4004, "Approval - Decided by Delegate", "approval_by_delegate", opening="Decided in your name"
)

COMMAND_ANSWERED = MessageType(5001, "Command - Answered", "answer", "auto-replied", answer=True)
COMMAND_TO_CONFIRM = MessageType(
    5002, "Command - To Be Confirmed", "answer", "auto-replied", answer=True, opening="Was it you?"
)

ROUND_TRIP = MessageType(9001, "Round trip", "round_trip")
MAIL_TOO_BIG = MessageType(
    9002, "Mail - Too Big", "mail_too_big", "auto-replied", answer=True, opening="Not accepted"
)

TYPES = {kind.code: kind for kind in list(globals().values()) if isinstance(kind, MessageType)}
ANSWER_CODES = tuple(code for code, kind in TYPES.items() if kind.answer)


def name_of(code: int) -> str:
    """Such as `1001 Call - Logged`; a code that this version does not know is shown bare."""
    return str(TYPES.get(code, code))
