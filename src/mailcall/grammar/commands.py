"""The table of commands: what parser, suggestions, syntax in answers, reference page and HELP come from."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

Proof = Literal["address", "authenticated", "token"]
MAX_NUMBERS = 50
MAX_DIGITS = 50
MAX_NUMBER = 2**63 - 1  # what a database has room for: of a greater number there is nothing


class Argument(Enum):
    """What may follow verb and object, in this order."""

    TEMPLATE = auto()  # words that name a call template, or else are text; optional
    REQUEST_TYPE = auto()
    ON_NUMBER = auto()  # ON REQUEST 77
    NUMBERS = auto()  # 12, 13
    TO_WHOM = auto()  # TO a group or analyst
    TOKEN = auto()  # [token]; optional
    SCOPE = auto()  # OPEN when left out
    TEXT = auto()  # after a colon; optional


@dataclass(frozen=True, slots=True)
class Command:
    """One row: keywords in English capitals, and what people are told of it.

    `proof` is the least level that the action asks of its sender where the account sets nothing else; `token`
    is met by `authenticated` too.
    """

    action: str
    verb: str
    objects: tuple[str, ...]
    arguments: tuple[Argument, ...]
    example: str
    does: str
    who: str
    proof: Proof
    object_first: bool = False


ALL_OBJECTS = ("CALL", "REQUEST", "TASK", "APPROVAL")
PLURALS = ("CALLS", "REQUESTS", "TASKS", "APPROVALS")
ON_OBJECTS = ("REQUEST", "CALL")  # what a task is logged on
SCOPES = ("OPEN", "CLOSED", "ALL", "GROUP")
DECISIONS = {"APPROVED": "approve", "APPROVE": "approve", "REJECTED": "reject", "REJECT": "reject"}
OBJECT_NAMES = {
    keyword: name.lower()
    for keywords in (ALL_OBJECTS, PLURALS)
    for keyword, name in zip(keywords, ALL_OBJECTS, strict=True)
}
PROOFS: dict[Proof, str] = {
    "address": "the sender's address",
    "authenticated": "an authenticated sender",
    "token": "a token, or an authenticated sender",
}

_A = Argument
_KNOWN = "known people, about what is theirs; the answer goes to the address on record"
_OWN = "the User of the call, where the partition lets Users; analysts with the right"
_ANALYSTS = "analysts with the right"
_APPROVER = "the approver, or an active delegate"

COMMANDS = (
    Command(
        "log", "LOG", ("CALL",), (_A.TEMPLATE, _A.TEXT),
        "LOG CALL New starter: Ann Bell begins on Monday",
        "Logs a call. Words that name a call template have it used; all others are text.",
        "anybody, or known people only, as the account says", "address",
    ),
    Command(
        "log", "LOG", ("REQUEST",), (_A.REQUEST_TYPE, _A.TEXT),
        "LOG REQUEST New laptop: a light one, for travel",
        "Logs a request of a type, with its tasks, for the sender.",
        "as the request type says; analysts", "authenticated",
    ),
    Command(
        "log", "LOG", ("TASK",), (_A.ON_NUMBER, _A.TEXT),
        "LOG TASK ON REQUEST 77: order the licences",
        "Adds a task to a request or a call.",
        _ANALYSTS, "authenticated",
    ),
    Command(
        "update", "UPDATE", ALL_OBJECTS, (_A.NUMBERS, _A.TEXT),
        "UPDATE CALL 12: the second printer too",
        "Adds the text and the mail's new words. By an analyst it is an internal note.",
        "participants; analysts with access", "address",
    ),
    Command(
        "close", "CLOSE", ("CALL", "TASK", "REQUEST"), (_A.NUMBERS, _A.TEXT),
        "CLOSE CALL 12, 13: works again",
        "Closes them, the way their partition closes.",
        _OWN, "authenticated",
    ),
    Command(
        "reopen", "REOPEN", ("CALL",), (_A.NUMBERS, _A.TEXT),
        "REOPEN CALL 12: it is back",
        "Opens closed calls again.",
        _OWN, "authenticated",
    ),
    Command(
        "approve", "APPROVE", ("TASK", "APPROVAL"), (_A.NUMBERS, _A.TOKEN, _A.TEXT),
        "APPROVE TASK 9",
        "Approves approval tasks that wait for the sender.",
        _APPROVER, "token",
    ),
    Command(
        "reject", "REJECT", ("TASK", "APPROVAL"), (_A.NUMBERS, _A.TOKEN, _A.TEXT),
        "REJECT TASK 9: over budget",
        "Rejects approval tasks that wait for the sender. It needs a reason, here or in the mail.",
        _APPROVER, "token",
    ),
    Command(
        "summary", "SUMMARY", PLURALS, (_A.SCOPE,),
        "SUMMARY CALLS",
        "Answers with a list. Tasks and approvals are listed together. For analysts, GROUP lists what their "
        "groups have.",
        _KNOWN, "address",
    ),
    Command(
        "summary", "SUMMARY", ALL_OBJECTS, (_A.SCOPE,),
        "CALL SUMMARY CLOSED",
        "The same, in the other order. GROUP is for analysts.",
        _KNOWN, "address", object_first=True,
    ),
    Command(
        "forward", "FORWARD", ALL_OBJECTS, (_A.NUMBERS, _A.TO_WHOM, _A.TEXT),
        "FORWARD CALL 12 TO Network: the switch, I think",
        "Hands them to a group or an analyst.",
        _ANALYSTS, "authenticated",
    ),
    Command(
        "take", "TAKE", ALL_OBJECTS, (_A.NUMBERS,),
        "TAKE CALL 12",
        "Assigns them to the sender.",
        _ANALYSTS, "authenticated",
    ),
    Command(
        "status", "STATUS", ALL_OBJECTS, (_A.NUMBERS,),
        "STATUS CALL 12",
        "Answers with where they stand.",
        _KNOWN, "address",
    ),
    Command(
        "help", "HELP", (), (),
        "HELP",
        "Answers with these commands. The body of the mail must be empty.",
        _KNOWN, "address",
    ),
)  # fmt: skip


def places() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each place of a subject, in words, with the keywords that may stand there."""
    starts = [
        keyword
        for command in COMMANDS
        for keyword in (command.objects if command.object_first else (command.verb,))
    ]
    yield "at the start", tuple(dict.fromkeys(starts))
    for verb in dict.fromkeys(command.verb for command in COMMANDS):
        rows = [command for command in COMMANDS if command.verb == verb and not command.object_first]
        objects = dict.fromkeys(keyword for command in rows for keyword in command.objects)
        if objects:
            yield f"after {verb}", tuple(objects)
    yield "after ON", ON_OBJECTS
    yield "at the end of a summary", SCOPES
    yield "as a decision", tuple(DECISIONS)


KEYWORDS = tuple(dict.fromkeys([*(word for _, words in places() for word in words), "SUMMARY", "ON", "TO"]))
