"""What approvals cause to be sent: to all who are asked, and their delegates, a token of their own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mailcall.desk import events
from mailcall.desk.delegations import delegates_of, may_approve
from mailcall.desk.models import EntryKind, Person, Request, Task, TimelineEntry, TokenPlace
from mailcall.message import approval_tokens
from mailcall.outbound import message_types
from mailcall.outbound.instructions import Instruction
from mailcall.outbound.models import Token
from mailcall.outbound.recipients import but_not_writer, did_it, kind_of, mailboxes, parent_of, reachable
from mailcall.outbound.snapshots import MOST_TEXT, moment, words
from mailcall.outbound.tokens import give_all

Asking = events.ApprovalWanted | events.ApprovalReminderDue | events.ApprovalDelegated

_KINDS = {
    events.ApprovalWanted: message_types.APPROVAL_WANTED,
    events.ApprovalReminderDue: message_types.APPROVAL_REMINDER,
    events.ApprovalDelegated: message_types.APPROVAL_DELEGATED,
}


def approval_instructions(happened: Sequence[events.ApprovalEvent]) -> Iterator[Instruction]:
    """Who is written to because of these; tokens are given with it. Tasks have their requests and calls."""
    yield from _ask([event for event in happened if isinstance(event, Asking)])
    yield from _withdraw([event for event in happened if isinstance(event, events.ApprovalWithdrawn)])
    for event in happened:
        if isinstance(event, events.ApprovalDecided):
            yield from _tell_whose_it_was(event)


def _ask(asking: Sequence[Asking]) -> Iterator[Instruction]:
    """Whoever is asked is told what to decide and how, and so is each delegate of theirs."""
    by_task: dict[int, list[Asking]] = {}
    for event in asking:
        by_task.setdefault(event.task.pk, []).append(event)
    for events_of_task in by_task.values():
        task, now = events_of_task[0].task, events_of_task[0].entry.at
        parent = parent_of(task)
        kind = parent.type if isinstance(parent, Request) else None
        delegates = delegates_of([e.approval.person for e in events_of_task], now, parent.partition, kind)
        asked = [
            (event, person)
            for event in events_of_task
            for person in _asked(event, delegates)
            if reachable(person) and may_approve(person, task.kind)
        ]
        tokens = give_all([(event.approval, person) for event, person in asked], now)
        said = _what_was_said(task)
        for (event, person), token in zip(asked, tokens, strict=True):
            yield _question(event, person, token, said)


def _asked(event: Asking, delegates: Mapping[int, Sequence[Person]]) -> Sequence[Person]:
    """Whoever is asked, and their delegates; or who has just become one."""
    if isinstance(event, events.ApprovalDelegated):
        return [event.delegate]
    return [event.approval.person, *delegates.get(event.approval.person_id, ())]


def _question(event: Asking, person: Person, token: Token, said: dict[str, Any]) -> Instruction:
    approval, task = event.approval, event.task
    partition = parent_of(task).partition
    place, why_there = _place(TokenPlace(partition.token_in), partition.address, token)
    for_whom = "" if person == approval.person else str(approval.person)
    why = f"{approval.person} is asked to approve" + (f", and {person} may for them." if for_whom else ".")
    return Instruction(
        _KINDS[type(event)],
        task,
        event.entry,
        event.origin,
        to=mailboxes([person]),
        data={
            **said,
            "approval": approval.pk,
            "receiver": str(person),
            "for_whom": for_whom,
            "due": moment(task.due_at, person) if task.due_at else "",
            "token": token.pk,
            "token_in": place,
            "ends": moment(token.expires_at, person),
        },
        approval=approval.pk,
        why=f"{why} {why_there}".strip(),
    )


def _place(place: TokenPlace, address: str, token: Token) -> tuple[TokenPlace, str]:
    """Where the token goes, and why not where the partition wants it."""
    if place == TokenPlace.REPLY_TO:
        try:
            approval_tokens.reply_address(address, token.text)
        except ValueError:
            return TokenPlace.BODY, (
                f"The token is in the body, since {address} has no room for it: before the @ there may be 64 "
                "characters, and it needs 28."
            )
    return place, ""


def _what_was_said(task: Task) -> dict[str, Any]:
    """Who asked for what is to be approved, and with what words."""
    parent = parent_of(task)
    about = parent if isinstance(parent, Request) else task
    entries = list(TimelineEntry.objects.filter(**{kind_of(about): about}).order_by("pk")[:2])
    if not entries:
        return {"asker": "", "comment": ""}
    # A mail that logged it has an entry of its own; any other may be what analysts say among themselves.
    by_mail = (e for e in entries if e.kind == EntryKind.MAIL_IN and _came_with(e, entries[0]))
    told = words(next(by_mail, entries[0]))
    return {"asker": told["writer"], "comment": told["text"]}


def _came_with(entry: TimelineEntry, other: TimelineEntry) -> bool:
    return (entry.at, entry.actor_id) == (other.at, other.actor_id)


def _withdraw(withdrawn: Sequence[events.ApprovalWithdrawn]) -> Iterator[Instruction]:
    """Whoever was asked by mail learns that nothing is left to decide, unless they ended it themselves."""
    if not withdrawn:
        return
    approvals = {event.approval.pk for event in withdrawn}
    holders: dict[int, dict[int, Person]] = {}
    for token in Token.objects.filter(approval__in=approvals).select_related("person").order_by("pk"):
        holders.setdefault(token.approval_id, {})[token.person_id] = token.person
    for event in withdrawn:
        approval = event.approval
        for person in holders.get(approval.pk, {}).values():
            yield Instruction(
                message_types.APPROVAL_WITHDRAWN,
                event.task,
                event.entry,
                event.origin,
                to=but_not_writer(mailboxes([person]), event.entry, event.origin),
                data={
                    "approval": approval.pk,
                    "receiver": str(person),
                    "for_whom": "" if person == approval.person else str(approval.person),
                    "reason": approval.comment[:MOST_TEXT],
                },
                approval=approval.pk,
                why=f"{approval.person} need not approve any more, and whoever was asked is told.",
            )


def _tell_whose_it_was(event: events.ApprovalDecided) -> Iterator[Instruction]:
    """Somebody in whose name a delegate decided learns of it."""
    approval = event.approval
    if approval.decided_by_id != approval.person_id and not did_it(
        approval.person, event.entry, event.origin
    ):
        yield Instruction(
            message_types.APPROVAL_BY_DELEGATE,
            event.task,
            event.entry,
            event.origin,
            to=mailboxes([approval.person]),
            data={
                "approval": approval.pk,
                "receiver": str(approval.person),
                "delegate": str(approval.decided_by),
                "decision": approval.get_state_display().lower(),
                "comment": approval.comment[:MOST_TEXT],
            },
            approval=approval.pk,
            why=f"{approval.decided_by} decided for {approval.person} as a delegate.",
        )
