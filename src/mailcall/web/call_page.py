"""What the page of one call shows, gathered in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import Length, Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mailcall.desk.models import (
    Attachment,
    Call,
    CallLink,
    LinkState,
    TimelineEntry,
)
from mailcall.inbound.models import ReceivedMail
from mailcall.outbound.models import Delivery, Message
from mailcall.web.forms import NoteForm, ParticipantForm, ReplyForm, StateForm, as_typed
from mailcall.web.paging import digest

ENTRIES_SHOWN = 100
LINKS_SHOWN = 50
TEXT_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some entries in order. `earlier` is the key to go back from, 0 when the first is shown."""

    entries: list[TimelineEntry]
    earlier: int = 0

    @property
    def last(self) -> int:
        """The key of the last entry."""
        return int(self.entries[-1].pk) if self.entries else 0


def calls_to_show() -> "QuerySet[Call]":
    """Calls with the people that their page names."""
    return Call.objects.select_related("user", "group", "analyst", "partition", "logged_by", "template")


def timeline(call: Call, *, before: int | None = None) -> Timeline:
    """The last entries, or the last ones before that key."""
    rows = shown_entries(call.timeline.all())
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: ENTRIES_SHOWN + 1])
    shown = found[:ENTRIES_SHOWN][::-1]
    return Timeline(shown, earlier=int(shown[0].pk) if len(found) > ENTRIES_SHOWN else 0)


def shown_entries(entries: "QuerySet[TimelineEntry]") -> "QuerySet[TimelineEntry]":
    """Entries with their files, mails and deliveries, the beginnings of their texts, and without their HTML.

    A mail may bring megabytes, and a page shows many entries.
    """
    deliveries = Delivery.objects.select_related("server").order_by("pk")
    mails = ReceivedMail.objects.only("pk", "entry", "outcome", "message_id")
    files = Attachment.objects.select_related("content").defer("content__data").order_by("pk")
    return (
        entries.select_related("actor")
        .alias(text_length=Length("text"), quoted_length=Length("quoted_text"))
        .defer("html", "text", "quoted_text")
        .annotate(
            has_html=_flag(~Q(html="")),
            has_images=_flag(Q(html__icontains="<img")),
            text_start=Substr("text", 1, TEXT_SHOWN),
            quoted_start=Substr("quoted_text", 1, TEXT_SHOWN),
            goes_on=_flag(Q(text_length__gt=TEXT_SHOWN) | Q(quoted_length__gt=TEXT_SHOWN)),
        )
        .prefetch_related(
            Prefetch("attachments", files),
            Prefetch("messages", Message.objects.defer("data").order_by("pk")),
            Prefetch("messages__deliveries", deliveries),
            Prefetch("received_mail", mails),
        )
    )


def _flag(condition: Q) -> Case:
    return Case(
        When(condition, then=Value(value=True)), default=Value(value=False), output_field=BooleanField()
    )


def deliveries_seen(call: Call) -> str:
    """A digest that changes when any delivery of the call's last messages does."""
    messages = Message.objects.filter(call=call).order_by("-pk").values("pk")[:ENTRIES_SHOWN]
    rows = Delivery.objects.filter(message__in=messages).order_by("pk")
    return digest(list(rows.values_list("pk", "state", "attempts")))


@dataclass(slots=True)
class CallForms:
    """The forms of the page; a bound one is what somebody typed and the desk did not take."""

    reply: ReplyForm
    note: NoteForm
    state: StateForm
    participant: ParticipantForm

    @classmethod
    def of(cls, call: Call) -> "CallForms":
        """Fresh forms, the reply addressed to the User."""
        to = as_typed(call.user.name, call.user.email) if call.user.email else ""
        return cls(
            reply=ReplyForm(initial={"to": to}, auto_id="reply_%s"),
            note=NoteForm(auto_id="note_%s"),
            state=StateForm(initial={"version": call.version}, auto_id="state_%s"),
            participant=ParticipantForm(auto_id="participant_%s"),
        )


def render_call(
    request: HttpRequest, call: Call, *, status: int = 200, before: int | None = None, **bound: Any
) -> HttpResponse:
    """The page of a call. `bound` are forms to show instead of fresh ones, by their name in CallForms."""
    participants = list(call.participants.order_by("pk"))
    forms = CallForms.of(call)
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
    }
    return render(request, "web/call/page.html", context, status=status)


def links_of(call: Call) -> list[CallLink]:
    """The links from and to this call that nobody dismissed."""
    links = CallLink.objects.filter(Q(call=call) | Q(earlier=call)).exclude(state=LinkState.DISMISSED)
    return list(links.select_related("call", "earlier").order_by("pk")[:LINKS_SHOWN])


def linked_calls(call: Call, links: Sequence[CallLink]) -> list[Call]:
    """The calls at the other ends of the accepted ones."""
    ends = [(link.call, link.earlier) for link in links if link.state == LinkState.ACCEPTED]
    return [earlier if later.pk == call.pk else later for later, earlier in ends]
