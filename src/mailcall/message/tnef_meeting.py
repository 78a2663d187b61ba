"""Reads who wrote a packed message and to whom, and the meeting in it (MS-OXOCAL), from MAPI properties."""

import datetime as dt
import re

from .domains import with_a_labels
from .mail import Attendee, Invitation, Mailbox
from .mapi_properties import Name, Properties

_APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")  # PSETID_Appointment
_MEETING = bytes.fromhex("90dad86e0b451b1098da00aa003f1305")  # PSETID_Meeting
_START: tuple[Name, ...] = ((_APPOINTMENT, 0x820D), 0x0060)
_END: tuple[Name, ...] = ((_APPOINTMENT, 0x820E), 0x0061)
_WHOLE_DAY, _SEQUENCE = (_APPOINTMENT, 0x8215), (_APPOINTMENT, 0x8201)
_LOCATION: tuple[Name, ...] = ((_APPOINTMENT, 0x8208), (_MEETING, 0x0002))
_TIME_ZONE, _RECURRENCE = (_APPOINTMENT, 0x8234), (_APPOINTMENT, 0x8232)
_GLOBAL_ID, _CLEAN_GLOBAL_ID = (_MEETING, 0x0003), (_MEETING, 0x0023)
_FOREIGN_UID = b"vCal-Uid\x01\0\0\0"  # MS-OXCICAL 2.1.3.1.1.20.26

_SENDER: tuple[tuple[Name, tuple[Name, ...]], ...] = (  # name, addresses: the best first
    (0x0042, (0x5D02, 0x0065)),  # whom it is sent for
    (0x0C1A, (0x5D01, 0x0C1F)),  # who sent it
)
_RECIPIENT_NAME, _RECIPIENT_ADDRESSES, _RECIPIENT_TYPE = 0x3001, (0x39FE, 0x3003), 0x0C15
_TO, _CC = 1, 2

# Message classes, of Outlook and of its ancestor, to the method and the answer of RFC 5546.
_CLASSES = {
    "ipm.schedule.meeting.request": ("request", ""),
    "ipm.schedule.meeting.canceled": ("cancel", ""),
    "ipm.schedule.meeting.resp.pos": ("reply", "accepted"),
    "ipm.schedule.meeting.resp.neg": ("reply", "declined"),
    "ipm.schedule.meeting.resp.tent": ("reply", "tentative"),
    "ipm.microsoft schedule.mtgreq": ("request", ""),
    "ipm.microsoft schedule.mtgcncl": ("cancel", ""),
    "ipm.microsoft schedule.mtgrespp": ("reply", "accepted"),
    "ipm.microsoft schedule.mtgrespn": ("reply", "declined"),
    "ipm.microsoft schedule.mtgrespa": ("reply", "tentative"),
    "ipm.appointment": ("publish", ""),
}
_ROLES = {1: "req-participant", 2: "opt-participant", 3: "non-participant"}


def sender_of(properties: Properties) -> Mailbox | None:
    """Give who wrote a message, or None when it does not say."""
    for name, addresses in _SENDER:
        mailbox = _mailbox(properties, name, addresses)
        if mailbox:
            return mailbox
    return None


def recipients_of(recipients: list[Properties]) -> tuple[tuple[Mailbox, ...], tuple[Mailbox, ...]]:
    """Give the recipients named in To and in Cc; others are left out."""
    found: dict[int, list[Mailbox]] = {_TO: [], _CC: []}
    for recipient in recipients:
        mailbox = _mailbox(recipient, _RECIPIENT_NAME, _RECIPIENT_ADDRESSES)
        kind = recipient.number(_RECIPIENT_TYPE)
        if mailbox and kind in found:
            found[kind].append(mailbox)
    return tuple(found[_TO]), tuple(found[_CC])


def meeting_of(
    kind: str, subject: str, text: str, properties: Properties, recipients: list[Properties]
) -> Invitation | None:
    """Give the meeting of a message of a class for meetings, or None for any other."""
    method, answer = _CLASSES.get(kind.lower().strip(), ("", ""))
    if not method:
        return None
    sender = sender_of(properties)
    invited = tuple(
        Attendee(mailbox, _ROLES.get(recipient.number(_RECIPIENT_TYPE), ""))
        for recipient in recipients
        if (mailbox := _mailbox(recipient, _RECIPIENT_NAME, _RECIPIENT_ADDRESSES))
    )
    answering = (Attendee(sender, status=answer),) if answer and sender else ()
    return Invitation(
        method=method,
        uid=_uid(properties.data(_CLEAN_GLOBAL_ID) or properties.data(_GLOBAL_ID)),
        sequence=properties.number(_SEQUENCE),
        summary=subject,
        description=text,
        location=properties.text(*_LOCATION),
        start=_moment(properties, _START),
        end=_moment(properties, _END),
        time_zone=properties.text(_TIME_ZONE),
        recurrence=properties.text(_RECURRENCE),
        organizer=None if answer else sender,
        attendees=answering if answer else invited,
    )


def _mailbox(properties: Properties, name: Name, addresses: tuple[Name, ...]) -> Mailbox | None:
    """Give a mailbox; an address of another system than the Internet (X.500, fax) is left out."""
    shown = " ".join(properties.text(name).split())
    found = (re.sub(r"\Asmtp:", "", properties.text(each).strip(), flags=re.I) for each in addresses)
    address = next((each for each in found if "@" in each and not each.startswith("/")), "")
    return Mailbox(shown, with_a_labels(address)) if shown or address else None


def _uid(global_id: bytes) -> str:
    """Give the iCalendar UID of a meeting (MS-OXCICAL 2.1.3.1.1.20.26)."""
    _, foreign, uid = global_id.partition(_FOREIGN_UID)
    if foreign:
        return uid.partition(b"\0")[0].decode("utf-8", "replace")
    return global_id[:500].hex().upper()


def _moment(properties: Properties, names: tuple[Name, ...]) -> dt.datetime | dt.date | None:
    """Give a start or end, as a date for a whole day.

    A whole day begins at midnight of a zone that the stream gives only in words: the nearest date is it.
    """
    moment = next((found for name in names if (found := properties.time(name))), None)
    if moment and properties.flag(_WHOLE_DAY):
        try:
            return (moment + dt.timedelta(hours=12)).date()
        except OverflowError:
            return moment.date()
    return moment
