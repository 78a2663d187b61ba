"""Trying a template before mails are made by it: with a sample, or with any call, request or task."""

from typing import Any

from django.db import transaction

from mailcall.desk.errors import Refused
from mailcall.desk.events import new_origin
from mailcall.desk.models import Call, Partition, Person, Request, Task
from mailcall.desk.state_names import state_names
from mailcall.message import comparable
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.models import Delivery, Message, TemplateChannel, TemplateVersion
from mailcall.outbound.recipients import Work, kind_of, partition_of, why_unreachable
from mailcall.outbound.snapshots import snapshot, subject_about
from mailcall.outbound.template_map import Choice
from mailcall.outbound.templating import builtin
from mailcall.outbound.templating.data import data_of, sample_of
from mailcall.outbound.threads import new_message_id, signing_keys

_KINDS: dict[int, type[Call] | type[Request] | type[Task]] = {1: Call, 2: Request, 3: Task, 4: Task}


def work_to_try(kind: MessageType, number: int) -> Work:
    """The call, request or task with this number that mails of a type may be about. Raises Refused."""
    model = _KINDS.get(kind.code // 1000, Call)
    found = model._default_manager.filter(pk=number).first()
    if found is None:
        raise Refused(f"There is no {model._meta.verbose_name} {number}.")
    return found


def values_for(kind: MessageType, work: Work | None) -> dict[str, Any]:
    """What a mail about this would be filled with: what the last such mail was, else as things stand.

    What only an event knows is as in the sample. Secrets of that mail are left aside.
    """
    values = sample_of(kind)
    if work is None:
        return values
    names = state_names(partition_of(work)) if isinstance(work, Call) else {}
    values |= snapshot(work, names)
    last = Message.objects.filter(type_code=kind.code, data_removed_at=None, **{kind_of(work): work})
    if message := last.order_by("-pk").first():
        offered = {datum.name for datum in data_of(kind)}
        values |= {name: value for name, value in message.data.items() if name in offered}
    return values


def send_test(version: TemplateVersion, kind: MessageType, work: Work | None, to: Person) -> Message:
    """Send what a version makes to who tries it. Raises Refused."""
    if version.template.channel != TemplateChannel.EMAIL:
        raise Refused("A short text can't be sent as a mail: look at it here.")
    if why := why_unreachable(to):
        raise Refused(f"No mail can go to {to}: {why}")
    partition = partition_of(work) if work else Partition.objects.order_by("pk").first()
    if partition is None:
        raise Refused("There is no partition yet whose mail it could be.")
    values = values_for(kind, work)
    usual = subject_about(work, kind.opening) if work else str(values.get("subject", kind.name))
    choice = Choice(version.language, version.pk, _subject(version))
    subject = choice.subject_for(kind, values, otherwise=usual)
    with transaction.atomic():
        message = Message.objects.create(
            type_code=kind.code,
            partition=partition,
            **({f"{kind_of(work)}_id": work.pk} if work else {}),
            author=to,
            correlation_id=new_origin().correlation_id,
            message_id=new_message_id(version.pk, partition.address, signing_keys(), "mail"),
            sender=[partition.sender_name or partition.name, partition.address],
            to=[[to.name, to.email]],
            language=version.language,
            template_version=version,
            subject=f"Test: {subject}"[:500],
            data={name: str(value) if isinstance(value, str) else value for name, value in values.items()},
            why=f"{to} tried the template {version.template}.",
        )
        Delivery.objects.create(message=message, partition=partition, recipient=comparable(to.email))
    return message


def _subject(version: TemplateVersion) -> Any:
    return builtin.engine("txt", version.language).compile(version.subject) if version.subject else None
