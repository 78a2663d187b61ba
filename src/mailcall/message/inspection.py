"""A mail as values that JSON can hold, with the same keys whatever the mail is: missing values are empty."""

import base64
import datetime as dt
from collections.abc import Iterable
from typing import Any

from .clean_html import clean_html
from .evidence import Trust, sender_evidence
from .mail import Attachment, Bounce, Forwarded, Invitation, Mail, Mailbox

MAX_IMAGE = 1024 * 1024  # bytes of one image that is put into the HTML
MAX_IMAGES = 4 * 1024 * 1024  # bytes of all of them
_IMAGE_TYPES = frozenset({"image/png", "image/gif", "image/jpeg", "image/webp", "image/bmp"})

Values = dict[str, Any]


def inspect_mail(mail: Mail) -> Values:
    """Give everything that was read of a mail. Message-IDs have their angle brackets, dates are ISO 8601.

    `html` is cleaned, as a page may show it; images of the mail stand in it as `data:` addresses. The
    evidence is what can be said without knowing which hosts to trust.
    """
    evidence = sender_evidence(mail, Trust())
    return {
        "subject": mail.subject,
        "from": _mailboxes(mail.from_),
        "to": _mailboxes(mail.to),
        "cc": _mailboxes(mail.cc),
        "reply_to": _mailboxes(mail.reply_to),
        "date": _moment(mail.date),
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "text": mail.text,
        "html": html_with_images(mail),
        "reply_text": mail.reply_text,
        "quoted_text": mail.quoted_text,
        "attachments": [_attachment(each) for each in mail.attachments],
        "kind": mail.kind.value,
        "auto_generated": mail.auto_generated,
        "list": mail.is_list,
        "bounce": _bounce(mail.bounce or Bounce((), "")),
        "forwarded": [_forwarded(each) for each in mail.forwarded],
        "defects": list(mail.defects),
        "sender": _mailboxes(mail.sender),
        "signature": mail.signature,
        "pieces": [{"kind": piece.kind.value, "text": piece.text} for piece in mail.pieces],
        "invitations": [_invitation(each) for each in mail.invitations],
        "seals": [seal.value for seal in mail.seals],
        "charsets": [{"where": c.where, "name": c.name, "evidence": c.evidence} for c in mail.charsets],
        "kind_reason": mail.kind_reason,
        "automatic_reason": mail.automatic_reason,
        "evidence": {
            "from_address": evidence.from_address,
            "problem": evidence.problem,
            "notes": list(evidence.notes),
        },
        "unreadable": mail.unreadable,
    }


def html_with_images(mail: Mail) -> str:
    """Give the cleaned HTML, the mail's own images in it; those beyond the bounds stay `cid:`."""
    if not mail.html:
        return ""
    addresses: dict[str, str] = {}
    left = MAX_IMAGES
    for each in mail.attachments:
        kind = each.true_type or each.content_type
        if kind not in _IMAGE_TYPES or not each.inline:
            continue
        names = {each.content_id, each.location} - {"", *addresses}
        if names and len(each.data) == each.size <= min(MAX_IMAGE, left):
            left -= each.size
            data = f"data:{kind};base64,{base64.b64encode(each.data).decode()}"
            addresses.update(dict.fromkeys(names, data))
        elif each.content_id in names:
            addresses[each.content_id] = f"cid:{each.content_id}"
    return clean_html(mail.html, cid=addresses).html


def _mailboxes(boxes: Iterable[Mailbox]) -> list[Values]:
    return [{"name": box.name, "address": box.address} for box in boxes]


def _moment(moment: dt.datetime | dt.date | None) -> str:
    return moment.isoformat() if moment else ""


def _attachment(attachment: Attachment) -> Values:
    return {
        "name": attachment.name,
        "type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "inline": attachment.inline,
        "content_id": attachment.content_id,
        "true_type": attachment.true_type,
        "container": attachment.container,
    }


def _bounce(bounce: Bounce) -> Values:
    return {
        "permanent": bounce.permanent,
        "recipients": [
            {
                "address": recipient.address,
                "status": recipient.status,
                "diagnostic": recipient.diagnostic,
                "action": recipient.action,
                "permanent": recipient.permanent,
            }
            for recipient in bounce.recipients
        ],
        "original_message_id": bounce.original_message_id,
    }


def _forwarded(mail: Forwarded) -> Values:
    return {
        "from": _mailboxes(mail.from_),
        "to": _mailboxes(mail.to),
        "cc": _mailboxes(mail.cc),
        "date": _moment(mail.date),
        "subject": mail.subject,
        "message_id": mail.message_id,
        "text": mail.text,
        "attachment": mail.attachment,
        "depth": mail.depth,
    }


def _invitation(event: Invitation) -> Values:
    return {
        "method": event.method,
        "uid": event.uid,
        "sequence": event.sequence,
        "summary": event.summary,
        "description": event.description,
        "location": event.location,
        "status": event.status,
        "start": _moment(event.start),
        "end": _moment(event.end),
        "time_zone": event.time_zone,
        "recurrence": event.recurrence,
        "organizer": _mailboxes([event.organizer or Mailbox("", "")])[0],
        "attendees": [
            {
                "name": attendee.mailbox.name,
                "address": attendee.mailbox.address,
                "role": attendee.role,
                "status": attendee.status,
            }
            for attendee in event.attendees
        ],
    }
