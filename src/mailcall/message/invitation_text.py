"""Says in words for people what an invitation is about: what, when, where and who."""

import datetime as dt
import re

from .calendar_times import read_rule
from .mail import Attendee, Invitation, Mailbox

MAX_NAMED = 10
MAX_DESCRIPTION = 4_000
_HEADINGS = {
    "request": "Invitation",
    "cancel": "Cancelled",
    "reply": "Answer to an invitation",
    "counter": "Another time is proposed",
    "declinecounter": "The other time is declined",
    "refresh": "Asks for the current state",
    "add": "More dates",
}
_ANSWERS = {"accepted", "declined", "tentative", "delegated"}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_BY_DAY = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), _WEEKDAYS, strict=True))
_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_SAID = {"FREQ", "INTERVAL", "BYDAY", "COUNT", "UNTIL", "WKST"}


def describe_invitation(invitation: Invitation) -> str:
    """Give a short plain text, LF line ends; what the invitation does not say is left out."""
    cancelled = invitation.status == "cancelled"
    heading = "Cancelled" if cancelled else _HEADINGS.get(invitation.method, "Event")
    lines = [f"{heading}: {invitation.summary or 'no subject'}"]
    lines += _row("When", _when(invitation))
    lines += _row("Repeats", _recurrence(invitation.recurrence))
    lines += _row("Where", invitation.location)
    lines += _row("From", str(invitation.organizer or ""))
    lines += _row("Answer" if invitation.method == "reply" else "Who", _who(invitation))
    if invitation.description:
        lines += ["", invitation.description[:MAX_DESCRIPTION]]
    return "\n".join(lines)


def _row(label: str, value: str) -> list[str]:
    return [f"{label}: {value}"] if value else []


def _when(invitation: Invitation) -> str:
    start, end = invitation.start, invitation.end
    if start is None:
        return ""
    if not isinstance(start, dt.datetime):
        last = end - dt.timedelta(1) if end and not isinstance(end, dt.datetime) and end > start else start
        return f"{_day(start)}, the whole day" if last == start else f"{_day(start)} to {_day(last)}"
    text = f"{_day(start)}, {start:%H:%M}"
    if isinstance(end, dt.datetime):
        there = _there(end, start)
        text += f" to {there:%H:%M}" if there.date() == start.date() else f" to {_day(there)}, {there:%H:%M}"
    return f"{text} ({_zone(start, invitation.time_zone)})"


def _there(end: dt.datetime, start: dt.datetime) -> dt.datetime:
    """Give the end as clocks show it where the start is given."""
    try:
        return end.astimezone(start.tzinfo) if start.tzinfo and end.tzinfo else end
    except OverflowError:  # beyond the first or the last year
        return end


def _day(date: dt.date) -> str:
    return f"{_WEEKDAYS[date.weekday()]}, {date.day} {_MONTHS[date.month - 1]} {date.year}"


def _zone(moment: dt.datetime, name: str) -> str:
    offset = moment.utcoffset()
    if offset is None:
        return f"{name}, a zone unknown here" if name else "no time zone is given"
    minutes = round(offset.total_seconds() / 60)
    shown = (
        f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        if minutes
        else "UTC"
    )
    return f"{name}, {shown}" if name and name != shown else shown


def _recurrence(rule: str) -> str:
    """Say a rule in words, or as it is written where words would leave something out."""
    parts = read_rule(rule)
    unit = _UNITS.get(parts.get("FREQ", ""))
    days = parts["BYDAY"].split(",") if "BYDAY" in parts else []
    if not unit or set(parts) - _SAID or any(day not in _BY_DAY for day in days):
        return rule
    interval = parts.get("INTERVAL", "1")
    text = f"every {unit}" if interval == "1" else f"every {interval} {unit}s"
    if days:
        text += " on " + ", ".join(_BY_DAY[day] for day in days)
    if "COUNT" in parts:
        text += f", {parts['COUNT']} times"
    if until := re.match(r"(\d{4})(\d\d)(\d\d)", parts.get("UNTIL", ""), re.ASCII):
        text += f", until {'-'.join(until.groups())}"
    return text


def _who(invitation: Invitation) -> str:
    named = [_attendee(each) for each in invitation.attendees[:MAX_NAMED]]
    more = len(invitation.attendees) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _attendee(attendee: Attendee) -> str:
    person = _person(attendee.mailbox)
    return f"{person} ({attendee.status})" if attendee.status in _ANSWERS else person


def _person(mailbox: Mailbox) -> str:
    return mailbox.name or mailbox.address
