"""Between whom a mail of the timeline went, for who answers it."""

import re

from mailcall.desk.models import EntryKind, TimelineEntry
from mailcall.inbound.models import ReceivedMail, SourceRemoved
from mailcall.message import comparable, read_mail
from mailcall.message.mail import Mailbox
from mailcall.outbound.drafts import Correspondents

MOST_HEADER = 100_000  # bytes
_END = re.compile(rb"\r?\n\r?\n")


def correspondents(entry: TimelineEntry) -> Correspondents:
    """Who wrote a mail of the timeline, where answers are to go (RFC 5322 3.6.2), and who else got it."""
    if entry.kind == EntryKind.MAIL_OUT:
        return _of_sent(entry)
    actor = entry.actor
    known = (actor.name, actor.email) if actor and actor.email else None
    mail = ReceivedMail.objects.filter(entry=entry).first()
    if mail is None:
        return Correspondents(known)
    try:
        raw = mail.read_raw()
    except (OSError, SourceRemoved):
        return Correspondents(known or (("", mail.from_address) if mail.from_address else None))
    header = read_mail(_END.split(raw[:MOST_HEADER], maxsplit=1)[0] + b"\r\n\r\n")
    sender = next(iter(_pairs(header.reply_to or header.from_)), None)
    if known and actor and not _wrote(entry, header.from_):
        sender = known  # somebody forwarded what they wrote
    return Correspondents(sender, _pairs(header.to), _pairs(header.cc))


def _of_sent(entry: TimelineEntry) -> Correspondents:
    message = entry.messages.order_by("pk").first()
    if message is None:
        return Correspondents(None)
    to = tuple((name, address) for name, address in message.to)
    return Correspondents(None, to, tuple((name, address) for name, address in message.cc))


def _wrote(entry: TimelineEntry, from_: tuple[Mailbox, ...]) -> bool:
    """Whether the mail is from the address, or a further one, of who the desk says wrote it."""
    actor = entry.actor
    assert actor is not None  # by the caller
    theirs = {actor.email, *actor.addresses.values_list("address", flat=True)}
    return any(comparable(box.address) in theirs for box in from_)


def _pairs(boxes: tuple[Mailbox, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((box.name, box.address) for box in boxes if box.address)
