"""What commands do to requests and tasks, and to whom work is handed."""

from typing import cast

from mailcall.desk import handling
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Call,
    Group,
    Partition,
    Person,
    Request,
    RequestType,
    Right,
    Task,
    WhoLogs,
)
from mailcall.desk.people import may_act_as_analyst, may_take_part
from mailcall.desk.requests import close_request, log_request
from mailcall.desk.rights import why_not
from mailcall.desk.tasks import close_task, log_task
from mailcall.desk.workflows import Step
from mailcall.inbound.commands.asking import Asking, Did, Target
from mailcall.inbound.commands.calls import call_for, kept_by_another
from mailcall.inbound.decision import WorkFact

MOST_NAMED = 3  # groups and analysts in a sentence


def fact_for(asking: Asking, number: int) -> WorkFact:
    """A request, a task or an approval that the sender takes part in, or may see as an Analyst.

    Raises Refused, in the same words for what is not theirs and what does not exist.
    """
    kind = asking.command.on or asking.command.object
    fact = asking.facts.work.get((kind, number))
    sender = asking.sender
    if fact and sender:
        known = [sender, *asking.facts.senders]
        takes_part = any(person.pk in fact.people and may_take_part(person) for person in known)
        if takes_part or not why_not(sender, Right.VIEW, fact.partition):
            return fact
    raise Refused(f"There is no {kind} {number} that you take part in.")


def update(asking: Asking, number: int) -> Did:
    """Add what was said; an Analyst's words are internal."""
    fact = fact_for(asking, number)
    sender = cast("Person", asking.sender)
    part = sender.pk in fact.people
    if not part:
        asking.need(Right.UPDATE, fact.partition)
    proof = asking.proof("update", fact.target)
    internal = may_act_as_analyst(sender) and not _is_users(fact, sender)
    entry = handling.update(fact.target, asking.deed(proof, internal=internal))
    return Did("Your note was added." if internal else "What you wrote was added.", fact.target, entry)


def close(asking: Asking, number: int) -> Did:
    """Say that a task is done, or close a request of which no task is left."""
    fact = fact_for(asking, number)
    analyst = asking.need(Right.CLOSE, fact.partition)
    proof = asking.proof("close", fact.target)
    deed = asking.deed(proof)
    if isinstance(fact.target, Task):
        entry = close_task(fact.target, deed)
    else:
        entry = close_request(fact.target, deed)
    return Did(f"It is closed, by {analyst}.", fact.target, entry)


def log_a_request(asking: Asking) -> Did:
    """Log a request of a type, for its sender."""
    sender, name = asking.sender, asking.command.name
    kind = RequestType.objects.select_related("partition").filter(name__iexact=name, active=True).first()
    if kind is None:
        raise Refused(f"There is no request type “{name}”. {_request_types()}".strip())
    assert sender is not None  # the rule sees to it
    if kind.logged_by_mail != WhoLogs.ANYBODY:
        asking.need(Right.LOG_REQUEST, kind.partition)
    proof = asking.proof("log request")
    subject = asking.command.text or _first_line(asking) or kind.name
    request = log_request(
        kind,
        user=sender,
        subject=subject,
        deed=asking.deed(proof, internal=False),
        logged_by=sender if sender.is_analyst else None,
    )
    return Did(f"{request} was logged: {request.subject}.", request)


def log_a_task(asking: Asking, number: int) -> Did:
    """Have something more done for a request or a call."""
    on: Call | Request
    if asking.command.on == "call":
        on = call_for(asking, number)
        partition = on.partition
    else:
        fact = fact_for(asking, number)
        on, partition = cast("Request", fact.target), fact.partition
    asking.need(Right.LOG_TASK, partition)
    proof = asking.proof("log task", on)
    title = (asking.command.text or _first_line(asking))[:200]
    if not title:
        raise Refused("Say behind a colon what is to be done.")
    task = log_task(on, Step(title=title), asking.deed(proof))
    return Did(f"{task} was logged on {on}: {task.title}.", task)


def forward(asking: Asking, number: int) -> Did:
    """Hand work to a group or an analyst, by name or address."""
    target, partition = _target(asking, number)
    asking.need(Right.FORWARD, partition)
    proof = asking.proof("forward", target)
    group, analyst = named(asking.command.target)
    if kept := _kept(asking, target, proof, "forwarded"):
        return kept
    entry = handling.forward(target, asking.deed(proof), group=group, analyst=analyst)
    return Did(f"It was forwarded to {group or analyst}.", target, entry)


def take(asking: Asking, number: int) -> Did:
    """Assign work to the sender."""
    target, partition = _target(asking, number)
    analyst = asking.need(Right.TAKE, partition)
    proof = asking.proof("take", target)
    if kept := _kept(asking, target, proof, "taken"):
        return kept
    entry = handling.forward(target, asking.deed(proof), analyst=analyst)
    return Did("It is yours.", target, entry)


def _target(asking: Asking, number: int) -> tuple[Target, Partition]:
    if asking.command.object == "call":
        call = call_for(asking, number)
        return call, call.partition
    fact = fact_for(asking, number)
    return fact.target, fact.partition


def _kept(asking: Asking, target: Target, proof: str, what: str) -> Did | None:
    return kept_by_another(asking, target, proof, what) if isinstance(target, Call) else None


def named(name: str) -> tuple[Group | None, Person | None]:
    """The group or the analyst of a name or an address. Raises Refused when there is none, or several."""
    groups: list[Group] = list(Group.objects.filter(name__iexact=name)[:MOST_NAMED])
    analysts = Person.objects.filter(is_analyst=True, is_template=False, active=True)
    people = list((analysts.filter(name__iexact=name) | analysts.filter(email=name.casefold()))[:MOST_NAMED])
    found: list[Group | Person] = [*groups, *people]
    if not found:
        raise Refused(f"There is no group or analyst “{name}”.")
    if len(found) > 1:
        choices = ", ".join(f"the group {one}" if isinstance(one, Group) else one.email for one in found)
        raise Refused(f"“{name}” names several: {choices}. Give the address of the one you mean.")
    return (groups[0], None) if groups else (None, people[0])


def _is_users(fact: WorkFact, sender: Person) -> bool:
    owner = fact.target if isinstance(fact.target, Request) else fact.target.request or fact.target.call
    return owner is not None and owner.user_id == sender.pk


def _first_line(asking: Asking) -> str:
    lines = (line.strip() for line in asking.reading.mail.reply_text.splitlines())
    return next(filter(None, lines), "")


def _request_types() -> str:
    names = list(RequestType.objects.filter(active=True).values_list("name", flat=True)[:20])
    return f"There are: {', '.join(names)}." if names else ""
