"""DKIM keys as people make them, have them checked, switch them on and off, and remove them."""

import datetime as dt
import re
from typing import Literal

from django.db import transaction

from mailcall.desk.errors import Refused
from mailcall.message import ascii_domain
from mailcall.message.dkim import KeyLookup, LookupFailed
from mailcall.message.dkim_signing import new_key, public_record
from mailcall.outbound.models import DkimKey

LONGEST_STRING = 255  # of a TXT record (RFC 1035 3.3.14)
_DOMAIN = re.compile(r"(?=.{4,190}\Z)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def make(domain: str, selector: str = "", kind: Literal["rsa", "ed25519"] = "rsa", pem: str = "") -> DkimKey:
    """A key for mail from addresses of a domain, not in use yet. Raises Refused.

    The selector is by default that of the month; `pem` is a private key that somebody has.
    """
    name = ascii_domain(domain.strip().lower())
    if not _DOMAIN.fullmatch(name):
        raise Refused(f"“{domain}” is no domain.")
    selector = (selector.strip() or f"mc{dt.datetime.now(dt.UTC):%Y%m}").lower()
    if not _SELECTOR.fullmatch(selector):
        raise Refused(f"“{selector}” is no selector: letters, digits and hyphens.")
    if DkimKey.objects.filter(domain=name, selector=selector).exists():
        raise Refused(f"There is a key {selector} of {name}; choose another selector.")
    pem = pem or new_key(kind)
    try:
        public_record(pem)
    except ValueError as error:
        raise Refused(str(error)) from None
    return DkimKey.objects.create(domain=name, selector=selector, private_key=pem)


def txt_value(key: DkimKey) -> str:
    """What the TXT record holds, in strings as zone files have them."""
    record = key.record
    strings = [record[at : at + LONGEST_STRING] for at in range(0, len(record), LONGEST_STRING)]
    return " ".join(f'"{string}"' for string in strings)


def refuse_unpublished(key: DkimKey, lookup: KeyLookup) -> None:
    """Raise Refused when DNS does not show the record of a key."""
    try:
        published = lookup(key.record_name)
    except LookupFailed as failed:
        raise Refused(f"Nobody says what {key.record_name} holds: {failed}.") from None
    wanted = key.record.rpartition("p=")[2]
    if wanted not in published.replace(" ", ""):
        raise Refused(f"DNS has {'another record' if published else 'no record'} at {key.record_name}.")


def switch_on(key: DkimKey) -> None:
    """Sign with it from now on. Any other key of the domain is switched off."""
    with transaction.atomic():
        DkimKey.objects.filter(domain=key.domain).update(active=False)
        DkimKey.objects.filter(pk=key.pk).update(active=True)


def switch_off(key: DkimKey) -> None:
    """Sign no longer with it."""
    DkimKey.objects.filter(pk=key.pk).update(active=False)


def remove(key: DkimKey) -> None:
    """Delete it. Raises Refused while it is in use."""
    if not DkimKey.objects.filter(pk=key.pk, active=False).delete()[0]:
        raise Refused("It is in use: switch it off first, or another on.")
