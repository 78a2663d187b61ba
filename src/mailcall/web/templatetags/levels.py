"""How the pages write durations, due times, and where a piece of work is."""

import datetime as dt

from django import template
from django.urls import reverse
from django.utils import timezone

from mailcall.desk.clocks import Thing
from mailcall.desk.durations import written, written_seconds

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
