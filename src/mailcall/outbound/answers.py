"""Answers to whoever wrote: what was done, what was refused and why, into the message table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.utils import timezone

from mailcall.database.rows import insert_rows
from mailcall.desk.models import Call, Partition, Person
from mailcall.grammar import HelpRow
from mailcall.message import address_ok, comparable, without_detail
from mailcall.message.approval_tokens import masked
from mailcall.message.subjects import clean_subject, strip_prefixes
from mailcall.message.thread_ids import without_tags
from mailcall.outbound.budget import COMMAND_CODES, LAST_ANSWER, Budget
from mailcall.outbound.message_types import COMMAND_ANSWERED, COMMAND_TO_CONFIRM, MessageType
from mailcall.outbound.models import Delivery, DeliveryState, Message
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.template_map import chosen
from mailcall.outbound.templating.wording import opening_in
from mailcall.outbound.text_tables import text_table
from mailcall.outbound.threads import new_message_id, signing_keys

CONFIRMATION = "confirmation"  # what the keys of its tokens are derived for


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one thing that was asked: `about` is such as `Call 12`, `what` its subject and User."""

    about: str
    done: bool
    sentence: str
    url: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; `url` is that of its first cell."""

    cells: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A list that somebody asked for; `left_out` counts what it has no room for."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Secret:
    """What the token of a page is derived from when the mail leaves; by itself it opens nothing."""

    nonce: str
    number: int
    person: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender of a mail is told; `mail` is its number in the journal, `asked` its subject.

    It goes to the address on record of `person`, or without one to that which the mail came from. With
    `confirm` they are asked whether it was them. `sentence` comes first.
    """

    mail: int
    correlation_id: str
    partition: Partition
    origin: MailOrigin
    person: Person | None
    asked: str
    results: Sequence[Result] = ()
    tables: Sequence[Table] = ()
    syntax: Sequence[str] = ()
    help: Sequence[HelpRow] = ()
    sentence: str = ""
    suggestion: str = ""
    confirm: Secret | None = None
    call: Call | None = None
    kind: MessageType = COMMAND_ANSWERED
    data: dict[str, Any] = field(default_factory=dict)
    why: str = "A mail asked for something, and its sender is told what became of it."

    @property
    def to(self) -> tuple[str, str]:
        """Name and address of who gets it."""
        if self.person and self.person.email:
            return self.person.name, self.person.email
        return self.origin.sender_name, self.origin.sender_address

    @property
    def message_type(self) -> MessageType:
        """Its kind; who is asked whether it was them gets another, unless something was done, too."""
        return COMMAND_TO_CONFIRM if self.confirm and not self.anything_done else self.kind

    @property
    def opening(self) -> str:
        """What its subject begins with, so that no answer reads as a command."""
        if self.message_type.opening:
            return self.message_type.opening
        if self.tables or self.help:
            return "Answer"
        if not self.anything_done or self.suggestion:
            return "Not done"
        return "Done" if all(result.done for result in self.results) else "Partly done"

    @property
    def anything_done(self) -> bool:
        """Whether anything was done."""
        return any(result.done for result in self.results)


def send_answers(answers: Sequence[Answer]) -> None:
    """Put these into the message table; what is beyond the budget is withheld, with the reason.

    Nobody is answered whose mail must not be, nor at an address that mail can't go to.
    """
    answers = [a for a in answers if a.origin.answer and _may_get(a)]
    if not answers:
        return
    now, keys = timezone.now(), signing_keys()
    addresses = {comparable(answer.to[1]) for answer in answers}
    strangers = {comparable(answer.to[1]) for answer in answers if not answer.origin.known}
    budget = Budget.of(addresses, {answer.call.pk for answer in answers if answer.call}, now, strangers)
    messages = [_message(answer, keys) for answer in answers]
    withheld = [_take(budget, answer, message) for answer, message in zip(answers, messages, strict=True)]
    insert_rows(messages)
    insert_rows(
        Delivery(
            message=message,
            partition_id=message.partition_id,
            recipient=comparable(answer.to[1]),
            stranger="" if answer.origin.known else without_detail(comparable(answer.to[1])),
            automatic=message.automatic,
            created_at=now,
            state=DeliveryState.WITHHELD if why else DeliveryState.QUEUED,
            reply=why,
        )
        for message, answer, why in zip(messages, answers, withheld, strict=True)
    )


def _take(budget: Budget, answer: Answer, message: Message) -> str:
    """Count an answer; why it is withheld, or empty. The last that goes within an hour says so."""
    address, call = comparable(answer.to[1]), answer.call.pk if answer.call else None
    known = answer.origin.known
    command = known and message.type_code in COMMAND_CODES
    withheld = budget.take(address, call, known=known, command=command)
    if not withheld and command and budget.was_last(address, command=command):
        message.data["last_answer"] = LAST_ANSWER
    return withheld


def _may_get(answer: Answer) -> bool:
    available = answer.person is None or answer.person.available_recipient
    return available and address_ok(answer.to[1])


def _message(answer: Answer, keys: Sequence[bytes]) -> Message:
    partition, origin = answer.partition, answer.origin
    about = masked(without_tags(strip_prefixes(answer.asked).text).strip()) or "(no subject)"
    kind = answer.message_type
    choice = chosen(
        kind, partition.pk, (answer.person.language if answer.person else "") or partition.language
    )
    opening = opening_in(choice.language, answer.opening)
    data = {
        "subject": about,
        "partition": partition.name,
        "user": clean_subject(answer.to[0]),
        **_told(answer),
    }
    otherwise = f"{opening}{'' if opening.endswith('?') else ':'} {about}"[:500]
    return Message(
        type_code=kind.code,
        partition=partition,
        call=answer.call,
        correlation_id=answer.correlation_id,
        message_id=new_message_id(answer.mail, partition.address, keys, "mail"),
        in_reply_to=origin.message_id[:998],
        references=" ".join((*origin.references, origin.message_id)),
        sender=[partition.sender_name or partition.name, partition.address],
        to=[list(answer.to)],
        language=choice.language,
        template_version_id=choice.version_id,
        subject=choice.subject_for(kind, data, otherwise=otherwise),
        data=data,
        automatic=bool(kind.auto_submitted),
        why=answer.why[:300],
    )


def _told(answer: Answer) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sentence": answer.sentence,
        "results": [asdict(result) for result in answer.results],
        "tables": [{**asdict(t), "text": text_table(t)} for t in map(_visible, answer.tables)],
        "suggestion": answer.suggestion,
        "syntax": list(answer.syntax),
        "help": [
            {"syntax": row.syntax, "example": row.example, "does": row.command.does} for row in answer.help
        ],
    }
    if answer.confirm:
        told[CONFIRMATION] = asdict(answer.confirm)
    return {name: value for name, value in told.items() if value} | answer.data


def _visible(table: Table) -> Table:
    """Without what turns the direction of writing or can't be seen: its words come from anybody."""
    rows = tuple(Row(tuple(map(clean_subject, row.cells)), row.url) for row in table.rows)
    return replace(table, rows=rows)
