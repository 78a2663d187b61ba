"""The data that each message type offers to its templates: the one table, for checks, pages and docs."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from liquid import Markup

from mailcall.outbound.message_types import MessageType


class Kind(StrEnum):
    """What a value is; those that a language has words of its own for are put into them."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes or no"
    LINK = "link"
    MOMENT = "moment"  # such as `Monday, 3 November 2026 at 10:00 CET`
    THING = "name of a call, request or task"  # such as `call 12`
    WORD = "word"  # of a few
    LIST = "list"
    HTML = "HTML"


@dataclass(frozen=True, slots=True)
class Datum:
    """One name in a template: what it stands for, and a sample. `parts` are those of a list's items."""

    name: str
    kind: Kind
    meaning: str
    sample: Any
    parts: tuple["Datum", ...] = field(default=())
    needed: bool = False  # a mail of this kind is of no use without it

    @property
    def value(self) -> Any:
        """The sample as the message table would have it."""
        if isinstance(self.sample, dt.datetime):
            return f"{self.sample:%A, %-d %B %Y at %H:%M %Z}"
        if self.kind == Kind.HTML:
            return Markup(self.sample)  # written above
        return self.sample


_LETTER = "<p>I have ordered some.</p><p>It comes tomorrow.</p>"
_WHEN = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)


def _text(name: str, meaning: str, sample: str, *, needed: bool = False) -> Datum:
    return Datum(name, Kind.TEXT, meaning, sample, needed=needed)


def _number(name: str, meaning: str, sample: int) -> Datum:
    return Datum(name, Kind.NUMBER, meaning, sample)


def _yes(name: str, meaning: str, *, sample: bool = True) -> Datum:
    return Datum(name, Kind.YES_NO, meaning, sample)


def _link(name: str, meaning: str, sample: str, *, needed: bool = False) -> Datum:
    return Datum(name, Kind.LINK, meaning, sample, needed=needed)


def _moment(name: str, meaning: str) -> Datum:
    return Datum(name, Kind.MOMENT, meaning, _WHEN)


PARTITION = _text("partition", "the partition that writes", "IT Support")
SUBJECT = _text("subject", "what it is about, on one line", "Printer on floor 3 is out of paper")
USER = _text("user", "the name of the User", "Ann Bell")

_WORK = (
    Datum("kind", Kind.WORD, "call, request or task", "call"),
    Datum("thing", Kind.THING, "the same with its number", "call 1042"),
    SUBJECT,
    Datum("state", Kind.WORD, "its state, as the partition calls it", "Open"),
    PARTITION,
    USER,
    _link("url", "its page, which Users can't open", "https://desk.example/calls/1042/"),
)
_CALL = (_number("call", "the number of the call", 1042), *_WORK)
_REQUEST = (
    _number("request", "the number of the request", 77),
    *_WORK,
    _text("type", "what kind of request it is", "New laptop"),
)
_TASK = (
    _number("task", "the number of the task", 9),
    *_WORK,
    Datum("parent", Kind.THING, "the request or call that it is a part of", "request 77"),
    _text("parent_subject", "what that is about", "A new colleague begins"),
    _link("parent_url", "the page of that", "https://desk.example/requests/77/"),
    _moment("due", "when it is due; empty if it is not"),
)
_BASES = {1: _CALL, 2: _REQUEST, 3: _TASK, 4: _TASK, 6: _WORK}  # by the thousands of the code

_SAID = (
    _text("writer", "who wrote", "Bob Baker"),
    _text("text", "what they wrote, in plain text", "I have ordered some.\n\nIt comes tomorrow."),
    Datum("files", Kind.LIST, "the names of the files that came with it", ["bill.pdf"]),
)
_WHOM = _text("whom", "the analyst or group whom it is for now", "Service Desk")
_MAIL = (SUBJECT, PARTITION, USER)
_APPROVAL = _number("approval", "the number of the approval", 31)
_RECEIVER = _text("receiver", "who reads it", "Cy Dent")
_FOR_WHOM = _text(
    "for_whom", "in whose place they may decide; empty if they are asked themselves", "Dee Eames"
)
_COMMENT = _text("comment", "what was said to it, in plain text", "The old one is five years old.")
_DECISION = Datum("decision", Kind.WORD, "approved or rejected", "approved")
_QUESTION = (
    _APPROVAL,
    _RECEIVER,
    _FOR_WHOM,
    _text("asker", "who asked for it", "Ann Bell"),
    _COMMENT,
    _link("approve", "a link that opens a mail which approves", "mailto:it@desk.example?subject=APPROVE"),
    _link("reject", "a link that opens a mail which rejects", "mailto:it@desk.example?subject=REJECT"),
    _link("page", "the page to decide on", "https://desk.example/decide/sample/", needed=True),
    _moment("ends", "until when these links count"),
)
_RESULTS = Datum(
    "results",
    Kind.LIST,
    "what became of each thing that was asked",
    [
        {
            "about": "Call 1042",
            "what": "Printer on floor 3 is out of paper",
            "done": True,
            "sentence": "It is closed.",
            "url": "https://desk.example/calls/1042/",
        },
        {"about": "Call 1043", "done": False, "sentence": "There is no such call."},
    ],
    (
        _text("about", "what it is about", "Call 1042"),
        _text("what", "what that is called", "Printer"),
        _yes("done", "whether it was done"),
        _text("sentence", "what was done, or why not", "It is closed."),
        _link("url", "its page", "https://desk.example/calls/1042/"),
    ),
)
_TABLES = Datum(
    "tables",
    Kind.LIST,
    "lists that were asked for",
    [
        {
            "title": "Your open calls",
            "columns": ["Call", "Subject", "State"],
            "rows": [
                {"cells": ["1042", "Printer on floor 3", "Open"], "url": "https://desk.example/calls/1042/"}
            ],
            "left_out": 2,
            "text": "Call  Subject             State\n"
            "----  ------------------  -----\n"
            "1042  Printer on floor 3  Open",
        }
    ],
    (
        _text("title", "its title", "Your open calls"),
        Datum("columns", Kind.LIST, "the heads of its columns", ["Call"]),
        Datum("rows", Kind.LIST, "its rows, each with `cells` and a `url`", []),
        Datum("cells", Kind.LIST, "of a row: its texts", ["1042"]),
        _link("url", "of a row: the page of its first cell", "https://desk.example/calls/1042/"),
        _number("left_out", "how many more there are", 2),
        _text("text", "the whole table in plain text", "Call  Subject"),
    ),
)
_HELP = Datum(
    "help",
    Kind.LIST,
    "the commands that there are for whoever asked",
    [],
    (
        _text("syntax", "how it is written", "CLOSE CALL <number>"),
        _text("example", "an example", "CLOSE CALL 1042"),
        _text("does", "what it does", "Closes a call."),
    ),
)
_ANSWER = (
    *_MAIL,
    _text("sentence", "what comes first", "Only some of it could be done."),
    _RESULTS,
    _TABLES,
    _text("suggestion", "what they may have meant", ""),
    Datum("syntax", Kind.LIST, "how what they tried is written", []),
    _HELP,
    _text("last_answer", "says so if no further answer goes for now", ""),
    _link("confirm_url", "the page that asks whether it was them; empty where nothing is to be asked", ""),
    _text("asked", "what the mail asks for, of which they are asked", "close call 1042"),
    _text("said", "what else the mail says", ""),
)
_DIGEST = (
    _RECEIVER,
    PARTITION,
    _yes("flood", "whether there were too many for a mail each", sample=False),
    _number("count", "how many notices there are", 2),
    Datum(
        "groups",
        Kind.LIST,
        "what they are about",
        [
            {
                "title": "Call 1042",
                "count": 2,
                "items": [
                    {
                        "what": "Updated by Email",
                        "subject": "[Call 1042] Printer on floor 3 is out of paper",
                        "text": "It has paper again.",
                        "url": "https://desk.example/calls/1042/",
                    }
                ],
                "left_out": 1,
            }
        ],
        (
            _text("title", "what they are about", "Call 1042"),
            _number("count", "how many", 2),
            Datum("items", Kind.LIST, "each of them, with `what`, `subject`, `text` and `url`", []),
            _text("what", "of one: what happened", "Updated by Email"),
            _text("subject", "of one: its subject", "Printer"),
            _text("text", "of one: what was said, in short", ""),
            _link("url", "of one: the page", "https://desk.example/calls/1042/"),
            _number("left_out", "how many more there are", 1),
        ),
    ),
)

_TARGET = (
    _text("agreement", "the agreement", "Gold"),
    _text("why_agreement", "why it is this one", "Gold is for the organisation ACME."),
    Datum("measure", Kind.WORD, "response or resolution", "resolution"),
    _moment("until", "when the time of the target is up, or was"),
    _yes("breached", "whether it is up", sample=False),
)

# What a type offers besides the call, request or task that it is about, by the name of its template.
_MORE: dict[str, tuple[Datum, ...]] = {
    "call_updated": (*_SAID, _yes("reopened", "whether the call is open again by it", sample=False)),
    "call_note": _SAID,
    "call_reply": (
        *_SAID,
        _text("author", "who wrote", "Bob Baker"),
        _text("quote", "what the mail quotes or passes on", "> It says that it is out of paper."),
        Datum("text_html", Kind.HTML, "what was written, as HTML that is safe", "<p>Try it now.</p>"),
        Datum("quote_html", Kind.HTML, "the quote, as HTML that is safe", "<blockquote>Out?</blockquote>"),
    ),
    "forwarded": (*_SAID, _WHOM),
    "assigned": (*_SAID, _WHOM),
    "mention": _SAID,
    "call_closed": (
        *_SAID,
        _yes("solved", "whether it was solved"),
        _number("reopen_days", "for how many days an answer opens it again; 0: for ever", 14),
    ),
    "call_reopened": (*_SAID, _yes("for_user", "whether the User reads it, not who is in charge")),
    "call_resolved": (*_SAID, _number("hours", "after how many it is closed by itself; 0: it is not", 72)),
    "call_to_close": (*_SAID, _yes("solved", "whether it was solved")),
    "call_closes_soon": (*_SAID, _moment("closes", "when it is closed")),
    "call_merged": (*_SAID, Datum("survivor", Kind.THING, "the call with which it goes on", "call 1040")),
    "call_paused": (*_SAID, _moment("until", "until when it waits; empty if nobody knows")),
    "call_resumed": _SAID,
    "call_survey": (
        _link("survey_url", "the page that asks", "https://desk.example/survey/sample/", needed=True),
    ),
    "request_logged": (*_SAID, _text("by", "who logged it, if not the User", "Bob Baker")),
    "request_closed": (*_SAID, Datum("how", Kind.TEXT, "closed, rejected or cancelled", "closed")),
    "request_reopened": _SAID,
    "work_updated": _SAID,
    "task_opened": _SAID,
    "task_reminder": _SAID,
    "task_time_limit": (*_SAID, _yes("ended", "whether that ended the task", sample=False)),
    "task_approver_needed": _SAID,
    "approval_wanted": _QUESTION,
    "approval_reminder": _QUESTION,
    "approval_withdrawn": (
        _APPROVAL,
        _RECEIVER,
        _FOR_WHOM,
        _text("reason", "why", "The request was cancelled."),
    ),
    "approval_by_delegate": (
        _APPROVAL,
        _RECEIVER,
        _text("delegate", "who decided for them", "Eve Fox"),
        _DECISION,
        _COMMENT,
    ),
    "approval_decided": (
        _APPROVAL,
        _text("approver", "who was asked", "Dee Eames"),
        _text("decided_by", "who decided", "Eve Fox"),
        _DECISION,
        _COMMENT,
    ),
    "service_level_escalation": (*_TARGET, _number("level", "the number of the level", 1)),
    "service_level_breach": _TARGET,
    "answer": _ANSWER,
    "round_trip": (PARTITION, _text("account", "the account that is tried", "Support")),
    "mail_too_big": (
        *_MAIL,
        _number("size", "how big it was, in MB", 60),
        _number("most", "the most that it may have, in MB", 25),
    ),
    "digest": _DIGEST,
}

# In every mail: what ties an answer to its place. It is put at the end where a template leaves it out.
MARKER = _text("marker", "what an answer is recognized by", "[mc.sample]")


def data_of(kind: MessageType) -> tuple[Datum, ...]:
    """All that templates of a message type can use; of two with one name the later counts."""
    base = _BASES.get(kind.code // 1000, ())
    every = (*base, *_MORE.get(kind.template, ()), MARKER)
    return tuple({datum.name: datum for datum in every}.values())


def sample_of(kind: MessageType) -> dict[str, Any]:
    """A mail's data, such as might be."""
    about = {2: ("request", "request 77"), 3: ("task", "task 9"), 4: ("task", "task 9")}
    sample = {datum.name: datum.value for datum in data_of(kind)}
    if kind.code // 1000 in about:
        what, thing = about[kind.code // 1000]
        url = f"https://desk.example/{thing.replace(' ', 's/')}/"
        sample |= {"kind": what, "thing": thing, "url": url, "subject": "Laptop for the new colleague"}
    return sample
