"""From what the clock brings under agreements to rows of the message table, in the same transaction."""

from collections.abc import Iterator, Sequence

from mailcall.desk import events
from mailcall.desk.agreements import parent_of
from mailcall.desk.models import Call, Person, ToTell
from mailcall.outbound import message_types
from mailcall.outbound.instructions import Instruction, put
from mailcall.outbound.recipients import Charges, Recipient, Work, group_recipients, mailboxes
from mailcall.outbound.snapshots import moment


def on_work_events(happened: Sequence[events.WorkEvent]) -> None:
    """Put into the message table what these events cause."""
    if mails := [_mail(event) for event in happened if isinstance(event, events.TimerEvent)]:
        put(mails)


def _mail(event: events.TimerEvent) -> Instruction:
    timer, agreement = event.timer, event.timer.agreement
    measure = timer.get_measure_display().lower()
    if isinstance(event, events.Escalated):
        kind, tells, what = message_types.ESCALATION, event.level.tells, f"came to level {event.level.number}"
        level = {"level": event.level.number}
    else:
        kind, tells, what, level = message_types.BREACH, agreement.breach_tells, "was breached", {}
    return Instruction(
        kind,
        event.on,
        event.entry,
        event.origin,
        to=list(dict.fromkeys(_recipients(event, tells))),
        data={
            "agreement": agreement.name,
            "why_agreement": timer.why,
            "measure": measure,
            "until": moment(timer.due_at) if timer.due_at else "",
            "breached": timer.breached_at is not None,
            **level,
        },
        why=f"The {measure} target of {agreement} {what}, which is told to {tells or 'nobody'}.",
    )


def _recipients(event: events.TimerEvent, tells: str) -> Iterator[Recipient]:
    """Those whom a level names, each as often as it does."""
    for whom in filter(None, (part.strip() for part in tells.split(","))):
        match ToTell(whom):
            case ToTell.AGREEMENT:
                yield from mailboxes(event.timer.agreement.people.all())
            case ToTell.ISSUE_TYPE:
                yield from mailboxes(_analysts_of_issue_type(event.on))
            case ToTell.GROUP:
                if event.on.group:
                    yield from group_recipients(event.on.group)
            case ToTell.ENTITY:
                yield from Charges().of(event.on)


def _analysts_of_issue_type(work: Work) -> list[Person]:
    """Those of its issue type; without any, those of the nearest that this is part of."""
    parent = parent_of(work)
    issue_type = parent.issue_type if isinstance(parent, Call) else None
    while issue_type is not None:
        if analysts := list(issue_type.analysts.all()):
            return analysts
        issue_type = issue_type.parent
    return []
