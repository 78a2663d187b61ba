"""A command in hand: who asks, with what words, on what proof."""

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property

from mailcall.desk.changes import Words
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Partition, Person, Request, Right, Task, TimelineEntry
from mailcall.desk.people import may_act_as_analyst
from mailcall.desk.rights import Rights, why_not
from mailcall.desk.work import Deed
from mailcall.grammar import Parsed
from mailcall.inbound.changes import origin_of, words_of
from mailcall.inbound.decision import Decision, Facts
from mailcall.inbound.models import ReceivedMail
from mailcall.inbound.proofs import ASKED_FOR, Level, Shown, level_of, shown_by
from mailcall.inbound.reading import Reading

Target = Call | Request | Task


class ShortOfProof(Refused):
    """Nothing is done, as nothing shows well enough that the person on record asked for it."""

    def __init__(self, level: Level, why: str = "", target: Target | None = None) -> None:
        wanted = f"It needs {ASKED_FOR[level]}; an address alone does not show who wrote."
        super().__init__(f"{wanted} {why}".strip())
        self.target = target  # one that the sender may see


@dataclass(frozen=True, slots=True)
class Did:
    """What became of one thing that was asked: a sentence, what it touched, the entry that tells of it."""

    sentence: str
    target: Target | None = None
    entry: TimelineEntry | None = None
    done: bool = True


@dataclass(frozen=True)
class Asking:
    """A command of a mail, as it was decided; `confirmed` is the proof of who confirmed it on a page."""

    mail: ReceivedMail
    reading: Reading
    decision: Decision
    facts: Facts
    now: dt.datetime
    confirmed: str = ""
    only: frozenset[int] = field(default=frozenset())  # the numbers that it is about now; empty: all

    @property
    def command(self) -> Parsed:
        """What is asked."""
        assert self.decision.command is not None
        return self.decision.command

    @property
    def sender(self) -> Person | None:
        """The person on record who asks."""
        return self.decision.sender

    @property
    def refs(self) -> list[int]:
        """The numbers that it is about, each once."""
        return [ref for ref in dict.fromkeys(self.command.refs) if not self.only or ref in self.only]

    @property
    def text(self) -> str:
        """What was said: behind the colon first, then in the mail."""
        if self.decision.said_all:
            return self.command.text
        return "\n\n".join(filter(None, (self.command.text.strip(), self.reading.mail.reply_text.strip())))

    def by(self, person: Person) -> "Asking":
        """The same, asked by one of those who share the address."""
        return replace(self, decision=replace(self.decision, sender=person))

    @property
    def analyst(self) -> Person:
        """The Analyst who asks. Raises Refused when no active one does."""
        sender = self.sender
        if sender is None or not may_act_as_analyst(sender):
            raise Refused(f"Only Analysts can {self.command.action} that, and {sender or 'you'} is none.")
        return sender

    def need(self, right: Right, partition: Partition) -> Person:
        """The Analyst who asks, if they have a right there. Raises Refused."""
        analyst = self.analyst
        if why := why_not(analyst, right, partition):
            raise Refused(why)
        return analyst

    @cached_property
    def opens(self) -> Rights | None:
        """What says which pages are for the sender; None where none is: they are for analysts."""
        sender = self.sender
        return self.facts.rights.get(sender.pk) if sender and may_act_as_analyst(sender) else None

    def shown(self, target: Target | None = None) -> Shown:
        """What the mail has to show; an answer to a mail of ours counts for what that mail was about."""
        if self.confirmed:
            return Shown(confirmed=self.confirmed)
        verified = self.sender is None or self.sender.address_verified
        shown = shown_by(self.reading, verified=verified)
        if shown.edited:
            return shown
        kind = type(target).__name__.lower()
        for found in self.reading.found:
            if target is not None and (found.target.kind, found.target.number) == (kind, target.pk):
                return replace(shown, signed_id=found.where)
        return shown

    def proof(self, action: str, target: Target | None = None) -> str:
        """What counts as proof for an action, for the timeline. Raises ShortOfProof."""
        level = level_of(action, self.facts.account.proofs)
        proof = self.shown(target).proof_for(level)
        if not proof:
            raise ShortOfProof(level, target=target)
        return proof

    def words(self, proof: str, *, internal: bool = True) -> Words:
        """What was said, with all that the mail has."""
        words = words_of(self.reading, replace(self.decision, proof=proof, internal=internal), whole=False)
        quoted = self.reading.mail.folded_text
        return replace(words, actor=self.sender, text=self.text, quoted_text=quoted)

    def deed(self, proof: str, *, internal: bool = True) -> Deed:
        """The same as a deed on the desk."""
        origin = origin_of(self.mail, self.reading, self.decision)
        return Deed(self.words(proof, internal=internal), self.now, origin)
