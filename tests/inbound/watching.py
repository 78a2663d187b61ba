"""What must hold of a busy desk after anything at all, said another way than the desk does."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from django.utils import timezone

from mailcall.config import config
from mailcall.desk.call_states import CALL
from mailcall.desk.models import (
    Approval,
    Call,
    CallLock,
    Channel,
    ClosureMethod,
    Delegation,
    Participant,
    Person,
    Request,
    Task,
    TimelineEntry,
)
from mailcall.desk.rights import why_not
from mailcall.desk.work_states import table_of
from mailcall.inbound.models import ReceivedMail
from mailcall.outbound.budget import COMMAND_CODES
from mailcall.outbound.message_types import ANSWER_CODES
from mailcall.outbound.models import Delivery, Token

CALL_STEPS = {(before, after) for (before, _), after in CALL.items()}
ENDS = frozenset({"resolved", "unresolved", "closed", "closed_unresolved"})
Row = Call | Request | Task | Approval


@dataclass(frozen=True)
class Attempt:
    """What is tried: by a mail from an address, on a page by a person, or by the clock."""

    sender: str = ""
    proved: bool = False
    tokens: frozenset[str] = frozenset()  # that the mail, or the link, carries
    person: Person | None = None  # who is signed in, or whose link it is
    orders: bool = True  # False: nothing may be decided or ended by it, whoever is said to have written it


@dataclass
class Seen:
    """All that is there at one moment."""

    rows: dict[tuple[str, int], Row]
    entries: dict[int, TimelineEntry]
    held: dict[int, Person]  # who works on a call, by its number
    taking_part: dict[int, set[str]]
    may_decide: dict[int, set[int]]  # by approval, the people who are asked or stand in now
    living: dict[str, tuple[int, int]]  # tokens that count, with approval and person
    deliveries: set[int]

    @classmethod
    def now(cls) -> "Seen":
        now = timezone.now()
        rows: dict[tuple[str, int], Row] = {}
        for model in (Call, Request, Task, Approval):
            for row in model.objects.all():
                rows[model.__name__, row.pk] = row
        taking_part: dict[int, set[str]] = defaultdict(set)
        for call, address in Participant.objects.values_list("call", "address"):
            taking_part[call].add(address)
        living = Token.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now)
        locks = CallLock.objects.filter(expires_at__gt=now).select_related("person")
        return cls(
            rows,
            TimelineEntry.objects.select_related("actor").in_bulk(),
            {lock.call_id: lock.person for lock in locks},
            taking_part,
            {approval.pk: _may_decide(approval, now) for approval in Approval.objects.all()},
            {token.text: (token.approval_id, token.person_id) for token in living},
            set(Delivery.objects.values_list("pk", flat=True)),
        )

    @property
    def marks(self) -> dict[tuple[str, int], tuple[str, int]]:
        """What differs after any change of a row."""
        return {key: (row.state, getattr(row, "version", 0)) for key, row in self.rows.items()}


def _may_decide(approval: Approval, now: dt.datetime) -> set[int]:
    delegations = Delegation.objects.filter(person=approval.person_id, revoked_at=None)
    return {approval.person_id} | {
        one.delegate_id for one in delegations if one.starts_at <= now < one.ends_at
    }


@dataclass
class Step:
    """What became of an attempt."""

    attempt: Attempt
    before: Seen
    after: Seen
    new: list[TimelineEntry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.new = [entry for pk, entry in self.after.entries.items() if pk not in self.before.entries]

    def check(self) -> None:
        """Raise AssertionError unless all that changed was legal, and is told of."""
        self._entries_say_who_how_and_on_what_proof()
        for key, row in self.after.rows.items():
            former = self.before.rows.get(key)
            if former is None or former.state == row.state:
                continue
            self._by_its_table(former, row)
            told = self._told_of(row)
            assert told, f"{row} became {row.state}, and no entry tells of it"
            if isinstance(row, Approval):
                self._decided_by_who_may(row)
            elif isinstance(row, Call):
                self._moved_by_who_may(row, told[0])
            elif isinstance(row, Task) and row.state == "closed":
                self._with_the_right(told[0], "close", (row.request or row.call).partition)
        self._locks_are_respected()
        self._mails_are_done()
        self._nobody_is_told_too_much()

    def _told_of(self, row: Row) -> list[TimelineEntry]:
        about = row.task if isinstance(row, Approval) else row
        kind = type(about).__name__.lower()
        return [entry for entry in self.new if getattr(entry, f"{kind}_id") == about.pk]

    def _by_its_table(self, former: Row, row: Row) -> None:
        if isinstance(row, Call):
            steps = CALL_STEPS
        else:
            steps = {(known, after) for (known, _), after in table_of(former).items()}
        assert (former.state, row.state) in steps, f"{row} went from {former.state} to {row.state}"

    def _entries_say_who_how_and_on_what_proof(self) -> None:
        attempt = self.attempt
        for entry in self.new:
            assert entry.actor_name
            assert entry.channel
            assert bool(entry.proof) == (entry.channel != Channel.SYSTEM)
            if entry.channel == Channel.EMAIL:
                who = entry.actor.email if entry.actor else ""
                assert who in {attempt.sender, ""} or entry.proof.startswith("confirmed"), entry
            elif entry.channel == Channel.PAGE:
                assert entry.actor == attempt.person

    def _decided_by_who_may(self, approval: Approval) -> None:
        if approval.state not in {"approved", "rejected"}:
            return  # withdrawn, as its task ended
        attempt, who = self.attempt, approval.decided_by
        assert attempt.orders
        assert who is not None
        assert who.active
        assert who.pk in self.before.may_decide[approval.pk]
        assert approval.state == "approved" or approval.comment
        token = any(self.before.living.get(text) == (approval.pk, who.pk) for text in attempt.tokens)
        if attempt.person:
            assert attempt.person == who
            assert approval.proof == "signed in" or approval.proof.startswith("confirmed") or token
            return
        assert attempt.sender == who.email
        assert attempt.proved or token
        assert approval.proof.startswith("authenticated" if not token else ("authenticated", "token"))

    def _moved_by_who_may(self, call: Call, told: TimelineEntry) -> None:
        who, partition = told.actor, call.partition
        if told.channel == Channel.SYSTEM:
            return
        own = who is not None and who.pk == call.user_id
        if call.state == "open":  # words of whoever takes part open it, too
            part = self.attempt.sender in self.before.taking_part[call.pk]
            assert own or part or why_not(who, "reopen", partition) == ""
            return
        assert self.attempt.orders
        assert who is not None
        if not (own and partition.users_may_close):
            self._with_the_right(told, "close", partition)
        proofs = ("authenticated", "confirmed", "signed in", *(("signed id",) if own else ()))
        assert told.proof.startswith(proofs), told.proof
        group = partition.closure_group
        if call.is_closed and not own and group and partition.closure_method != ClosureMethod.IMMEDIATE:
            assert group.members.filter(pk=who.pk).exists()

    def _with_the_right(self, told: TimelineEntry, right: str, partition: object) -> None:
        if told.channel == Channel.SYSTEM:
            return
        assert told.actor is not None
        assert why_not(told.actor, right, partition) == ""
        assert told.proof.startswith(("authenticated", "confirmed", "signed in")), told.proof

    def _locks_are_respected(self) -> None:
        for number, holder in self.before.held.items():
            before, after = self.before.rows["Call", number], self.after.rows["Call", number]
            ended = before.state != after.state and after.state in ENDS
            handed = (before.group_id, before.analyst_id) != (after.group_id, after.analyst_id)
            if ended or handed:
                actor = self._told_of(after)[0].actor
                assert actor in {None, holder}, f"{actor} changed {after}, on which {holder} works"

    def _mails_are_done(self) -> None:
        for mail in ReceivedMail.objects.exclude(state="done"):
            raise AssertionError(f"{mail} is {mail.state}: {mail.error}")
        for mail in ReceivedMail.objects.filter(outcome="") | ReceivedMail.objects.filter(reason=""):
            raise AssertionError(f"Nothing says what became of {mail}")

    def _nobody_is_told_too_much(self) -> None:
        day, hour = dt.timedelta(days=1), dt.timedelta(hours=1)
        answers = Delivery.objects.filter(message__type_code__in=ANSWER_CODES).exclude(state="withheld")
        answers = answers.select_related("message").order_by("created_at")
        new = [one for one in answers if one.pk not in self.before.deliveries]
        known = set(Person.objects.filter(made_by_mail=False).values_list("email", flat=True))
        left = set(Person.objects.filter(active=False).values_list("email", flat=True))
        for delivery in new:
            to = [one for one in answers if one.recipient == delivery.recipient]
            if delivery.recipient not in known:
                assert len([one for one in to if one.created_at > delivery.created_at - day]) <= 1
            if delivery.message.type_code in COMMAND_CODES:
                assert delivery.recipient not in left, delivery.message.data
                commands = [one for one in to if one.message.type_code in COMMAND_CODES]
                lately = [one for one in commands if one.created_at > delivery.created_at - hour]
                assert len(lately) <= config().command_answers_an_hour
