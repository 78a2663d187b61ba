"""Reads who, when and what of text/calendar parts (RFC 5545, RFC 5546)."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from .calendar_lines import ContentLine, content_lines, unescaped
from .calendar_times import MAX_OBSERVANCES, MAX_ZONES, Zone, later, read_moment, read_observance
from .domains import with_a_labels
from .mail import Attendee, Invitation, Mailbox

MAX_INVITATIONS = 100
MAX_ATTENDEES = 5_000  # of all events
_OF_EVENT = {
    "UID",
    "SEQUENCE",
    "SUMMARY",
    "DESCRIPTION",
    "LOCATION",
    "STATUS",
    "DTSTART",
    "DTEND",
    "DURATION",
}
_OF_EVENT |= {"RRULE", "ORGANIZER", "ATTENDEE"}
_OF_ZONE = {"TZID", "X-LIC-LOCATION", "TZOFFSETTO", "DTSTART", "RRULE"}
_WANTED = {"BEGIN", "END", "METHOD"} | _OF_EVENT | _OF_ZONE
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class _Event:
    """The lines of one VEVENT, and where it is."""

    calendar: "_Calendar"
    lines: dict[str, ContentLine] = field(default_factory=dict)
    attendees: list[ContentLine] = field(default_factory=list)


@dataclass(slots=True)
class _Calendar:
    """What holds for every event of a VCALENDAR."""

    method: str = ""
    zones: dict[str, Zone] = field(default_factory=dict)


def read_invitations(text: str) -> tuple[Invitation, ...]:
    """Give the events of a calendar object, in order. Never raises; what is unreadable is empty.

    Tasks, journals and free times are left out. Zones may stand before or after what uses them.
    """
    reader = _Reader()
    for line in content_lines(text, _WANTED):
        reader.take(line)
    return tuple(_invitation(event) for event in reader.events)


class _Reader:
    """Sorts lines into events and zones; knows the component at hand, closed or not."""

    def __init__(self) -> None:
        self.events: list[_Event] = []
        self.room = MAX_ATTENDEES
        self.calendar = _Calendar()
        self.inside = ""  # VEVENT | VTIMEZONE | STANDARD | DAYLIGHT
        self.other = 0  # how deep in components that are left out: an alarm in an event, a task
        self.event: _Event | None = None
        self.zone = Zone()
        self.observance: dict[str, ContentLine] = {}

    def take(self, line: ContentLine) -> None:
        """Take the next line."""
        if line.name == "BEGIN":
            self.begin(line.value.strip().upper())
        elif line.name == "END":
            self.end(line.value.strip().upper())
        elif self.other:
            return
        elif not self.inside:
            if line.name == "METHOD":
                self.calendar.method = line.value.strip().lower()[:40]
        elif self.inside == "VEVENT":
            self.take_of_event(line)
        elif self.inside == "VTIMEZONE":
            self.take_of_zone(line)
        else:
            self.observance.setdefault(line.name, line)

    def begin(self, name: str) -> None:
        """Begin a component; one of a kind that can't be in another ends it."""
        if name == "VCALENDAR":
            self.calendar, self.inside, self.other = _Calendar(), "", 0
        elif name == "VEVENT":
            self.inside, self.other = name, 0
            self.event = _Event(self.calendar) if len(self.events) < MAX_INVITATIONS else None
            self.events += [self.event] if self.event else []
        elif name == "VTIMEZONE":
            self.inside, self.other, self.zone = name, 0, Zone()
        elif name in {"STANDARD", "DAYLIGHT"} and self.inside not in {"", "VEVENT"}:
            self.inside, self.other, self.observance = name, 0, {}
        else:
            self.other += 1

    def end(self, name: str) -> None:
        """End a component."""
        if name in {"STANDARD", "DAYLIGHT"} and self.inside == name:
            observance = read_observance(self.observance)
            if observance and len(self.zone.observances) < MAX_OBSERVANCES:
                self.zone.observances.append(observance)
            self.inside = "VTIMEZONE"
        elif name in {"VCALENDAR", "VEVENT", "VTIMEZONE"}:
            self.inside, self.other = "", 0
        else:
            self.other = max(0, self.other - 1)

    def take_of_event(self, line: ContentLine) -> None:
        """Take a line of an event; of what may stand once, the first counts."""
        if not self.event or line.name not in _OF_EVENT:
            return
        if line.name != "ATTENDEE":
            self.event.lines.setdefault(line.name, line)
        elif self.room > 0:
            self.room -= 1
            self.event.attendees.append(line)

    def take_of_zone(self, line: ContentLine) -> None:
        """Take a line of a time zone."""
        if line.name == "TZID" and len(self.calendar.zones) < MAX_ZONES:
            self.calendar.zones.setdefault(line.text(), self.zone)
        elif line.name == "X-LIC-LOCATION":
            self.zone.location = line.text()


def _invitation(event: _Event) -> Invitation:
    lines, zones = event.lines, event.calendar.zones
    start = read_moment(lines.get("DTSTART"), zones)
    end = read_moment(lines.get("DTEND"), zones)
    if end is None and start is not None and "DURATION" in lines:
        end = later(start, lines["DURATION"].value)
    sequence = _line(lines, "SEQUENCE")
    organizer = lines.get("ORGANIZER")
    return Invitation(
        method=event.calendar.method,
        uid=_line(lines, "UID"),
        sequence=int(sequence) if sequence.isdecimal() and len(sequence) < 10 else 0,
        summary=_line(lines, "SUMMARY"),
        description=_CONTROL.sub("", lines["DESCRIPTION"].text()) if "DESCRIPTION" in lines else "",
        location=_line(lines, "LOCATION"),
        status=_line(lines, "STATUS").lower(),
        start=start,
        end=end,
        time_zone=lines["DTSTART"].parameters.get("TZID", "").strip() if "DTSTART" in lines else "",
        recurrence=_CONTROL.sub("", lines["RRULE"].value).strip() if "RRULE" in lines else "",
        organizer=_mailbox(organizer) if organizer else None,
        attendees=tuple(attendee for line in event.attendees if (attendee := _attendee(line))),
    )


def _line(lines: dict[str, ContentLine], name: str) -> str:
    """Give a text in one line."""
    return " ".join(_CONTROL.sub("", lines[name].text()).split()) if name in lines else ""


def _attendee(line: ContentLine) -> Attendee | None:
    mailbox = _mailbox(line)
    parameters = line.parameters
    status = parameters.get("PARTSTAT", "") or parameters.get("STATUS", "")  # the latter in vCalendar 1.0
    return Attendee(mailbox, parameters.get("ROLE", "").lower(), status.lower()) if mailbox else None


def _mailbox(line: ContentLine) -> Mailbox | None:
    """Give a CAL-ADDRESS (RFC 5545 3.3.3) with its name; who has no email address may still have a name.

    Exchange writes X.500 names or `invalid:nomail`, Apple paths of its server; both may add EMAIL.
    """
    parts = _MAILTO.split(line.value, maxsplit=1)
    address = unquote(parts[-1]).strip().strip("<>")
    if "@" not in address or address.startswith("/"):
        address = parameter if "@" in (parameter := line.parameters.get("EMAIL", "").strip()) else ""
    address = with_a_labels(_CONTROL.sub("", "".join(address.split()))[:998])
    name = " ".join(_CONTROL.sub("", unescaped(line.parameters.get("CN", ""))).split())
    if len(name) > 1 and name[0] == name[-1] == "'":  # as Outlook quotes
        name = name[1:-1].strip()
    if name.lower().removeprefix("mailto:") == address.lower():
        name = ""
    return Mailbox(name, address) if name or address else None
