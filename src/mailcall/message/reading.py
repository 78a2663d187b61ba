"""From raw bytes to a `Mail`: every mail reads, whatever is wrong with it."""

import datetime as dt
import re
import traceback
from email.utils import parsedate_to_datetime
from pathlib import Path

from .addresses import parse_addresses
from .body import read_body
from .bounces import read_bounce
from .decoding import clean_value, decode_raw_value
from .domains import with_a_labels
from .kinds import classify
from .mail import Kind, Mail, Mailbox
from .mime import Part, parse
from .quotes import split_reply

MAX_IDS = 200
_ID = re.compile(r"<[^<>\s]{1,990}>")
_MAX_ADDRESS_BYTES = 4 * 1024 * 1024


def read_mail(raw: bytes) -> Mail:
    """Read one mail (RFC 5322, MIME). Never raises: what is wrong is named in `defects`.

    Where our own reader fails, the mail is `unreadable`: it must not be taken for an empty one.
    """
    try:
        return read_mail_strictly(raw)
    except Exception as error:  # noqa: BLE001 - one mail must never stop the next
        return Mail(
            text=raw[:65_536].decode("utf-8", "replace"),
            kind_reason="the mail could not be read",
            defects=(f"Mailcall's own reader failed at this mail ({type(error).__name__}{_where(error)}).",),
            unreadable=True,
        )


def _where(error: Exception) -> str:
    """Say where in the code it went wrong, for whoever mends it."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def read_mail_strictly(raw: bytes) -> Mail:
    """Do the work of `read_mail`; an error here is a bug, and the tests look for it."""
    defects: list[str] = []
    root = parse(raw, defects)
    body = read_body(root, defects)
    subject = root.text("subject")
    from_ = _addresses(root, "from")
    kind = classify(root)
    bounce = read_bounce(root) if kind.kind in {Kind.BOUNCE, Kind.DELIVERED_NOTICE} else None
    reply_text, quoted_text = split_reply(body.text)
    date = read_date(root.value("date"))
    if date is None and root.raw("date"):
        defects.append("the Date is not readable")
    return Mail(
        subject=subject,
        from_=from_,
        sender=_addresses(root, "sender"),
        reply_to=_addresses(root, "reply-to"),
        to=_addresses(root, "to"),
        cc=_addresses(root, "cc"),
        date=date,
        message_id=next(iter(read_ids(root.value("message-id"))), ""),
        in_reply_to=read_ids(" ".join(root.values("in-reply-to"))),
        references=read_ids(" ".join(root.values("references"))),
        text=body.text,
        html=body.html,
        reply_text=reply_text,
        quoted_text=quoted_text,
        attachments=tuple(body.attachments),
        kind=kind.kind,
        kind_reason=kind.reason,
        auto_generated=kind.auto_generated,
        is_list=kind.is_list,
        automatic_reason=kind.automatic_reason,
        bounce=bounce,
        authentication_results=root.values("authentication-results"),
        trace=root.ordered("received", "authentication-results"),
        from_header_count=len(root.raw("from")),
        defects=tuple(dict.fromkeys(defects)),
    )


def _addresses(root: Part, name: str) -> tuple[Mailbox, ...]:
    """Read every field of that name; address lists are longer than other values may be."""
    found: list[Mailbox] = []
    for value in root.raw(name):
        text = value[:_MAX_ADDRESS_BYTES]
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError:
            decoded = decode_raw_value(text, root.hint)
        boxes = parse_addresses(clean_value(decoded))
        found += (Mailbox(box.name, with_a_labels(box.address)) for box in boxes)
    return tuple(found)


def read_ids(value: str) -> tuple[str, ...]:
    """Give the `<...>` ids of a value, in order, without repeats; a bare id gets its brackets."""
    found = _ID.findall(value)
    if not found:
        bare = value.strip("<> ")
        found = [f"<{bare}>"] if "@" in bare and not re.search(r"[\s<>]", bare) and len(bare) < 990 else []
    if len(found) > MAX_IDS:  # the thread's start and its latest mails are what is looked up
        found = found[:20] + found[-(MAX_IDS - 20) :]
    return tuple(dict.fromkeys(found))


def read_date(value: str) -> dt.datetime | None:
    """Read a Date (RFC 5322 3.3), aware; None when it is not one. No zone means UTC."""
    value = value[:200]
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        try:
            date = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=dt.UTC)
    try:
        date.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return date
