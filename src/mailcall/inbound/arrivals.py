"""What the journal knows of its mails besides their bytes, for whoever reads them once more."""

from collections import defaultdict
from collections.abc import Sequence

from mailcall.config import config
from mailcall.inbound.edited import Edit
from mailcall.inbound.models import Edited, MailEdit, MailState, ReceivedMail
from mailcall.inbound.reading import Arrival


def arrivals_of(mails: Sequence[ReceivedMail]) -> list[Arrival]:
    """What is known of each, in order. The antivirus daemon is asked about those that are not done yet."""
    edits = _edits_of([mail.pk for mail in mails if mail.edited_at])
    return [
        Arrival(
            mail.received_at,
            mail.evidence,
            mail.size if mail.header_only else 0,
            "" if mail.state == MailState.DONE else config().antivirus_daemon,
            edits.get(mail.pk),
        )
        for mail in mails
    ]


def _edits_of(mails: Sequence[int]) -> dict[int, Edit]:
    """The last word on each of these that people changed."""
    if not mails:
        return {}
    by_mail: dict[int, dict[str, MailEdit]] = defaultdict(dict)
    for row in MailEdit.objects.filter(mail__in=mails).exclude(field=Edited.OUTCOME).order_by("pk"):
        by_mail[row.mail_id][row.field] = row
    return {mail: _edit(rows) for mail, rows in by_mail.items()}


def _edit(rows: dict[str, MailEdit]) -> Edit:
    return Edit(
        by=", ".join(dict.fromkeys(row.by for row in rows.values())),
        subject=rows[Edited.SUBJECT].new if Edited.SUBJECT in rows else None,
        sender=rows[Edited.SENDER].new if Edited.SENDER in rows else None,
        no_spam=Edited.SPAM in rows,
    )
