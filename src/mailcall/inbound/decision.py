"""What deciding reads and what it gives: facts in, a decision with its trace out."""

import datetime as dt
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mailcall.desk.models import (
    Approval,
    Call,
    CallTemplate,
    LinkState,
    Partition,
    Person,
    Request,
    Right,
    Task,
)
from mailcall.desk.people import may_act_as_analyst
from mailcall.desk.rights import Rights
from mailcall.grammar import DEFAULT, Parsed, Words
from mailcall.inbound.models import Outcome
from mailcall.message import without_detail
from mailcall.outbound.returned import Returned

FREE_TEXT = Parsed("log")


class Action(StrEnum):
    """What is to be done with a mail."""

    LOG = "log"
    UPDATE = "update"
    REJECT = "reject"
    DUPLICATE = "duplicate"
    ROUND_TRIP = "round_trip"
    COMMAND = "command"
    REFUSE = "refuse"


OUTCOMES = {
    Action.LOG: Outcome.LOGGED,
    Action.UPDATE: Outcome.UPDATED,
    Action.REJECT: Outcome.REJECTED,
    Action.DUPLICATE: Outcome.DUPLICATE,
    Action.ROUND_TRIP: Outcome.ROUND_TRIP,
    Action.COMMAND: Outcome.COMMANDED,
    Action.REFUSE: Outcome.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Account:
    """The settings of an account that deciding heeds."""

    name: str
    template: CallTemplate
    default_logging_analyst: Person | None
    use_linked_analyst: bool
    blocked_senders: tuple[str, ...]
    reject_subjects: tuple[str, ...]
    gateway_tags: tuple[str, ...]
    size_limit: int = 0  # MB
    reject_automatic_subjects: bool = False
    automatic_logs: bool = True
    known_people_only: bool = False
    log_for_original_sender: bool = False
    words: Words = DEFAULT
    proofs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkFact:
    """A request or a task that a mail may name, perhaps by an approval; `people` take part, by their keys."""

    target: Request | Task
    partition: Partition
    people: Set[int]
    approval: Approval | None = None

    @property
    def name(self) -> str:
        """What a sentence calls it."""
        named = str(self.approval or self.target)
        return named[:1].lower() + named[1:]

    @property
    def root(self) -> object:
        """What it belongs to: the number of a call, or the name of a request."""
        if isinstance(self.target, Task) and self.target.call_id:
            return self.target.call_id
        request = self.target.pk if isinstance(self.target, Request) else self.target.request_id
        return f"request {request}"


@dataclass(frozen=True, slots=True)
class Original:
    """A mail that an Analyst forwarded to have it logged for who wrote it."""

    name: str  # of who wrote it, as written there
    address: str  # comparable
    subject: str
    message_id: str
    person: Person | None  # the first record with that address; None: a new person
    forwarded_by: Person


@dataclass(frozen=True, slots=True)
class Facts:
    """All that deciding one mail needs of the desk; a query per kind of look-up has gathered it."""

    account: Account
    own_addresses: frozenset[str]
    senders: tuple[Person, ...]  # with the mail's From address, the first record first
    calls: Mapping[int, Call]  # every call that the mail may name, by number
    participants: Mapping[int, Set[str]]  # of those calls
    referenced: Mapping[str, int]  # Message-IDs of mails received, with the call they went to
    same_mail: tuple[int, Call | None] | None  # the journal row and call of the same mail, come before
    same_mail_on: Mapping[int, int]  # calls that the same mail is on, in any partition, with its journal row
    now: dt.datetime
    removed_calls: Mapping[int, str] = field(default_factory=dict)  # a sentence, by number
    parsed: Parsed = FREE_TEXT  # what the subject says, in the words of the account
    answered_subjects: Mapping[str, str] = field(default_factory=dict)  # of mails it answers, by Message-ID
    templates: Mapping[str, CallTemplate] = field(default_factory=dict)  # those that it may name, folded
    work: Mapping[tuple[str, int], WorkFact] = field(default_factory=dict)  # by kind and number
    rights: Mapping[int, Rights] = field(default_factory=dict)  # of the analysts among those who write
    people: Mapping[str, Sequence[Person]] = field(default_factory=dict)  # by address, those of writers, too

    @property
    def sender(self) -> Person | None:
        """The first record with the From address."""
        return self.senders[0] if self.senders else None

    def may_as_analyst(self, right: Right, partition: Partition) -> bool:
        """Whether the sender is an Analyst who has a right there, and the address is certainly theirs."""
        sender = self.sender
        if sender is None or not may_act_as_analyst(sender) or sender.pk not in self.rights:
            return False
        return self.rights[sender.pk].has(right, partition)

    def is_own(self, address: str) -> bool:
        """Whether an address in lower case is one of this desk, also with a `+tag`."""
        return bool({address, without_detail(address)} & self.own_addresses)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, for whom, on what proof, and in one sentence why."""

    action: Action
    reason: str
    call: Call | None = None
    sender: Person | None = None
    sender_name: str = ""
    user: Person | None = None  # for LOG: the User; None: a new person for the sender, or for the original's
    original: Original | None = None  # for LOG: the mail that was forwarded, if it is logged for who wrote it
    template: CallTemplate | None = None  # for LOG: None: that of the account
    subject: str | None = None  # for LOG: None: that of the mail
    command: Parsed | None = None  # for COMMAND; for LOG and REFUSE: what the sender may have meant
    quiet: bool = False  # for COMMAND: nothing is answered when it is done
    said_all: bool = False  # for COMMAND: its text is all that the mail says
    no_command: str = ""  # for REFUSE: what the sender is told first
    logged_by: Person | None = None
    proof: str = ""
    reopen: bool = False
    pass_on: bool = False  # an analyst's words go on to the User
    internal: bool = False
    links: tuple[tuple[Call, LinkState, str], ...] = ()
    answer: bool = False
    no_answer: str = ""  # why the sender is not answered
    returned: Returned | None = None  # what a report says of a mail of ours


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule saw, and its decision if it fired."""

    saw: str
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One rule in the trace of a decision."""

    letter: str
    rule: str
    fired: bool
    saw: str

    def as_dict(self) -> dict[str, Any]:
        """For the journal."""
        return {"letter": self.letter, "rule": self.rule, "fired": self.fired, "saw": self.saw}


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with its trace."""

    decision: Decision
    trace: tuple[Step, ...] = field(default=())
