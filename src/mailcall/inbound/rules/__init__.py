"""The rules, in the order in which they are asked: the first that fires decides.

A rule is one small class with a letter (its place in the grammar), a name, a description, and one `check`.
"""

from typing import Protocol

from mailcall.inbound.decision import Decided, Facts, Step, Verdict
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.commands import SubjectCommand
from mailcall.inbound.rules.log import LogCall
from mailcall.inbound.rules.rejected import (
    AutomaticMail,
    AutomaticReply,
    AutomaticSubject,
    BlockedSender,
    OwnMail,
    RejectedSubject,
    RoundTrip,
    SameMail,
    TooBig,
)
from mailcall.inbound.rules.replies import BelongsHere, ReplyToOurs
from mailcall.inbound.rules.reports import Complaint, DeliveryReport
from mailcall.inbound.rules.screened import SpamMark, Virus


class Rule(Protocol):
    """A rule: pure, and without a memory."""

    @property
    def letter(self) -> str:
        """Its place in the grammar."""
        ...

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def description(self) -> str:
        """What it does, in a sentence."""
        ...

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """What it saw, and its decision if it fires."""
        ...


RULES: tuple[Rule, ...] = (
    RoundTrip(),
    OwnMail(),
    DeliveryReport(),
    Complaint(),
    AutomaticReply(),
    AutomaticMail(),
    AutomaticSubject(),
    Virus(),
    BlockedSender(),
    SpamMark(),
    RejectedSubject(),
    TooBig(),
    SameMail(),
    SubjectCommand(),
    ReplyToOurs(),
    BelongsHere(),
    LogCall(),
)


def decide(reading: Reading, facts: Facts) -> Decided:
    """The decision for one mail, with what each rule saw. Pure: the same facts decide the same."""
    trace: list[Step] = []
    for rule in RULES:
        verdict = rule.check(reading, facts)
        trace.append(Step(rule.letter, rule.name, verdict.decision is not None, verdict.saw))
        if verdict.decision:
            return Decided(verdict.decision, tuple(trace))
    raise AssertionError("the last rule always fires")
