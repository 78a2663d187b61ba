"""What deciding needs of the desk, gathered for many mails with one query for each kind of look-up."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from mailcall.desk.models import Call, Participant, Partition, Person, RemovedCall
from mailcall.desk.people import people_by_address
from mailcall.inbound.decision import Account, Facts
from mailcall.inbound.models import IncomingAccount, Outcome, ReceivedMail
from mailcall.inbound.reading import Reading
from mailcall.message import comparable
from mailcall.message.thread_ids import tags_in_subject

MOST_REFERENCES = 50


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
    )


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

    def facts(self, account: IncomingAccount, reading: Reading) -> Facts:
        """What deciding this mail on its account needs."""
        partition = account.template.partition_id
        return Facts(
            account=account_facts(account),
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
        )

    def learn(self, mail: ReceivedMail, reading: Reading, participants: Iterable[str]) -> None:
        """Take in what became of a mail, as the database would tell it; `participants` joined its call."""
        call, partition = mail.call, mail.account.template.partition_id
        if call is None:
            return
        self.calls.setdefault(call.pk, call)
        self.participants[call.pk].update(participants)
        if mail.message_id:
            self.referenced[partition].setdefault(mail.message_id, call.pk)
        if mail.outcome in {Outcome.LOGGED, Outcome.UPDATED} and mail.duplicate_key:
            self.same.setdefault((partition, mail.duplicate_key), (mail.pk, call))
        if reading.sender == call.user.email and reading.sender and reading.sender not in self.people:
            self.people[reading.sender] = [call.user]


def gather(
    work: Sequence[tuple[IncomingAccount, int | None, Reading]], own: frozenset[str], now: dt.datetime
) -> Known:
    """What deciding each (account, journal row, reading) needs. Calls they may change are locked.

    Must run inside a transaction. The journal row is None for a mail that never came.
    """
    people = people_by_address({reading.sender for _, _, reading in work if reading.sender})
    referenced = _referenced(work)
    named = {call for by_account in referenced.values() for call in by_account.values()}
    for _, _, reading in work:
        named |= calls_named(reading)
    calls = {
        call.pk: call
        for call in Call.objects.select_for_update(of=("self",))
        .select_related("partition", "user", "analyst", "group")
        .filter(pk__in=named, anonymized_at=None)
        .order_by("pk")
    }
    participants: dict[int, set[str]] = defaultdict(set)
    for call, address in Participant.objects.filter(call__in=calls).values_list("call", "address"):
        participants[call].add(address)
    return Known(
        own_addresses=own,
        now=now,
        people=people,
        calls=calls,
        participants=participants,
        referenced=referenced,
        same=_same_mails(work),
        removed=_removed(named - calls.keys()),
    )


def _removed(numbers: Set[int]) -> dict[int, str]:
    """Of calls that are not there: a sentence on each that was deleted or anonymized."""
    return {row.number: str(row) for row in RemovedCall.objects.filter(pk__in=numbers)} if numbers else {}


def calls_named(reading: Reading) -> set[int]:
    """The numbers of the calls that a mail names, by our signature or by a tag, whether they exist or not."""
    return {found.target.number for found in reading.found if found.target.kind == "call"} | {
        tag.number for tag in tags_in_subject(reading.mail.subject) if tag.kind == "call"
    }


def calls_of(reading: Reading, facts: Facts) -> set[int]:
    """The calls that a mail names, or that the mails it refers to went to."""
    references = references_of(reading)
    return calls_named(reading) | {facts.referenced[r] for r in references if r in facts.referenced}


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
        ReceivedMail.objects.filter(duplicate_key__in=keys, outcome__in=[Outcome.LOGGED, Outcome.UPDATED])
        .exclude(pk__in=own_rows)
        .select_related("call", "account__template")
        .defer("raw")
        .order_by("-pk")
    )
    return {(row.account.template.partition_id, row.duplicate_key): (row.pk, row.call) for row in rows}
