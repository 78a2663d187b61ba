"""A raw mail's way into the journal, whether it was fetched from a mailbox or handed over."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog
from django.utils import timezone

from mailcall import measures
from mailcall.database.rows import new_row
from mailcall.inbound.models import IncomingAccount, ReceivedMail


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail's bytes where its row finds them: in `raw`, or under their hash in the file storage."""

    size: int
    sha256: str
    raw: bytes | None
    header_only: bool = False  # then `size` is that of the whole mail


def journalled(account: IncomingAccount, identities: Sequence[str]) -> dict[str, bool]:
    """Those of these identities that the journal holds for the account, and if it holds only the header."""
    if not identities:
        return {}
    rows = ReceivedMail.objects.filter(account=account, identity__in=identities)
    return dict(rows.values_list("identity", "header_only"))


def journal_row(account: IncomingAccount, identity: str, kept: Kept) -> ReceivedMail:
    """A row for a mail that the journal does not hold yet, to be saved by the caller."""
    return new_row(
        ReceivedMail,
        account=account,
        identity=identity,
        correlation_id=uuid.uuid4().hex,
        received_at=timezone.now(),
        size=kept.size,
        sha256=kept.sha256,
        raw=kept.raw,
        header_only=kept.header_only,
    )


def tell(rows: Iterable[ReceivedMail], log: structlog.stdlib.BoundLogger) -> None:
    """Count these, which are safe now, and say so in the log."""
    for row in rows:
        measures.MAILS_JOURNALLED.labels(row.account.name).inc()
        log.info(
            "mail journalled",
            correlation_id=row.correlation_id,
            mail=row.pk,
            account=row.account.name,
            identity=row.identity,
            size=row.size,
        )
