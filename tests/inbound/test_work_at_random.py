"""A desk worked at random by subject lines, answers, pages and the clock: nothing illegal comes of it."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from desks import mail
from inbound.busy_desks import NAMES, STRANGERS, BusyDesk
from inbound.watching import Attempt, Seen, Step
from mailcall.desk import closing
from mailcall.desk.delegations import delegate
from mailcall.desk.due import close_resolved, remind_due, resume_deferred, time_out_due
from mailcall.desk.errors import Refused
from mailcall.desk.models import Approval, Call, ClosureMethod, Request, Task
from mailcall.desk.people import come_back, leave
from mailcall.grammar import COMMANDS, DEFAULT, Parsed
from mailcall.grammar.commands import OBJECT_NAMES, Command
from mailcall.grammar.writing import write_command, write_subject
from mailcall.inbound import confirming
from mailcall.inbound.models import Confirmation, ReceivedMail
from mailcall.outbound import tokens
from mailcall.outbound.threads import new_message_id, signing_keys

WHO = st.integers(0, len(NAMES) - 1)
SENDERS = st.integers(0, len(NAMES) + len(STRANGERS) - 1)
WHICH = st.integers(0, 5)  # which of some rows, taken round and round
MOSTLY = st.sampled_from([True, True, False])
RARELY = st.sampled_from([False, False, False, False, True])
TEXTS = st.sampled_from(["", "", "Works again"])
ROWS = {"call": Call, "request": Request, "task": Task, "approval": Approval}
OFTEN = tuple(
    command
    for command in COMMANDS
    if command.action in {"close", "reopen", "update", "take", "forward", "log"}
)
DECISIONS = (
    "Approved\n",
    "Rejected: too dear\n",
    "Rejected\n",
    "Approved, but not before May\n",
    "> Approved\n",
    "Thank you\n",
)


@st.composite
def subjects(draw: st.DrawFn) -> tuple[Command, Parsed]:
    """A row of the table of commands, and what it says; its numbers may be of nothing."""
    command = draw(st.sampled_from(COMMANDS) | st.sampled_from(OFTEN))
    keyword = draw(st.sampled_from(command.objects)) if command.objects else ""
    refs = draw(st.lists(st.sampled_from([1, 2, 1, 2, 3, 4, 5, 99]), min_size=1, max_size=3))
    parsed = Parsed(
        command.action,
        OBJECT_NAMES.get(keyword, ""),
        tuple(refs),
        text=draw(TEXTS),
        scope=draw(st.sampled_from(["open", "all", "group"])),
        name=draw(st.sampled_from(["New laptop", "new LAPTOP", "New laptop", "New house"])),
        on=draw(st.sampled_from(["request", "call"])),
        target=draw(st.sampled_from(["Closers", "bob@desk.example", "leo@desk.example", "Nobody"])),
    )
    return command, parsed


class Busy(RuleBasedStateMachine):
    """Whatever comes by mail, is done on a page or falls due is done as it may be, or refused."""

    def __init__(self) -> None:
        super().__init__()
        self._undone = transaction.atomic()
        self._undone.__enter__()
        self._folder = TemporaryDirectory()
        self.busy = BusyDesk.open(Path(self._folder.name))
        self._clock = self.busy.clock()
        self._clock.__enter__()
        self.last: bytes | None = None

    def teardown(self) -> None:
        """Take all of it back, for the next one."""
        self._clock.__exit__(None, None, None)
        self._folder.cleanup()
        transaction.set_rollback(True)
        self._undone.__exit__(None, None, None)

    def _try(self, attempt: Attempt, do: Callable[[], object]) -> Step:
        before = Seen.now()
        do()
        step = Step(attempt, before, Seen.now())
        step.check()
        return step

    def _one(self, kind: str, which: int) -> Call | Request | Task | Approval | None:
        rows = list(ROWS[kind].objects.order_by("pk"))
        return rows[which % len(rows)] if rows else None

    # What comes by mail.

    def _arrives(
        self, attempt: Attempt, subject: str, text: str, *, hr: bool = False, **more: object
    ) -> None:
        headers = str(more.pop("headers", ""))
        if attempt.proved:
            domain = attempt.sender.rpartition("@")[2]
            headers += f"Authentication-Results: mx.desk.example; dmarc=pass header.from={domain}\n"
        account = self.busy.hr_account if hr else None
        more.setdefault("to", "hr@desk.example" if hr else "support@desk.example")
        self.last = mail(attempt.sender, subject, text, headers=headers, **more)
        step = self._try(attempt, lambda: self.busy.desk.receive(self.last, account=account))
        if ReceivedMail.objects.latest("pk").outcome in {"refused", "rejected", "duplicate"}:
            assert all(step.after.marks[key][0] == state for key, (state, _) in step.before.marks.items())

    def _from(self, sender: int, proved: bool, carried: Sequence[str], orders: bool = True) -> Attempt:
        address = self.busy.addresses[sender]
        known = address not in STRANGERS
        return Attempt(address, proved and known, frozenset(carried), orders=orders)

    def _token(self, whose: int, approval: Approval) -> list[str]:
        """A token as a mail about an approval that waits carries it, for anybody."""
        if approval.state != "waiting":
            return []
        return [tokens.give(approval, self.busy.person(whose), timezone.now()).text]

    def _asked(self, approval: Approval) -> int:
        return NAMES.index(approval.person.name.partition(" ")[0].lower())

    @rule(
        sender=SENDERS, proved=MOSTLY, hr=RARELY, said=subjects(), text=TEXTS, translated=RARELY,
        cut=RARELY, at=st.integers(0, 14), prefix=st.sampled_from(["", "", "", "", "Fwd: ", "Re: "]),
    )  # fmt: skip
    def a_command_arrives(
        self, sender: int, proved: bool, hr: bool, said: tuple[Command, Parsed], text: str,
        translated: bool, cut: bool, at: int, prefix: str,
    ) -> None:  # fmt: skip
        """In the words of an account, perhaps of the other; perhaps without one of its letters."""
        words = self.busy.hr_account.command_words() if hr != translated else DEFAULT
        subject = write_command(*said, words)
        if cut:
            subject = subject[:at] + subject[at + 1 :]
        attempt = self._from(sender, proved, [], orders=prefix != "Fwd: ")
        self._arrives(attempt, prefix + subject, f"{text}\n", hr=hr)

    @rule(
        which=WHICH, sender=SENDERS, as_asked=MOSTLY, proved=st.booleans(), carries=st.booleans(), whose=WHO,
        own=MOSTLY, action=st.sampled_from(["approve", "reject"]),
        about=st.sampled_from(["task", "approval"]),
        further=st.lists(st.integers(1, 4), max_size=2), text=TEXTS,
    )  # fmt: skip
    def a_decision_arrives(
        self, which: int, sender: int, as_asked: bool, proved: bool, carries: bool, whose: int, own: bool,
        action: str, about: str, further: list[int], text: str,
    ) -> None:  # fmt: skip
        """With a token or proof or neither, by who is asked or anybody; the token their own, or another's."""
        approval = self._one("approval", which)
        asked = self._asked(approval)
        carried = self._token(asked if own else whose, approval) if carries else []
        number = approval.pk if about == "approval" else approval.task_id
        parsed = Parsed(action, about, (number, *further), token="".join(carried), text=text)
        attempt = self._from(asked if as_asked else sender, proved, carried)
        self._arrives(attempt, write_subject(parsed), "\n")

    @rule(
        which=WHICH, sender=SENDERS, as_asked=MOSTLY, proved=st.booleans(), whose=WHO, own=MOSTLY,
        line=st.sampled_from(DECISIONS), place=st.sampled_from(["", "address", "quoted", "subject"]),
        automatic=RARELY,
    )  # fmt: skip
    def an_approval_mail_is_answered(
        self, which: int, sender: int, as_asked: bool, proved: bool, whose: int, own: bool, line: str,
        place: str, automatic: bool,
    ) -> None:  # fmt: skip
        approval = self._one("approval", which)
        asked = self._asked(approval)
        carried = self._token(asked if own else whose, approval) if place else []
        ours = new_message_id(approval.pk, "support@desk.example", signing_keys(), "approval")
        subject, text, more = f"Re: [Task {approval.task_id}] Your decision", line, {}
        if carried and place == "address":
            more["to"] = f"support+ok.{carried[0]}@desk.example"
        elif carried and place == "quoted":
            text += f"\n> On Monday we wrote:\n> [ok.{carried[0]}]\n"
        elif carried:
            subject += f" [{carried[0]}]"
        if automatic:
            more["headers"] = "Auto-Submitted: auto-replied\n"
        orders = not automatic and line.startswith(("Approved\n", "Rejected: "))
        attempt = self._from(asked if as_asked else sender, proved, carried, orders=orders)
        self._arrives(attempt, subject, text, in_reply_to=ours, references=(ours,), **more)

    @rule(
        sender=SENDERS, proved=MOSTLY, kind=st.sampled_from(["call", "request", "task"]), which=WHICH,
        signed=st.booleans(), cc=st.none() | SENDERS,
    )  # fmt: skip
    def words_arrive(
        self, sender: int, proved: bool, kind: str, which: int, signed: bool, cc: int | None
    ) -> None:
        row = self._one(kind, which)
        more = {"cc": (self.busy.addresses[cc],)} if cc is not None else {}
        if signed:
            ours = new_message_id(row.pk, "support@desk.example", signing_keys(), kind)
            more |= {"in_reply_to": ours, "references": (ours,)}
        attempt = self._from(sender, proved, [], orders=False)
        self._arrives(attempt, f"Re: [{kind.capitalize()} {row.pk}] It", "Some words\n", **more)

    @rule()
    def the_same_mail_comes_again(self) -> None:
        if self.last:
            twice = ReceivedMail.objects.latest("pk")
            account = self.busy.hr_account if twice.account == self.busy.hr_account else None
            receive = lambda: self.busy.desk.receive(self.last, account=account)  # noqa: E731
            step = self._try(Attempt(twice.from_address, orders=False), receive)
            assert ReceivedMail.objects.latest("pk").outcome in {"duplicate", "rejected"}
            assert step.after.marks == step.before.marks
            assert not step.new

    # What is done on pages.

    def _posts(self, who: int, address: str, **data: object) -> None:
        person = self.busy.person(who)
        browser = self.busy.browser(person)
        step = self._try(Attempt(person=person), lambda: self._answered(browser.post(address, data)))
        if self.status >= 400:
            assert step.after.marks == step.before.marks

    def _answered(self, response: object) -> None:
        self.status = response.status_code

    @rule(
        who=WHO, which=WHICH, how=st.sampled_from(["close", "resolve", "reopen"]), text=TEXTS,
        unsolved=st.sampled_from(["", "on"]), to=WHO, old=st.integers(0, 5),
    )  # fmt: skip
    def a_call_is_ended_on_its_page(
        self, who: int, which: int, how: str, text: str, unsolved: str, to: int, old: int
    ) -> None:
        call = self._one("call", which)
        data = {"comment": text, "analyst": self.busy.person(to).pk, "unsolved": unsolved}
        version = call.version - (not old)
        self._posts(who, reverse(f"web:call-{how}", args=[call.pk]), version=version, **data)

    @rule(
        who=WHO, kind=st.sampled_from(["call", "request", "task"]), which=WHICH, text=TEXTS, to=WHO,
        do=st.sampled_from(["take", "forward", "update", "close", "close", "reopen", "ask", "cancel"]),
    )  # fmt: skip
    def something_is_done_on_a_page(
        self, who: int, kind: str, which: int, text: str, to: int, do: str
    ) -> None:
        row, other = self._one(kind, which), self.busy.person(to)
        data = {"text": text, "version": row.version, "analyst": other.pk, "person": other.email}
        self._posts(who, reverse(f"web:{kind}-do", args=[row.pk, do]), **data)

    @rule(who=WHO, which=WHICH, do=st.sampled_from(["lock", "lock", "take-over", "release"]))
    def somebody_works_on_a_call(self, who: int, which: int, do: str) -> None:
        self._posts(who, reverse("web:call-lock", args=[self._one("call", which).pk]), do=do)

    @rule(who=WHO, which=WHICH, decision=st.sampled_from(["approve", "reject"]), text=TEXTS)
    def somebody_decides_on_a_page(self, who: int, which: int, decision: str, text: str) -> None:
        approval = self._one("approval", which)
        data = {"decision": decision, "text": text, "version": approval.task.version}
        self._posts(who, reverse("web:approval", args=[approval.pk]), **data)

    @rule(whose=WHO, which=WHICH, decision=st.sampled_from(["approve", "reject"]), text=TEXTS)
    def a_link_is_opened_and_used(self, whose: int, which: int, decision: str, text: str) -> None:
        approval = self._one("approval", which)
        for token in self._token(whose, approval):
            address = reverse("web:decide", args=[token])
            self._looked_at(address)
            data = {"decision": decision, "text": text, "version": approval.task.version}
            attempt = Attempt(person=self.busy.person(whose), tokens=frozenset({token}))
            self._try(attempt, lambda: self.busy.browser(self.busy.person(0)).post(address, data))  # noqa: B023

    @rule(yes=st.booleans())
    def somebody_says_whether_it_was_them(self, yes: bool) -> None:
        wait = Confirmation.objects.filter(answered_at=None).order_by("pk").last()
        if wait is None:
            return
        address = reverse("web:confirm", args=[confirming.token_of(wait)])
        self._looked_at(address)
        attempt = Attempt(wait.person.email, person=wait.person)
        post = {"answer": "yes" if yes else "no"}
        self._try(attempt, lambda: self.busy.browser(self.busy.person(0)).post(address, post))

    def _looked_at(self, address: str) -> None:
        before = Seen.now()
        self.busy.browser(self.busy.person(0)).get(address)
        after = Seen.now()
        assert (after.marks, after.entries) == (before.marks, before.entries)

    # Who may what, and the clock.

    @rule(which=st.integers(0, 1), method=st.sampled_from(ClosureMethod), closers=st.booleans())
    def calls_are_to_end_otherwise(self, which: int, method: ClosureMethod, closers: bool) -> None:
        group = self.busy.closers if closers else None
        partition = self.busy.partitions[which]
        closing.set_closure(partition, method, group=group, after_hours=24, warning_hours="12, 3")

    @rule(who=WHO)
    def somebody_leaves_or_comes_back(self, who: int) -> None:
        person = self.busy.person(who)
        (leave if person.active else come_back)(person, by=None)

    @rule(one=WHO, other=WHO, start=st.integers(-5, 5), length=st.integers(1, 30))
    def somebody_is_made_a_delegate(self, one: int, other: int, start: int, length: int) -> None:
        person, starts_at = self.busy.person(one), timezone.now() + dt.timedelta(hours=start)
        ends_at = starts_at + dt.timedelta(hours=length)
        try:
            delegate(person, self.busy.person(other), starts_at=starts_at, ends_at=ends_at, made_by=person)
        except Refused as refused:
            assert str(refused).endswith(".")

    @rule(hours=st.integers(1, 30))
    def time_goes_by(self, hours: int) -> None:
        self.busy.ahead += dt.timedelta(hours=hours)
        self._try(Attempt(), self._do_what_is_due)
        assert self._do_what_is_due() == [0, 0, 0, 0]

    def _do_what_is_due(self) -> list[int]:
        now = timezone.now()
        return [do(now) for do in (remind_due, time_out_due, close_resolved, resume_deferred)]


@pytest.mark.django_db
def test_a_busy_desk_reaches_no_illegal_state() -> None:
    run_state_machine_as_test(Busy, settings=settings(max_examples=5, stateful_step_count=30))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.django_db
def test_a_busy_desk_reaches_no_illegal_state_for_long() -> None:
    tried = settings.default.max_examples // 2
    run_state_machine_as_test(Busy, settings=settings(max_examples=tried, stateful_step_count=50))
