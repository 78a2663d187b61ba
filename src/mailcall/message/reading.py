"""From raw bytes to a `Mail`: every mail reads, whatever is wrong with it."""

import traceback
from collections.abc import Sequence
from pathlib import Path

from .attached_mails import attached_mails
from .body import Body, read_body
from .bounces import read_bounce
from .charsets import decode
from .complaints import read_complaint
from .dates import has_impossible_zone, read_date
from .decoding import charset_of_value
from .envelope import read_addresses, read_ids
from .forwarded import inline_forwards
from .invitations import read_invitations
from .kinds import classify
from .mail import Charset, Forwarded, Invitation, Kind, Mail, Piece, PieceKind
from .mime import Part, parse
from .quotes import joined, split_text
from .transfer import Buffer

_MAX_CALENDAR = 1024 * 1024


def read_mail(raw: Buffer) -> Mail:
    """Read one mail (RFC 5322, MIME). Never raises: what is wrong is named in `defects`.

    Where our own reader fails, the mail is `unreadable`: it must not be taken for an empty one.
    """
    return read_with_tree(raw)[0]


def read_with_tree(raw: Buffer) -> tuple[Mail, Part | None]:
    """Do what `read_mail` does; give too what the mail was read from, None where that failed."""
    try:
        defects: list[str] = []
        root = parse(raw, defects)
        return _mail_of(root, defects), root
    except Exception as error:  # noqa: BLE001 - one mail must never stop the next
        mail = Mail(
            text=raw[:65_536].decode("utf-8", "replace"),
            kind_reason="the mail could not be read",
            defects=(f"Mailcall's own reader failed at this mail ({type(error).__name__}{_where(error)}).",),
            unreadable=True,
        )
        return mail, None


def _where(error: Exception) -> str:
    """Say where in the code it went wrong, for whoever mends it."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def read_mail_strictly(raw: Buffer) -> Mail:
    """Do the work of `read_mail`; an error here is a bug, and the tests look for it."""
    defects: list[str] = []
    return _mail_of(parse(raw, defects), defects)


def _mail_of(root: Part, defects: list[str]) -> Mail:
    body = read_body(root, defects)
    kind = classify(root)
    bounce = read_bounce(root) if kind.kind in {Kind.BOUNCE, Kind.DELIVERED_NOTICE} else None
    complaint = read_complaint(root) if kind.kind is Kind.FEEDBACK_REPORT else None
    pieces = split_text(body.text, body.marks)
    is_report = bounce is not None or root.content_type == "multipart/report"
    date = read_date(root.value("date"))
    if date is None and root.raw("date"):
        defects.append("the Date is not readable")
    elif date and not date.utcoffset() and has_impossible_zone(root.value("date")):
        defects.append("the Date has an impossible zone: read as UTC")
    return Mail(
        subject=root.text("subject"),
        from_=read_addresses(root, "from", defects),
        sender=read_addresses(root, "sender", defects),
        reply_to=read_addresses(root, "reply-to", defects),
        to=read_addresses(root, "to", defects),
        cc=read_addresses(root, "cc", defects),
        date=date,
        message_id=next(iter(read_ids(root.value("message-id"))), ""),
        in_reply_to=read_ids(" ".join(root.values("in-reply-to"))),
        references=read_ids(" ".join(root.values("references"))),
        text=body.text,
        html=body.html,
        reply_text=joined(pieces, PieceKind.NEW),
        quoted_text=joined(pieces, PieceKind.QUOTE),
        signature=joined(pieces, PieceKind.SIGNATURE),
        pieces=pieces,
        # What a report returns was forwarded by nobody.
        forwarded=() if is_report else _forwarded(pieces, body, defects),
        attachments=tuple(body.attachments),
        invitations=_invitations(body),
        seals=tuple(dict.fromkeys(body.seals)),
        charsets=_charsets(root, body),
        kind=kind.kind,
        kind_reason=kind.reason,
        auto_generated=kind.auto_generated,
        is_list=kind.is_list,
        automatic_reason=kind.automatic_reason,
        bounce=bounce or complaint,
        trace=root.ordered("received", "authentication-results"),
        from_header_count=len(root.raw("from")),
        defects=tuple(dict.fromkeys(defects)),
    )


def _forwarded(pieces: Sequence[Piece], body: Body, defects: list[str]) -> tuple[Forwarded, ...]:
    """Read the mails in the text, in winmail.dat and in files, in this order."""
    return (*inline_forwards(pieces), *body.forwarded, *attached_mails(body.mails, defects))


def _invitations(body: Body) -> tuple[Invitation, ...]:
    """Read all calendars; programs send the same one as an alternative and as a file."""
    found = list(body.invitations)
    for data, charset in body.calendars:
        found += read_invitations(decode(data[:_MAX_CALENDAR], charset or "utf-8", may_guess=False).text)
    return tuple(dict.fromkeys(found))


def _charsets(root: Part, body: Body) -> tuple[Charset, ...]:
    """Say how texts and headers were decoded, each kind once."""
    headers = [
        charset_of_value(name, value, root.hint)
        for name in ("subject", "from")
        for value in root.raw(name)[:1]
    ]
    return tuple(dict.fromkeys([*headers, *body.charsets]))
