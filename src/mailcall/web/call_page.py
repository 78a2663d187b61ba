"""What the page of one call shows, gathered in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from mailcall.desk.issue_types import full_names
from mailcall.desk.locks import holder
from mailcall.desk.models import Call, CallLink, CallLock, LinkState, Right
from mailcall.desk.standing import standings
from mailcall.outbound.models import Delivery, Message
from mailcall.web.access import why_not_here
from mailcall.web.acting import Tried, offered
from mailcall.web.call_actions import CALL_ACTIONS
from mailcall.web.call_ending import ending_of
from mailcall.web.forms import NoteForm, ParticipantForm, StateForm
from mailcall.web.paging import digest
from mailcall.web.timelines import ENTRIES_SHOWN, timeline
from mailcall.web.work_page import task_rows

LINKS_SHOWN = 50


def calls_to_show() -> "QuerySet[Call]":
    """Calls with the people that their page names."""
    people = ("user", "group", "analyst", "logged_by")
    return Call.objects.select_related(*people, "partition__closure_group", "template", "merged_into")


def lock_seen(held: CallLock | None) -> str:
    """What changes when somebody else works on a call."""
    return f"{held.person_id}-{held.since:%H%M%S}" if held else ""


def deliveries_seen(call: Call) -> str:
    """A digest that changes when any delivery of the call's last messages does."""
    messages = Message.objects.filter(call=call).order_by("-pk").values("pk")[:ENTRIES_SHOWN]
    rows = Delivery.objects.filter(message__in=messages).order_by("pk")
    return digest(list(rows.values_list("pk", "state", "attempts")))


@dataclass(slots=True)
class CallForms:
    """The forms of the page; a bound one is what somebody typed and the desk did not take."""

    note: NoteForm
    state: StateForm
    participant: ParticipantForm

    @classmethod
    def of(cls, call: Call, asks: type[StateForm]) -> "CallForms":
        """Fresh forms."""
        return cls(
            note=NoteForm(auto_id="note_%s"),
            state=asks(initial={"version": call.version}, auto_id="state_%s"),
            participant=ParticipantForm(auto_id="participant_%s"),
        )


def render_call(
    request: HttpRequest,
    call: Call,
    *,
    status: int = 200,
    before: int | None = None,
    tried: Tried | None = None,
    **bound: Any,
) -> HttpResponse:
    """The page of a call. `bound` are forms to show instead of fresh ones, by their name in CallForms.

    `tried` is an action of the menu that was refused, with what was typed.
    """
    participants = list(call.participants.order_by("pk"))
    ending = ending_of(request, call)
    held = holder(call)
    forms = CallForms.of(call, ending.form)
    for name, form in bound.items():
        setattr(forms, name, form)
    links = links_of(call)
    context = {
        "call": call,
        "participants": participants,
        "proposed": [link for link in links if link.state == LinkState.PROPOSED and link.call_id == call.pk],
        "linked": linked_calls(call, links),
        "timeline": timeline(call, before=before),
        "before": before,
        "deliveries_seen": deliveries_seen(call),
        "forms": forms,
        "open_form": next(iter(bound), ""),
        "ending": ending,
        "held": held,
        "lock_seen": lock_seen(held),
        "tasks": task_rows(call.tasks.all()),
        "actions": offered(CALL_ACTIONS, call, request, tried),
        "action_links": action_links(request, call),
        "issue_type": issue_type_of(call),
        "standings": standings(call, timezone.now()),
    }
    return render(request, "web/call/page.html", context, status=status)


def action_links(request: HttpRequest, call: Call) -> list[tuple[str, str]]:
    """What is done to a call on pages of their own, with their addresses."""
    links = []
    if not call.merged_into_id and not call.anonymized_at:
        if not call.is_closed and not why_not_here(request, Right.LOG_TASK, call.partition):
            links.append(("Add a task", reverse("web:call-task-new", args=[call.pk])))
        if not why_not_here(request, Right.UPDATE, call.partition):
            links.append(("Link or merge", reverse("web:call-join", args=[call.pk])))
    return links


def issue_type_of(call: Call) -> str:
    """The full name of what a call is about; empty when nobody said."""
    return full_names().get(call.issue_type_id, "") if call.issue_type_id else ""


def links_of(call: Call) -> list[CallLink]:
    """The links from and to this call that nobody dismissed."""
    links = CallLink.objects.filter(Q(call=call) | Q(earlier=call)).exclude(state=LinkState.DISMISSED)
    return list(links.select_related("call", "earlier").order_by("pk")[:LINKS_SHOWN])


def linked_calls(call: Call, links: Sequence[CallLink]) -> list[Call]:
    """The calls at the other ends of the accepted ones."""
    ends = [(link.call, link.earlier) for link in links if link.state == LinkState.ACCEPTED]
    return [earlier if later.pk == call.pk else later for later, earlier in ends]
