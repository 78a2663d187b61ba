"""What the page on which a mail is written shows, and what its fields may hold."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Person, Request, Task
from mailcall.outbound.addressing import Match, addressed, stakeholders
from mailcall.outbound.drafts import TYPED, offered_files, snippets_for
from mailcall.outbound.letters import MOST_BYTES, MOST_FILES, senders
from mailcall.outbound.models import Draft
from mailcall.outbound.ready_words import templates_for
from mailcall.outbound.recipients import kind_of, partition_of
from mailcall.outbound.sending import UNDO
from mailcall.outbound.snapshots import moment
from mailcall.outbound.typed_addresses import MOST_TYPED

FILES_OFFERED = 50
SENTENCE = "This is longer than a mail may be: at most %(limit_value)d characters."


def _typed(most: int) -> forms.CharField:
    return forms.CharField(
        required=False, strip=False, max_length=most, error_messages={"max_length": SENTENCE}
    )


class ComposeForm(forms.Form):
    """What is typed on the page, as it is; whether it can be sent is asked when it is to be."""

    sender = _typed(10)
    to = _typed(MOST_TYPED)
    cc = _typed(MOST_TYPED)
    bcc = _typed(MOST_TYPED)
    subject = _typed(500)
    text = _typed(100_000)

    def typed(self) -> dict[str, str]:
        """The fields that were there, however long they are."""
        sent = {name: str(self.data[name]) for name in TYPED if name in self.data}
        return {name: value.replace("\r\n", "\n") for name, value in sent.items()}

    def sentences(self) -> list[str]:
        """What is wrong."""
        return [str(sentence) for errors in self.errors.values() for sentence in errors]


class MomentTyped(forms.Form):
    """When a mail is to leave, by its author's clock."""

    send_at = forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        error_messages=dict.fromkeys(
            ("required", "invalid"), "Give a day and a time, such as 2026-12-01 09:00."
        ),
    )


def moment_typed(text: str, author: Person) -> dt.datetime:
    """The moment that an author typed, by their own clock, else the desk's. Raises Refused."""
    with timezone.override(zone_of(author)):  # in which the field reads it
        form = MomentTyped({"send_at": text})
        if not form.is_valid():
            raise Refused(" ".join(str(sentence) for sentence in form.errors["send_at"]))
    at: dt.datetime = form.cleaned_data["send_at"]
    return at


def zone_of(author: Person) -> dt.tzinfo:
    """The zone of somebody's clock."""
    return ZoneInfo(author.time_zone) if author.time_zone else timezone.get_default_timezone()


def render_compose(
    request: HttpRequest,
    draft: Draft,
    *,
    problems: Sequence[str] = (),
    moved: str = "",
    found: Sequence[Match] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; `draft` has what was typed, saved or not. `moved` says that it was changed elsewhere."""
    about = draft.about
    context = {
        **panel(draft),
        "about": about,
        "about_url": page_of(about),
        "partition": partition_of(about),
        "senders": _senders(draft),
        "problems": problems or ([draft.problem] if draft.problem else []),
        "moved": moved,
        "found": found,
        "people": stakeholders(about),
        "files": draft.files.select_related("content").defer("content__data"),
        "offered": offered_files(about).order_by("-pk")[:FILES_OFFERED],
        "snippets": snippets_for(about),
        "templates": templates_for(about),
        "tab": request.POST.get("tab", "")[:32] or get_random_string(16),
        "zone": draft.author.time_zone or timezone.get_default_timezone_name(),
        "at": f"{draft.send_at.astimezone(zone_of(draft.author)):%Y-%m-%dT%H:%M}" if draft.send_at else "",
        "at_words": moment(draft.send_at, draft.author) if draft.send_at else "",
        "most_mb": MOST_BYTES // 2**20,
        "most_files": MOST_FILES,
        "undo_seconds": int(UNDO.total_seconds()),
        "typed_find": request.POST.get("find", "")[:100],
        "typed_at": request.POST.get("send_at", "")[:20],
    }
    return render(request, "web/compose/page.html", context, status=status)


def panel(draft: Draft) -> dict[str, Any]:
    """Who a draft would go to."""
    return {"draft": draft, "addressed": addressed(draft)}


def _senders(draft: Draft) -> list[tuple[str, str]]:
    """The senders that can be chosen, as (value, what stands in From)."""
    found = senders(draft.author, partition_of(draft.about))
    return [
        (str(kind), f"{name} <{address}>" if name else address) for kind, (name, address) in found.items()
    ]


def page_of(about: Call | Request | Task) -> str:
    """The address of the page of what a mail is about."""
    return reverse(f"web:{kind_of(about)}", args=[about.pk])
