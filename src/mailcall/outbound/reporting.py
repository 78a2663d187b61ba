"""Whose reports of mails of ours count, since whoever read a mail can make one up.

All who get a mail know its Message-ID and the others' addresses. The envelope tag of a copy only those know
who got that copy. So a report counts that came to the tag, or from the proved address of a mail system of the
recipient's domain, or of our own server's.
"""

import re

from mailcall.message import is_vouched_for
from mailcall.outbound.models import Delivery

# Not for people: RFC 2142, RFC 5321 4.5.1, and what mail systems and feedback loops are used to write from.
_OFFICE = re.compile(
    r"(?:mailer|mail)[-_.]?daemon|post[-_]?master|microsoftexchange[0-9a-f]{32}|"
    r"abuse|complaints?|fbl|feedback(?:[-_.]?loop)?|arf"
)


def counts(reporter: str, delivery: Delivery) -> bool:
    """Whether a report is proof that came from this address, proved or empty, without the delivery's tag."""
    office, at, domain = reporter.casefold().rpartition("@")
    if not at or not _OFFICE.fullmatch(office):
        return False
    own = delivery.server.server.casefold() if delivery.server else ""
    return any(
        is_vouched_for(domain, other) or is_vouched_for(other, domain)
        for other in (delivery.recipient.rpartition("@")[2], own)
        if other
    )
