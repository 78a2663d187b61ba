"""Why a mail was decided as it was, and how today's desk would decide it. Changes nothing."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from mailcall.config import config
from mailcall.inbound.arrivals import arrivals_of
from mailcall.inbound.decision import Decided, Facts
from mailcall.inbound.facts import gather, own_addresses
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from mailcall.inbound.readers import read_apart
from mailcall.inbound.reading import Arrival, Reading
from mailcall.inbound.rules import decide
from mailcall.outbound.threads import signing_keys


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision against the live desk, and what it is made from."""

    account: IncomingAccount
    reading: Reading
    decided: Decided
    facts: Facts


def explain_raw(raw: bytes, account: IncomingAccount, mail: ReceivedMail | None = None) -> Explanation:
    """How the desk, as it is now, decides these bytes on this account; `mail` if they came already.

    They are read as the service reads them. Raises Unreadable with what it would say, and OSError.
    """
    if mail:
        [arrival] = arrivals_of([mail])
    else:
        too_big = 0 < account.most_bytes < len(raw)
        arrival = Arrival(whole_size=len(raw) if too_big else 0, antivirus=config().antivirus_daemon)
    own = own_addresses()
    reading = read_apart(raw, account.trust(own), signing_keys(), arrival)
    with transaction.atomic():
        known = gather([(account, mail.pk if mail else None, reading)], own, timezone.now())
    facts = known.facts(account, reading)
    return Explanation(account, reading, decide(reading, facts), facts)


def explain_mail(mail: ReceivedMail) -> Explanation:
    """How the desk would decide a mail of the journal today."""
    return explain_raw(mail.read_raw(), mail.account, mail)
