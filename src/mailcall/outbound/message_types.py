"""The occasions to write to somebody: one row each."""

from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """Who can receive a message type."""

    WRITER = "whoever wrote"
    USER = "the User"
    STAFF = "whoever is in charge"
    APPROVER = "whoever is asked to approve, and their delegates"
    NAMED = "those whom its author names"
    SERVICE = "Mailcall itself"


class Governed(StrEnum):
    """The notification setting that says whether those in charge are told by mail."""

    EMAIL = "Email"
    UPDATE = "Email at update via email in"
    ESCALATION = "Email at escalation"
    REGARDLESS = ""


@dataclass(frozen=True, slots=True)
class MessageType:
    """A numbered occasion. `template` names the files under `templating/builtin/`.

    `auto_submitted` is the value of RFC 3834 5; an `answer` goes to whoever wrote, and counts in the budget.
    Work would stand still without what is `vital`, so no budget withholds it, and nobody turns it off.
    What is `urgent` comes in quiet hours, too. `opening` stands in the subject, after the tag. Where the
    administrator says nothing, it is `used`.
    """

    code: int
    name: str
    template: str
    auto_submitted: str = "auto-generated"
    audience: Audience = Audience.USER
    governed: Governed = Governed.EMAIL
    answer: bool = False
    vital: bool = False
    urgent: bool = False
    used: bool = True
    opening: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


CALL_LOGGED = MessageType(
    1001, "Call - Logged", "call_logged", "auto-replied", answer=True, audience=Audience.WRITER
)
CALL_UPDATED_BY_EMAIL = MessageType(
    1002, "Call - Updated by Email", "call_updated", audience=Audience.STAFF, governed=Governed.UPDATE
)
CALL_NOTE_ADDED = MessageType(1003, "Call - Note Added", "call_note", audience=Audience.STAFF)
CALL_REPLY = MessageType(1004, "Call - Reply", "call_reply", "", audience=Audience.NAMED)
CALL_FORWARDED = MessageType(1005, "Call - Forwarded", "forwarded", audience=Audience.STAFF)
CALL_CLOSED = MessageType(1006, "Call - Closed", "call_closed")
CALL_REOPENED = MessageType(1007, "Call - Reopened", "call_reopened")
CALL_RESOLVED = MessageType(1008, "Call - Resolved", "call_resolved")
CALL_TO_CLOSE = MessageType(1009, "Call - To Be Closed", "call_to_close", audience=Audience.STAFF)
CALL_CLOSES_SOON = MessageType(1010, "Call - Closes Soon", "call_closes_soon")
CALL_MERGED = MessageType(1011, "Call - Merged", "call_merged")
CALL_RESUMED = MessageType(1012, "Call - Resumed", "call_resumed", audience=Audience.STAFF)
CALL_ASSIGNED = MessageType(1013, "Call - Assigned", "assigned", audience=Audience.STAFF)
CALL_DEFERRED = MessageType(1014, "Call - Deferred", "call_paused", used=False)
CALL_SUSPENDED = MessageType(1015, "Call - Suspended", "call_paused", used=False)
CALL_MENTION = MessageType(
    1016, "Call - Mention", "mention", audience=Audience.STAFF, governed=Governed.REGARDLESS
)
CALL_SURVEY = MessageType(1017, "Call - Survey", "call_survey", used=False, opening="How did we do?")

REQUEST_LOGGED = MessageType(2001, "Request - Logged", "request_logged")
REQUEST_UPDATED_BY_EMAIL = MessageType(
    2002, "Request - Updated by Email", "work_updated", audience=Audience.STAFF, governed=Governed.UPDATE
)
REQUEST_FORWARDED = MessageType(2003, "Request - Forwarded", "forwarded", audience=Audience.STAFF)
REQUEST_CLOSED = MessageType(2004, "Request - Closed", "request_closed")
REQUEST_REOPENED = MessageType(2005, "Request - Reopened", "request_reopened")
REQUEST_ASSIGNED = MessageType(2006, "Request - Assigned", "assigned", audience=Audience.STAFF)
REQUEST_NOTE_ADDED = MessageType(2007, "Request - Note Added", "work_updated", audience=Audience.STAFF)
REQUEST_MENTION = MessageType(
    2008, "Request - Mention", "mention", audience=Audience.STAFF, governed=Governed.REGARDLESS
)
REQUEST_REPLY = MessageType(2009, "Request - Reply", "call_reply", "", audience=Audience.NAMED)

TASK_OPENED = MessageType(3001, "Task - Opened", "task_opened", vital=True, audience=Audience.STAFF)
TASK_UPDATED_BY_EMAIL = MessageType(
    3002, "Task - Updated by Email", "work_updated", audience=Audience.STAFF, governed=Governed.UPDATE
)
TASK_FORWARDED = MessageType(3003, "Task - Forwarded", "forwarded", audience=Audience.STAFF)
TASK_REMINDER = MessageType(
    3004,
    "Task - Reminder",
    "task_reminder",
    opening="Reminder",
    audience=Audience.STAFF,
    governed=Governed.REGARDLESS,  # it repeats
)
TASK_TIME_LIMIT = MessageType(
    3005,
    "Task - Time Limit Passed",
    "task_time_limit",
    opening="Overdue",
    audience=Audience.STAFF,
    governed=Governed.ESCALATION,
    urgent=True,
)
TASK_APPROVER_NEEDED = MessageType(
    3006, "Task - Approver Needed", "task_approver_needed", vital=True, audience=Audience.STAFF
)
TASK_NOTE_ADDED = MessageType(3007, "Task - Note Added", "work_updated", audience=Audience.STAFF)
TASK_MENTION = MessageType(
    3008, "Task - Mention", "mention", audience=Audience.STAFF, governed=Governed.REGARDLESS
)
TASK_REPLY = MessageType(3009, "Task - Reply", "call_reply", "", audience=Audience.NAMED)

APPROVAL_WANTED = MessageType(
    4001,
    "Approval - Wanted",
    "approval_wanted",
    vital=True,
    opening="Your decision, please",
    audience=Audience.APPROVER,
)
APPROVAL_REMINDER = MessageType(
    4002,
    "Approval - Reminder",
    "approval_reminder",
    opening="Reminder: your decision, please",
    audience=Audience.APPROVER,
)
APPROVAL_WITHDRAWN = MessageType(
    4003,
    "Approval - Withdrawn",
    "approval_withdrawn",
    opening="Nothing left to decide",
    audience=Audience.APPROVER,
)
APPROVAL_BY_DELEGATE = MessageType(
    4004,
    "Approval - Decided by Delegate",
    "approval_by_delegate",
    opening="Decided in your name",
    audience=Audience.APPROVER,
)
APPROVAL_DECIDED = MessageType(4005, "Approval - Decided", "approval_decided", audience=Audience.STAFF)
APPROVAL_DELEGATED = MessageType(
    4006,
    "Approval - Delegated",
    "approval_wanted",
    vital=True,
    opening="You may decide this",
    audience=Audience.APPROVER,
)

COMMAND_ANSWERED = MessageType(
    5001, "Command - Answered", "answer", "auto-replied", answer=True, audience=Audience.WRITER
)
COMMAND_TO_CONFIRM = MessageType(
    5002,
    "Command - To Be Confirmed",
    "answer",
    "auto-replied",
    answer=True,
    opening="Was it you?",
    audience=Audience.WRITER,
)

ESCALATION = MessageType(
    6001,
    "Service Level - Escalation",
    "service_level_escalation",
    opening="Escalation",
    audience=Audience.STAFF,
    governed=Governed.ESCALATION,
)
BREACH = MessageType(
    6002,
    "Service Level - Breach",
    "service_level_breach",
    opening="Breach",
    audience=Audience.STAFF,
    governed=Governed.ESCALATION,
    urgent=True,
)

ROUND_TRIP = MessageType(9001, "Round trip", "round_trip", audience=Audience.SERVICE)
MAIL_TOO_BIG = MessageType(
    9002,
    "Mail - Too Big",
    "mail_too_big",
    "auto-replied",
    answer=True,
    opening="Not accepted",
    audience=Audience.WRITER,
)
DIGEST = MessageType(9003, "Digest", "digest", audience=Audience.STAFF)

TYPES = {kind.code: kind for kind in list(globals().values()) if isinstance(kind, MessageType)}
ANSWER_CODES = tuple(code for code, kind in TYPES.items() if kind.answer)


WRITTEN_BY_HAND = {"call": CALL_REPLY, "request": REQUEST_REPLY, "task": TASK_REPLY}


def name_of(code: int) -> str:
    """Such as `1001 Call - Logged`; a code that this version does not know is shown bare."""
    return str(TYPES.get(code, code))


def switchable() -> list[MessageType]:
    """Those that an administrator may switch off."""
    fixed = (Audience.WRITER, Audience.SERVICE, Audience.NAMED)
    return [
        kind for kind in _in_order() if not kind.vital and kind.audience not in fixed and kind is not DIGEST
    ]


def choosable() -> list[MessageType]:
    """Those that each of those in charge may have once a day, or not at all."""
    return [
        kind
        for kind in _in_order()
        if kind.audience == Audience.STAFF and not (kind.vital or kind.urgent or kind is DIGEST)
    ]


def _in_order() -> list[MessageType]:
    return [TYPES[code] for code in sorted(TYPES)]
