"""What deciding needs of the desk, gathered for many mails with one query for each kind of look-up."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from mailcall.desk.models import Call, CallTemplate, Participant, Partition, Person, RemovedCall
from mailcall.desk.people import people_by_address
from mailcall.desk.rights import Rights, rights_of_many
from mailcall.grammar import Parsed, parse
from mailcall.inbound.decision import Account, Facts, WorkFact
from mailcall.inbound.models import IncomingAccount, Outcome, ReceivedMail
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.forwarded import writers_of
from mailcall.inbound.work_facts import work_facts, work_named
from mailcall.message import comparable
from mailcall.message.thread_ids import tags_in_subject
from mailcall.outbound.models import Message

MOST_REFERENCES = 50
ONCE = (Outcome.LOGGED, Outcome.UPDATED, Outcome.COMMANDED, Outcome.REFUSED)  # a further copy is left aside


def account_facts(account: IncomingAccount) -> Account:
    """The settings of an account that deciding heeds. A template person never logs a call."""
    analyst = account.default_logging_analyst
    return Account(
        name=account.name,
        template=account.template,
        default_logging_analyst=None if analyst and analyst.is_template else analyst,
        use_linked_analyst=account.use_linked_analyst,
        blocked_senders=tuple(comparable(entry) for entry in account.blocked_senders.split()),
        reject_subjects=tuple(filter(None, map(str.strip, account.reject_subjects.splitlines()))),
        gateway_tags=tuple(filter(None, map(str.strip, account.gateway_tags.splitlines()))),
        size_limit=account.size_limit,
        reject_automatic_subjects=account.reject_automatic_subjects,
        automatic_logs=account.automatic_logs,
        known_people_only=account.known_people_only,
        log_for_original_sender=account.log_for_original_sender,
        words=account.command_words(),
        proofs=account.proofs,
    )


def subject_of(account: Account, reading: Reading) -> Parsed:
    """What the subject of a mail says, in the words of its account."""
    return parse(reading.mail.subject, account.words, account.gateway_tags)


def own_addresses() -> frozenset[str]:
    """The addresses of this desk itself, in lower case."""
    addresses = (
        *IncomingAccount.objects.values_list("address", flat=True),
        *Partition.objects.values_list("address", flat=True),
    )
    return frozenset(comparable(address.strip()) for address in addresses if address.strip())


@dataclass(slots=True)
class Known:
    """What deciding some mails needs of the desk, kept true while one after another is acted on."""

    own_addresses: frozenset[str]
    now: dt.datetime
    people: dict[str, list[Person]]
    calls: dict[int, Call]
    participants: dict[int, set[str]]
    referenced: dict[int, dict[str, int]]
    same: dict[tuple[int, str], tuple[int, Call | None]]
    removed: dict[int, str]
    accounts: dict[int, Account]
    parsed: dict[int, Parsed]  # by the identity of the reading
    answered_subjects: dict[str, str] = field(default_factory=dict)
    templates: Mapping[str, CallTemplate] = field(default_factory=dict)
    work: Mapping[tuple[str, int], WorkFact] = field(default_factory=dict)
    rights: Mapping[int, Rights] = field(default_factory=dict)
    work_changed: bool = False  # since it was gathered
    stale: set[int] = field(default_factory=set)  # calls that were changed by themselves since

    def facts(self, account: IncomingAccount, reading: Reading) -> Facts:
        """What deciding this mail on its account needs."""
        partition = account.template.partition_id
        settings = self.accounts[account.pk]
        facts = Facts(
            account=settings,
            own_addresses=self.own_addresses,
            senders=tuple(self.people.get(reading.sender, ())),
            calls=self.calls,
            participants=self.participants,
            referenced=self.referenced.get(partition, {}),
            same_mail=self.same.get((partition, reading.duplicate_key)),
            same_mail_on={
                call.pk: earlier
                for (_, key), (earlier, call) in self.same.items()
                if call and key == reading.duplicate_key
            },
            now=self.now,
            removed_calls=self.removed,
            parsed=self.parsed[id(reading)],
            answered_subjects=self.answered_subjects,
            templates=self.templates,
            work=self._work(reading) if self.work_changed else self.work,
            rights=self.rights,
            people=self.people,
        )
        if self.stale and not self.stale.isdisjoint(calls_of(reading, facts)):
            self._read_again()
        return facts

    def _read_again(self) -> None:
        self.calls.update(_calls(self.stale))
        self.participants.update(_participants(self.stale))
        self.stale.clear()

    def _work(self, reading: Reading) -> Mapping[tuple[str, int], WorkFact]:
        return work_facts(work_named(reading, self.parsed[id(reading)]), self.now)

    @property
    def may_have_commands(self) -> bool:
        """Whether a mail among these may be decided as a command, by its subject or by what it belongs to."""
        return bool(self.work) or any(subject.is_command for subject in self.parsed.values())

    def learn(self, mail: ReceivedMail, reading: Reading, participants: Iterable[str]) -> None:
        """Take in what became of a mail, as the database would tell it; `participants` joined its call."""
        call, partition = mail.call, mail.account.template.partition_id
        if mail.message_id:
            self.answered_subjects.setdefault(mail.message_id, mail.subject)
        if mail.outcome in ONCE and mail.duplicate_key:
            self.same.setdefault((partition, mail.duplicate_key), (mail.pk, call))
        if call is None:
            return
        self.calls.setdefault(call.pk, call)
        self.participants[call.pk].update(participants)
        if mail.message_id:
            self.referenced[partition].setdefault(mail.message_id, call.pk)
        for address in {reading.sender, *writers_of(reading.mail)} - {""}:
            if address == call.user.email and address not in self.people:
                self.people[address] = [call.user]


def gather(
    work: Sequence[tuple[IncomingAccount, int | None, Reading]], own: frozenset[str], now: dt.datetime
) -> Known:
    """What deciding each (account, journal row, reading) needs. Calls they may change are locked.

    Must run inside a transaction. The journal row is None for a mail that never came.
    """
    senders = {reading.sender for _, _, reading in work if reading.sender}
    of_forwarded = [writers_of(r.mail) for account, _, r in work if account.log_for_original_sender]
    people = people_by_address(senders.union(*of_forwarded))
    referenced = _referenced(work)
    named = {call for by_account in referenced.values() for call in by_account.values()}
    accounts = {account.pk: account_facts(account) for account, _, _ in work}
    parsed = [subject_of(accounts[account.pk], reading) for account, _, reading in work]
    for (_, _, reading), subject in zip(work, parsed, strict=True):
        named |= calls_named(reading, subject)
    calls = _calls(named)
    analysts = [person for sharing in people.values() for person in sharing if person.is_analyst]
    return Known(
        own_addresses=own,
        now=now,
        people=people,
        calls=calls,
        participants=_participants(calls.keys()),
        referenced=referenced,
        same=_same_mails(work),
        removed=_removed(named - calls.keys()),
        accounts=accounts,
        rights=rights_of_many(analysts) if analysts else {},
        parsed={id(reading): subject for (_, _, reading), subject in zip(work, parsed, strict=True)},
        answered_subjects=_answered_subjects(work, parsed),
        templates=_templates({subject.name.casefold() for subject in parsed if subject.object == "call"}),
        work=work_facts(
            {
                named
                for (_, _, reading), subject in zip(work, parsed, strict=True)
                for named in work_named(reading, subject)
            },
            now,
        ),
    )


def _participants(calls: Set[int]) -> dict[int, set[str]]:
    """The addresses that take part in each of these calls."""
    found: dict[int, set[str]] = defaultdict(set)
    if calls:
        rows = Participant.objects.filter(call__in=calls).values_list("call", "address")
        for call, address in rows:
            found[call].add(address)
    return found


def _calls(numbers: Set[int]) -> dict[int, Call]:
    """Those of these calls that are there, locked."""
    rows = Call.objects.select_for_update(of=("self",)).filter(pk__in=numbers, anonymized_at=None)
    rows = rows.select_related("partition", "user", "analyst", "group").order_by("pk")
    return {call.pk: call for call in rows}


def _removed(numbers: Set[int]) -> dict[int, str]:
    """Of calls that are not there: a sentence on each that was deleted or anonymized."""
    return {row.number: str(row) for row in RemovedCall.objects.filter(pk__in=numbers)} if numbers else {}


def _answered_subjects(
    work: Sequence[tuple[IncomingAccount, int | None, Reading]], parsed: Sequence[Parsed]
) -> dict[str, str]:
    """The subjects of the mails that answers with a command as subject belong to."""
    wanted = {
        answered
        for (_, _, reading), subject in zip(work, parsed, strict=True)
        if subject.is_command
        for answered in reading.mail.in_reply_to or reading.mail.references[-1:]
    }
    if not wanted:
        return {}
    received = ReceivedMail.objects.filter(message_id__in=wanted).values_list("message_id", "subject")
    return {**dict(received), **dict(_subjects_sent(wanted))}


def _subjects_sent(message_ids: Set[str]) -> Iterable[tuple[str, str]]:
    return Message.objects.filter(message_id__in=message_ids).values_list("message_id", "subject")


def _templates(names: Set[str]) -> dict[str, CallTemplate]:
    """The call templates with these names, by name; names are alike whatever their case."""
    if not names - {""}:
        return {}
    templates = CallTemplate.objects.select_related("partition", "group", "analyst")
    return {template.name.casefold(): template for template in templates}


def calls_named(reading: Reading, parsed: Parsed) -> set[int]:
    """The numbers of the calls that a mail names, whether they exist or not.

    By our signature, by a tag, or as a command, `parsed`.
    """
    by_command = parsed.named if "call" in {parsed.object, parsed.on} else ()
    return (
        {found.target.number for found in reading.found if found.target.kind == "call"}
        | {tag.number for tag in tags_in_subject(reading.mail.subject) if tag.kind == "call"}
        | set(by_command)
    )


def calls_of(reading: Reading, facts: Facts) -> set[int]:
    """The calls that a mail names, or that the mails it refers to went to."""
    references = references_of(reading)
    return calls_named(reading, facts.parsed) | {
        facts.referenced[r] for r in references if r in facts.referenced
    }


def references_of(reading: Reading) -> tuple[str, ...]:
    """The Message-IDs that a mail refers to, nearest first, bounded."""
    mail = reading.mail
    return tuple(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references))))[:MOST_REFERENCES]


def calls_referred_to(references: Set[str]) -> dict[str, set[int]]:
    """The calls that the mails with these Message-IDs went to, in any partition."""
    found: dict[str, set[int]] = defaultdict(set)
    if references:
        rows = ReceivedMail.objects.filter(message_id__in=references, call__isnull=False)
        for message_id, call in rows.values_list("message_id", "call"):
            if call is not None:
                found[message_id].add(call)
    return found


def _referenced(work: Sequence[tuple[IncomingAccount, int | None, Reading]]) -> dict[int, dict[str, int]]:
    """By partition: Message-IDs of mails that went to a call, the first one to have it."""
    wanted = {reference for _, _, reading in work for reference in references_of(reading)}
    found: dict[int, dict[str, int]] = defaultdict(dict)
    if wanted:
        rows = (
            ReceivedMail.objects.filter(message_id__in=wanted, call__isnull=False)
            .order_by("-pk")
            .values_list("account__template__partition", "message_id", "call")
        )
        for partition, message_id, call in rows:
            if call is not None:
                found[partition][message_id] = call
    return found


def _same_mails(
    work: Sequence[tuple[IncomingAccount, int | None, Reading]],
) -> dict[tuple[int, str], tuple[int, Call | None]]:
    """By partition and key: the first mail that was dealt with under that key."""
    keys = {reading.duplicate_key for _, _, reading in work if reading.duplicate_key}
    own_rows = {row for _, row, _ in work if row is not None}
    if not keys:
        return {}
    rows = (
        ReceivedMail.objects.filter(duplicate_key__in=keys, outcome__in=ONCE)
        .exclude(pk__in=own_rows)
        .select_related("call", "account__template")
        .defer("raw")
        .order_by("-pk")
    )
    return {(row.account.template.partition_id, row.duplicate_key): (row.pk, row.call) for row in rows}
