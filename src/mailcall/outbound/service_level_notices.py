"""From what the clock brings under agreements to rows of the message table, in the same transaction."""

from collections.abc import Iterator, Sequence
from functools import cache

from mailcall.desk import events
from mailcall.desk.agreements import parent_of
from mailcall.desk.models import Call, IssueType, ToTell
from mailcall.outbound import message_types
from mailcall.outbound.instructions import Instruction, put
from mailcall.outbound.recipients import Charges, Recipient, Work, group_recipients, mailboxes
from mailcall.outbound.snapshots import moment


def on_work_events(happened: Sequence[events.WorkEvent]) -> None:
    """Put into the message table what these events cause."""
    known = _Known()
    if mails := [_mail(event, known) for event in happened if isinstance(event, events.TimerEvent)]:
        put(mails)


def _mail(event: events.TimerEvent, known: "_Known") -> Instruction:
    timer, agreement = event.timer, event.timer.agreement
    measure = timer.get_measure_display().lower()
    level: dict[str, int] = {}
    if isinstance(event, events.Escalated):
        kind, tells, what = message_types.ESCALATION, event.level.tells, f"came to level {event.level.number}"
        level = {"level": event.level.number}
    else:
        kind, tells, what = message_types.BREACH, agreement.breach_tells, "was breached"
        if isinstance(event, events.Breached) and event.level:
            tells = ", ".join(filter(None, (tells, event.level.tells)))
            what += f" and came to level {event.level.number}"
    tells = ", ".join(dict.fromkeys(part.strip() for part in tells.split(",") if part.strip()))
    return Instruction(
        kind,
        event.on,
        event.entry,
        event.origin,
        to=list(dict.fromkeys(_recipients(event, tells, known))),
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


class _Known:
    """Whom groups, agreements and issue types name: each is asked for once for many mails."""

    def __init__(self) -> None:
        self.charges = Charges()
        self.group = cache(group_recipients)
        self.people = cache(lambda agreement: mailboxes(agreement.people.all()))
        self.issue_type = cache(_analysts_of_issue_type)


def _recipients(event: events.TimerEvent, tells: str, known: _Known) -> Iterator[Recipient]:
    """Those whom a level names, each as often as it does."""
    for whom in filter(None, (part.strip() for part in tells.split(","))):
        match ToTell(whom):
            case ToTell.AGREEMENT:
                yield from known.people(event.timer.agreement)
            case ToTell.ISSUE_TYPE:
                yield from known.issue_type(_issue_type(event.on))
            case ToTell.GROUP:
                if event.on.group:
                    yield from known.group(event.on.group)
            case ToTell.ENTITY:
                yield from known.charges.of(event.on)


def _issue_type(work: Work) -> IssueType | None:
    parent = parent_of(work)
    return parent.issue_type if isinstance(parent, Call) else None


def _analysts_of_issue_type(issue_type: IssueType | None) -> list[Recipient]:
    """Its analysts; without any, those of the nearest that it is part of."""
    while issue_type is not None:
        if analysts := mailboxes(issue_type.analysts.all()):
            return analysts
        issue_type = issue_type.parent
    return []
