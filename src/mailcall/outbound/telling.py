"""Which of those who are to hear of something are told, by which channels, when, and with what others.

What decides is asked for once for all instructions that are put into the table together: the notification
settings of their partitions, the choices of the people, and how many notices each address got lately.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Count

from mailcall.desk.models import Person
from mailcall.desk.rights import Rights, rights_of_many
from mailcall.message import comparable
from mailcall.outbound.message_types import CALL_SURVEY, Audience, Governed, MessageType
from mailcall.outbound.models import (
    Delivery,
    MessageChannel,
    NotificationSettings,
    OccasionSetting,
    PersonChoice,
    PersonNotices,
    Wish,
)
from mailcall.outbound.reading_hours import next_time, quiet_until, zone_of
from mailcall.outbound.recipients import Recipient, Work, if_they_may_see

if TYPE_CHECKING:
    from mailcall.outbound.instructions import Instruction

ALL_PARTITIONS = None
_Heard = tuple[Work, int, str]  # what happened: the entry of a timeline; and an address
_NOBODY: Any = object()


@dataclass(frozen=True, slots=True)
class Copy:
    """One mail that an instruction becomes: those who read the same language at the same time share it."""

    instruction: "Instruction"
    to: Sequence[Recipient]
    cc: Sequence[Recipient] = ()
    bcc: Sequence[Recipient] = ()
    language: str = ""
    due_at: dt.datetime | None = None
    channel: MessageChannel = MessageChannel.EMAIL


@dataclass(frozen=True, slots=True)
class Later:
    """A notice that comes with others in one mail."""

    instruction: "Instruction"
    recipient: Recipient
    due_at: dt.datetime
    flood: bool


@dataclass(slots=True)
class Told:
    """What becomes of instructions: mails, lines on pages and in digests, and who is not told."""

    copies: list[Copy] = field(default_factory=list)
    notices: list[tuple["Instruction", Person]] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    not_told: list[tuple["Instruction", Recipient]] = field(default_factory=list)


def tell(instructions: Sequence["Instruction"], now: dt.datetime) -> Told:
    """Sort out who is told of these, how and when."""
    return _Telling(instructions, now).sorted_out()


class _Telling:
    def __init__(self, instructions: Sequence["Instruction"], now: dt.datetime) -> None:
        self._instructions = instructions
        self._now = now
        self._told = Told()
        self._heard: dict[_Heard, Later | None] = {}  # whoever was told, and by which digest if by one
        self._besides: set[tuple[str, _Heard]] = set()  # whoever was told on their page, or their pager
        self._off = _switched(instructions)

    def sorted_out(self) -> Told:
        for instruction in self._instructions:
            kind, partition = instruction.kind, instruction.partition
            if not self._is_used(kind, partition.pk):
                self._drop(instruction, instruction.everybody, f"{kind} is switched off in {partition}.")
            elif instruction.audience == Audience.STAFF:
                self._tell_staff(instruction)
            else:
                self._tell_others(instruction)
        return self._told

    def _is_used(self, kind: MessageType, partition: int) -> bool:
        if kind.vital or kind.answer:
            return True
        everywhere = self._off.get((kind.code, ALL_PARTITIONS), kind.used)
        return self._off.get((kind.code, partition), everywhere)

    def _drop(self, instruction: "Instruction", recipients: Sequence[Recipient], why: str) -> None:
        for recipient in recipients:
            self._told.not_told.append((instruction, _but(recipient, recipient.why_not or why)))

    def _able(self, instruction: "Instruction", recipients: Sequence[Recipient]) -> list[Recipient]:
        """Those of them who can be told, and have not heard of this at once in another role."""
        some = []
        for recipient in recipients:
            if recipient.why_not:
                self._told.not_told.append((instruction, recipient))
            elif self._heard.get(_heard(instruction, recipient), _NOBODY) is None and not _comes_besides(
                instruction
            ):
                self._drop(instruction, [recipient], "They are told of it by another mail.")
            else:
                some.append(recipient)
        return some

    def _note(self, instruction: "Instruction", recipient: Recipient, later: "Later | None" = None) -> None:
        """They hear of it now, or by a digest, in which it is not told again of what they heard at once."""
        before = self._heard.get(_heard(instruction, recipient))
        if before is not None:
            self._told.later.remove(before)
        self._heard[_heard(instruction, recipient)] = later
        if later:
            self._told.later.append(later)

    def _tell_others(self, instruction: "Instruction") -> None:
        """Users, approvers and whom an author names: by mail and at once, in the language of the first."""
        to, cc, bcc = (
            self._able(instruction, some) for some in (instruction.to, instruction.cc, instruction.bcc)
        )
        if not to:
            self._drop(instruction, [*cc, *bcc], "Nobody whom the mail is to can be told, so it is not sent.")
            return
        for recipient in (*to, *cc, *bcc):
            self._note(instruction, recipient)
        language = to[0].person.language if to[0].person else ""
        self._told.copies.append(Copy(instruction, to, cc, bcc, language, instruction.due_at))

    def _tell_staff(self, instruction: "Instruction") -> None:
        settings = self._settings.get(instruction.partition.pk) or _DEFAULTS
        by_mail: dict[tuple[str, dt.datetime | None], list[Recipient]] = defaultdict(list)
        to = [if_they_may_see(one, instruction.partition, self._rights) for one in instruction.to]
        for recipient in self._able(instruction, to):
            person = recipient.person
            wish = self._wish(person, instruction.kind, settings)
            if wish == Wish.OFF:
                self._drop(instruction, [recipient], "They chose not to be told of this.")
                continue
            if settings.internal and person and self._is_first("page", instruction, recipient):
                self._told.notices.append((instruction, person))
            at_once = settings.pager and wish == Wish.AT_ONCE
            if at_once and person and self._is_first("pager", instruction, recipient):
                self._page(instruction, person, settings)
            if why := _why_no_mail(instruction, settings):
                self._drop(instruction, [recipient], why)
            elif wish == Wish.DIGEST and person:
                due = self._next_digest(person)
                self._note(instruction, recipient, Later(instruction, recipient, due, flood=False))
            elif self._is_flooded(instruction, recipient.address, settings):
                due = self._now + dt.timedelta(minutes=settings.within_minutes)
                self._note(instruction, recipient, Later(instruction, recipient, due, flood=True))
            else:
                self._note(instruction, recipient)
                language = person.language if person else ""
                due_at = self._after_quiet_hours(instruction.kind, person) if person else None
                by_mail[language, due_at].append(recipient)
        for (language, due_at), recipients in by_mail.items():
            self._told.copies.append(Copy(instruction, recipients, language=language, due_at=due_at))

    def _is_first(self, where: str, instruction: "Instruction", recipient: Recipient) -> bool:
        """Whether they have not been told of this there, in another role."""
        told = where, _heard(instruction, recipient)
        if told in self._besides:
            return False
        self._besides.add(told)
        return True

    def _page(self, instruction: "Instruction", person: Person, settings: NotificationSettings) -> None:
        """A short text to their pager, unless it had its fill within the last minutes."""
        if not (pager := self._wanted(person).pager):
            return
        to = Recipient(person.name, pager, person)
        if self._is_flooded(instruction, pager, settings):
            self._drop(instruction, [to], "Their pager had its fill within the last minutes.")
            return
        due = self._after_quiet_hours(instruction.kind, person)
        self._told.copies.append(Copy(instruction, [to], (), (), person.language, due, MessageChannel.PAGER))

    def _wish(self, person: Person | None, kind: MessageType, settings: NotificationSettings) -> Wish:
        if person is None or kind.vital or kind.urgent or not settings.people_choose:
            return Wish.AT_ONCE
        return self._choices.get((person.pk, kind.code), Wish.AT_ONCE)

    def _is_flooded(self, instruction: "Instruction", address: str, settings: NotificationSettings) -> bool:
        """Whether this address got its fill within the last minutes."""
        if not settings.most_notices or instruction.kind.vital or instruction.kind.urgent:
            return False
        address = comparable(address)
        minutes = settings.within_minutes
        lately = self._lately(minutes)
        if lately[address] >= settings.most_notices:
            return True
        lately[address] += 1
        return False

    def _lately(self, minutes: int) -> Counter[str]:
        """How many mails each of the addresses got within so many minutes."""
        if minutes not in self._counts:
            since = self._now - dt.timedelta(minutes=minutes)
            got = Delivery.objects.filter(
                recipient__in=self._addresses, created_at__gt=since, automatic=True
            ).order_by()
            counted = got.values_list("recipient").annotate(n=Count("pk"))
            self._counts[minutes] = Counter(dict(counted))
        return self._counts[minutes]

    @cached_property
    def _counts(self) -> dict[int, Counter[str]]:
        return {}

    def _after_quiet_hours(self, kind: MessageType, person: Person) -> dt.datetime | None:
        """When the quiet hours end in which it is now by their clock; None outside of them."""
        wanted = self._wanted(person)
        if kind.urgent or not wanted.quiet_from or not wanted.quiet_until:
            return None
        return quiet_until(self._now, wanted.quiet_from, wanted.quiet_until, zone_of(person))

    def _next_digest(self, person: Person) -> dt.datetime:
        return next_time(self._now, self._wanted(person).digest_at, zone_of(person))

    def _wanted(self, person: Person) -> PersonNotices:
        return self._wanted_by.get(person.pk) or _WANTED

    @cached_property
    def _staff(self) -> list["Instruction"]:
        return [i for i in self._instructions if i.audience == Audience.STAFF]

    @cached_property
    def _people(self) -> Mapping[int, Person]:
        return {r.person.pk: r.person for i in self._staff for r in i.to if r.person and not r.why_not}

    @cached_property
    def _rights(self) -> Mapping[int, Rights]:
        return rights_of_many(self._people.values())

    @cached_property
    def _addresses(self) -> set[str]:
        pagers = (wanted.pager for wanted in self._wanted_by.values() if wanted.pager)
        mailboxes = (r.address for i in self._staff for r in i.to if not r.why_not)
        return {comparable(address) for address in (*mailboxes, *pagers)}

    @cached_property
    def _settings(self) -> Mapping[int, NotificationSettings]:
        partitions = {i.partition.pk for i in self._staff}
        return {s.partition_id: s for s in NotificationSettings.objects.filter(partition__in=partitions)}

    @cached_property
    def _wanted_by(self) -> Mapping[int, PersonNotices]:
        return {row.person_id: row for row in PersonNotices.objects.filter(person__in=list(self._people))}

    @cached_property
    def _choices(self) -> Mapping[tuple[int, int], Wish]:
        rows = PersonChoice.objects.filter(person__in=list(self._people))
        return {(row.person_id, row.type_code): Wish(row.wish) for row in rows}


def _switched(instructions: Collection["Instruction"]) -> Mapping[tuple[int, int | None], bool]:
    """Which message types are switched on or off, by code and partition."""
    codes = {i.kind.code for i in instructions if not (i.kind.vital or i.kind.answer)}
    if not codes:
        return {}
    rows = OccasionSetting.objects.filter(type_code__in=codes)
    return {(row.type_code, row.partition_id): row.active for row in rows}


def _why_no_mail(instruction: "Instruction", settings: NotificationSettings) -> str:
    """Why the settings have no mail sent, or an empty text."""
    governed = instruction.kind.governed
    if instruction.by_mail is not None:  # who forwarded was asked
        return "" if instruction.by_mail else "Who forwarded it chose that no mail goes out."
    on = {
        Governed.EMAIL: settings.email,
        Governed.UPDATE: settings.tells_of_updates,
        Governed.ESCALATION: settings.email_at_escalation,
        Governed.REGARDLESS: True,
    }[governed]
    return "" if on else f"{governed} is off in the notification settings of {instruction.partition}."


def _comes_besides(instruction: "Instruction") -> bool:
    """Whether it is sent, whatever else they are told of the event: each approval has its own token."""
    return instruction.audience == Audience.APPROVER or instruction.kind is CALL_SURVEY


def _heard(instruction: "Instruction", recipient: Recipient) -> "_Heard":
    return instruction.about, instruction.entry.pk, comparable(recipient.address)


def _but(recipient: Recipient, why: str) -> Recipient:
    return Recipient(recipient.name, recipient.address, recipient.person, why)


_DEFAULTS = NotificationSettings()
_WANTED = PersonNotices(digest_at=dt.time(8))
