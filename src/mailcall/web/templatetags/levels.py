"""How the pages write durations, due times, and where a piece of work is."""

import datetime as dt
from collections.abc import Mapping

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mailcall.desk.clocks import Thing
from mailcall.desk.durations import written, written_seconds
from mailcall.desk.standing import Stand, Standing, Targets
from mailcall.web.templatetags.desk import moment

register = template.Library()


@register.filter
def duration(minutes: int | None) -> str:
    """Minutes, such as `1h 30m`; empty for none."""
    return written(minutes) if minutes else ""


@register.filter
def seconds_duration(seconds: float) -> str:
    """Seconds likewise, to the minute below."""
    return written_seconds(int(abs(seconds)))


@register.filter
def due_time(at: dt.datetime | None) -> str:
    """A moment to the minute, with its day; empty for none."""
    return f"{timezone.localtime(at):%a %Y-%m-%d %H:%M}" if at else ""


@register.filter
def work_page(thing: Thing) -> str:
    """The address of the page of a call, a request or a task."""
    return reverse(f"web:{thing._meta.model_name}", args=[thing.pk])


@register.simple_tag
def stand_badge(standing: Standing) -> SafeString:
    """How a target stands, as a coloured word."""
    colour, word = _STANDS[standing.stand]
    return format_html('<span class="badge {}">{}</span>', colour, word)


@register.simple_tag
def target(targets: Targets, key: int) -> SafeString | str:
    """When the most pressing target of a row is due, coloured when that is near or over."""
    standing = targets.by_key.get(key)
    if standing is None:
        return ""
    timer = standing.timer
    colour, word = _STANDS[standing.stand]
    what = f"{timer.get_measure_display()}, {timer.agreement}: {word}"
    shown = moment(timer.due_at) if timer.due_at else word
    said = "" if colour == "quiet" else format_html('<span class="hidden"> {}</span>', word)
    return format_html('<span class="due {}" title="{}">{}{}</span>', colour, what, shown, said)


_STANDS: Mapping[Stand, tuple[str, str]] = {
    "met": ("good", "met"),
    "late": ("bad", "done too late"),
    "breached": ("bad", "breached"),
    "near": ("warn", "near"),
    "runs": ("quiet", "runs"),
    "paused": ("quiet", "paused"),
}
