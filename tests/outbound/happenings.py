"""What happens in the cases of who hears of what, and whom it is to reach: the documented tables as data.

Everything is brought about as people and the clock do it. The oracle shares nothing with the product.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from desk.offices import approval, step
from mailcall.desk import call_handling, calls, closing, due, events, handling
from mailcall.desk.approvals import decide
from mailcall.desk.call_relations import merge
from mailcall.desk.clocks import sync
from mailcall.desk.delegations import delegate
from mailcall.desk.models import (
    Agreement,
    Approval,
    BusinessCalendar,
    Call,
    Channel,
    ClosureMethod,
    EntryKind,
    EscalationLevel,
    Measure,
    Request,
    RequestType,
    Target,
    Task,
    TimelineEntry,
)
from mailcall.desk.requests import log_request
from mailcall.desk.work import by
from mailcall.desk.work_states import Verb
from mailcall.desk.workflows import set_workflow
from mailcall.outbound.models import NotificationSettings, OccasionSetting
from outbound.cases import NOW, SETTINGS, Case
from outbound.told import mailed

HOUR = dt.timedelta(hours=1)


def by_mail(case: Case) -> None:
    call = case.call()
    entry = TimelineEntry.objects.create(
        call=call, kind=EntryKind.MAIL_IN, actor=case.user, actor_name=str(case.user), text="Noch dunkel."
    )
    events.publish([events.CallUpdated(call, entry, mailed(case.user, "Noch dunkel.").origin)])


def logged(case: Case) -> None:
    _log(case.call())


def assigned(case: Case) -> None:
    _log(case.call_of(case.one))


def _log(call: Call) -> None:
    entry = TimelineEntry.objects.create(call=call, kind=EntryKind.STATE, text="Logged", internal=True)
    events.publish([events.CallLogged(call, entry, mailed(call.user, "").origin)])


def noted(case: Case) -> None:
    calls.add_note(case.call_of(case.one), actor=case.other, text="Birne bestellt.", channel=Channel.PAGE)


def noted_by_the_group(case: Case) -> None:
    calls.add_note(case.call(), actor=case.other, text="Birne bestellt.", channel=Channel.PAGE)


def written_to(case: Case) -> None:
    to = [(case.user.name, case.user.email)]
    calls.write_reply(case.call(), author=case.other, text="Morgen hell.", to=to, cc=[], channel=Channel.PAGE)


def mentioned(case: Case) -> None:
    calls.add_note(case.call(), actor=case.other, text=f"@{case.one.email} bitte", channel=Channel.PAGE)


def forwarded(case: Case) -> None:
    asked = {"asked, yes": True, "asked, no": False}.get(case.setting)
    handling.forward(case.call_of(case.other), case.deed("Bitte."), group=case.group, tell=asked)


def reopened(case: Case) -> None:
    call = case.call()
    Call.objects.filter(pk=call.pk).update(state="closed", closed_at=NOW)
    call.refresh_from_db()
    closing.reopen(call, case.deed("Noch dunkel."))


def surveyed(case: Case) -> None:
    OccasionSetting.objects.create(type_code=1017, partition=case.partition, active=True)
    NotificationSettings.objects.filter(partition=case.partition).update(survey_after_hours=0)
    closing.close(case.call(), case.deed("Hell."))


def warned(case: Case) -> None:
    closing.set_closure(case.partition, ClosureMethod.RULES, after_hours=72, warning_hours="24")
    closing.resolve(case.call(), case.deed("Hell."))
    due.close_resolved(NOW + 48 * HOUR)


def merged(case: Case) -> None:
    merge(case.call(), case.call(), case.deed("Dasselbe."))


def deferred(case: Case) -> None:
    OccasionSetting.objects.create(type_code=1014, partition=case.partition, active=True)
    call_handling.defer(case.call(), case.deed("Der Laden hat zu."), until=NOW + 48 * HOUR)


def suspended(case: Case) -> None:
    OccasionSetting.objects.create(type_code=1015, partition=case.partition, active=True)
    call_handling.suspend(case.call(), case.deed("Der Laden hat zu."))


def resumed(case: Case) -> None:
    call_handling.defer(case.call(), case.deed("Der Laden hat zu."), until=NOW + 24 * HOUR)
    due.resume_deferred(NOW + 24 * HOUR)


def escalated(case: Case) -> None:
    agreement = _agreement(case, breach_tells="")
    EscalationLevel.objects.create(
        agreement=agreement, measure=Measure.RESOLUTION, number=1, percent=50, tells="group, entity"
    )
    sync(case.call(), NOW)
    due.escalate(NOW + HOUR / 2)


def breached(case: Case) -> None:
    _agreement(case, breach_tells="group, entity")
    sync(case.call(), NOW)
    due.escalate(NOW + HOUR)


def _agreement(case: Case, **more: object) -> Agreement:
    """An hour for calls of the partition, by a calendar in which it is working time now."""
    calendar, _ = BusinessCalendar.objects.get_or_create(name="Office hours")
    agreement = Agreement.objects.create(
        name=str(case.partition), calendar=calendar, partition=case.partition, **more
    )
    Target.objects.create(agreement=agreement, priority=3, resolution_minutes=60)
    return agreement


def task_opened(case: Case, **more: object) -> Request:
    return _request(case, step("order", group=case.group, **more))


def task_noted(case: Case) -> None:
    handling.update(Task.objects.get(request=task_opened(case)), case.deed("Bestellt."))


def task_reminded(case: Case) -> None:
    task_opened(case, reminder_hours=1)
    due.remind_due(NOW + HOUR)


def task_late(case: Case) -> None:
    task_opened(case, time_limit_hours=1)
    due.time_out_due(NOW + HOUR)


def asked_to_approve(case: Case, **more: object) -> None:
    _request(case, approval("boss", by=(case.one,), **more))


def reminded_to_approve(case: Case) -> None:
    asked_to_approve(case, reminder_hours=1)
    due.remind_due(NOW + HOUR)


def decided(case: Case) -> None:
    _request(case, approval("boss", by=(case.other,)))
    decide(Approval.objects.get(person=case.other), Verb.APPROVE, case.deed("Ja."))


def delegated(case: Case) -> None:
    asked_to_approve(case)
    delegate(case.one, case.two, starts_at=NOW, ends_at=NOW + 24 * HOUR, made_by=case.one, now=NOW)


def _request(case: Case, *steps: object) -> Request:
    """One of the case's group."""
    kind = RequestType.objects.create(name=f"Lampe {case.number}", partition=case.partition, group=case.group)
    set_workflow(kind, steps)
    return log_request(kind, user=case.user, subject="Lampe 7", deed=by(case.user, Channel.PAGE, now=NOW))


@dataclass(frozen=True)
class Event:
    """What happens, and all that is heard of it and of what has to come before.

    `heard` has pairs of whom it concerns and by which setting: of those in charge their own, and `always`
    of approvers, who are no matter of the settings. `user` is how many mails the User gets.
    """

    happens: Callable[[Case], object]
    heard: tuple[tuple[str, str], ...] = ()
    user: int = 0
    by_hand: bool = False  # in the words, and the language, of who wrote


GROUP = ("group", "email")
REQUESTED = (GROUP,)  # it is theirs; and the User hears that it is logged
OPENED = (*REQUESTED, GROUP)
ASKED = (*REQUESTED, ("one", "always"))

EVENTS = {
    "updated by mail": Event(by_mail, (("group", "update"),)),
    "logged": Event(logged, (GROUP,), user=1),
    "assigned": Event(assigned, (("one", "email"),), user=1),
    "noted": Event(noted, (("one", "email"),)),
    "noted by its group": Event(noted_by_the_group),
    "written to": Event(written_to, user=1, by_hand=True),
    "mentioned": Event(mentioned, (("one", "regardless"),)),
    "forwarded": Event(forwarded, (("group", "forward"),)),
    "closed": Event(lambda case: closing.close(case.call(), case.deed("Hell.")), user=1),
    "closed, and surveyed": Event(surveyed, user=2),
    "resolved": Event(lambda case: closing.resolve(case.call(), case.deed("Hell.")), user=1),
    "resolved, and warned": Event(warned, user=2),
    "reopened": Event(reopened, (GROUP,), user=1),
    "merged": Event(merged, user=1),
    "deferred": Event(deferred, user=1),
    "suspended": Event(suspended, user=1),
    "resumed": Event(resumed, (GROUP,)),
    "escalated": Event(escalated, (("group", "escalation"),)),
    "breached": Event(breached, (("group", "escalation"),)),
    "task opened": Event(task_opened, OPENED, user=1),
    "task noted": Event(task_noted, (*OPENED, GROUP), user=1),
    "task reminded": Event(task_reminded, (*OPENED, ("group", "regardless")), user=1),
    "task late": Event(task_late, (*OPENED, ("group", "escalation")), user=1),
    "asked to approve": Event(asked_to_approve, ASKED, user=1),
    "reminded to approve": Event(reminded_to_approve, (*ASKED, ("one", "always")), user=1),
    "decided": Event(
        decided, (*REQUESTED, ("other", "always"), GROUP), user=2
    ),  # and that the request is closed
    "delegated": Event(delegated, (*ASKED, ("two", "always")), user=1),
}


def expected(case: Case) -> Counter[str]:
    """How many mails each address is to get, from the documented tables."""
    counts = Counter({case.user.email: EVENTS[case.event].user})
    for whom, governed in EVENTS[case.event].heard:
        if _is_mailed(case, governed):
            counts.update(_addresses(case, whom))
        if governed != "always" and "pager" in case.setting:
            counts.update(case.pagers[a] for a in _addresses(case, whom) if a in case.pagers)
    return +counts


def expected_on_pages(case: Case) -> Counter[str]:
    """How many notices each of those in charge is to find on their page, by their address."""
    if "internal" not in case.setting:
        return Counter()
    heard = EVENTS[case.event].heard
    whom = (a for who, governed in heard if governed != "always" for a in _addresses(case, who))
    return Counter(address for address in whom if address in case.pagers)


def _is_mailed(case: Case, governed: str) -> bool:
    said = SETTINGS[case.setting]
    email, optional = said.get("email", True), said.get("email_optional_at_forward", False)
    return {
        "email": email,
        "update": said.get("email_at_update", True) if optional else email,
        "forward": {"asked, yes": True, "asked, no": False}.get(case.setting, email),
        "escalation": said.get("email_at_escalation", True),
    }.get(governed, True)


def _addresses(case: Case, whom: str) -> list[str]:
    return case.group_hears if whom == "group" else [getattr(case, whom).email]
