"""When people hear, by their own clocks: quiet hours, and the time of their digest."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from mailcall.desk.models import Person


def next_time(now: dt.datetime, at: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The next moment at which clocks of a zone show this time."""
    local = now.astimezone(zone)
    today = dt.datetime.combine(local.date(), at, zone)
    return today if today > now else dt.datetime.combine(local.date() + dt.timedelta(days=1), at, zone)


def quiet_until(now: dt.datetime, begin: dt.time, end: dt.time, zone: dt.tzinfo) -> dt.datetime | None:
    """When the quiet hours end in which `now` is, by a zone's clock; None outside. Midnight may be within."""
    at = now.astimezone(zone).time()
    quiet = begin <= at < end if begin <= end else at >= begin or at < end
    return next_time(now, end, zone) if quiet else None


def zone_of(person: Person) -> dt.tzinfo:
    """The zone of somebody's clock, else the desk's."""
    return ZoneInfo(person.time_zone) if person.time_zone else timezone.get_default_timezone()
