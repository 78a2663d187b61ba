"""Where words still stand on the desk: what a person looks through after an erasure.

All rows are looked through, so it takes its time. What is encoded in the source of a mail, or in a file,
is not found; of held mails the source is searched as it is.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast

from mailcall.desk.models import (
    Approval,
    Call,
    CallLink,
    Group,
    Participant,
    Person,
    PersonAddress,
    PersonChange,
    Request,
    RequestTypeStep,
    ServiceLevelChange,
    Survey,
    Task,
    TimelineEntry,
)
from mailcall.inbound.models import Confirmation, IncomingAccount, MailEdit, MailState, ReceivedMail
from mailcall.outbound.models import (
    Delivery,
    DigestItem,
    Draft,
    Message,
    Notice,
    NotTold,
    PersonNotices,
    Snippet,
    Suppression,
    TemplateVersion,
)

STEP = 5_000  # keys looked through by one query

_PLACES: Sequence[tuple[str, type[Model], Sequence[str]]] = (
    ("person", Person, ["name", "email"]),
    ("further address", PersonAddress, ["address"]),
    ("change of a person", PersonChange, ["by_name", "text"]),
    ("change of service levels", ServiceLevelChange, ["by_name", "text"]),
    ("group", Group, ["name", "addresses"]),
    ("incoming account", IncomingAccount, ["blocked_senders", "reject_subjects", "last_error"]),
    ("call", Call, ["subject"]),
    ("participant", Participant, ["address", "name", "reason"]),
    ("link", CallLink, ["reason"]),
    ("survey", Survey, ["comment"]),
    ("request", Request, ["subject"]),
    ("task", Task, ["title"]),
    ("approval", Approval, ["comment", "proof"]),
    ("step of a request type", RequestTypeStep, ["title"]),
    ("entry", TimelineEntry, ["actor_name", "subject", "text", "quoted_text", "html", "proof"]),
    ("received mail", ReceivedMail, ["from_address", "subject", "reason", "error", "trace", "evidence"]),
    ("edit of a mail", MailEdit, ["by", "old", "new"]),
    ("confirmation", Confirmation, ["command", "results"]),
    ("message", Message, ["subject", "to", "cc", "why", "data"]),
    ("draft", Draft, ["to", "cc", "bcc", "subject", "text", "problem"]),
    ("text kept ready", Snippet, ["name", "text"]),
    ("version of a template", TemplateVersion, ["made_by_name", "subject", "html", "text"]),
    ("delivery", Delivery, ["recipient", "reply", "reported"]),
    ("notice", Notice, ["subject", "text", "why"]),
    ("line of a digest", DigestItem, ["address", "name", "subject", "text", "why"]),
    ("record of who was not told", NotTold, ["who"]),
    ("pager", PersonNotices, ["pager"]),
    ("suppressed address", Suppression, ["address", "reason", "released_by"]),
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A row that has the words in these columns, and the call it is on."""

    what: str
    key: int
    columns: tuple[str, ...]
    call: int | None = None

    def __str__(self) -> str:
        on = f" of call {self.call}" if self.call else ""
        return f"{self.what} {self.key}{on}: {', '.join(self.columns)}"


def mentions(words: Sequence[str]) -> Iterator[Mention]:
    """Every row that has any of these words, in any case."""
    folded = [word.casefold() for word in words if word.strip()]
    for what, model, columns in _PLACES:
        on = _call_column(model)
        rows = model._default_manager.order_by("pk")
        texts = {f"{column}_text": Cast(column, TextField()) for column in columns}
        wanted = Q()
        for spelling in {part for word in words for part in (word, json.dumps(word)[1:-1])}:
            for text in texts:
                wanted |= Q(**{f"{text}__icontains": spelling})
        last = rows.values_list("pk", flat=True).last() or 0
        for start in range(0, last + 1, STEP):
            some = rows.alias(**texts).filter(wanted, pk__gte=start, pk__lt=start + STEP)
            for row in some.values("pk", *([on] if on else []), *columns):
                found = tuple(name for name in columns if _has(row[name], folded))
                if found:
                    yield Mention(what, row["pk"], found, row[on] if on else None)
    for mail in (
        ReceivedMail.not_done().filter(state=MailState.HELD).only("pk", "raw", "sha256", "raw_removed_at")
    ):
        if _has(_source(mail), folded):
            yield Mention("held mail", mail.pk, ("source",))


def _has(value: Any, folded: Sequence[str]) -> bool:
    text = str(value).casefold()
    return any(word in text for word in folded)


def _source(mail: ReceivedMail) -> str:
    try:
        return mail.read_raw().decode("utf-8", "replace")
    except OSError:
        return ""


def _call_column(model: type[Model]) -> str:
    if model is Delivery:
        return "message__call"
    return "call" if any(field.name == "call" for field in model._meta.fields) else ""
