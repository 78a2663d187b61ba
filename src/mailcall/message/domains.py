"""Domains in the one form that is compared and sent: A-labels (RFC 5890) in lower case."""

import re
import unicodedata
from encodings.idna import ToASCII
from functools import lru_cache

_DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490 3.1
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_KEPT = frozenset("ß\u03c2\u200c\u200d")  # IDNA 2008 keeps what IDNA 2003 wrote as others: two domains


def ascii_domain(domain: str) -> str:
    """Give a domain as A-labels in lower case, or '' when it is none. Never raises."""
    return _ascii_domain(domain) if domain and len(domain) <= 253 else ""


@lru_cache(1024)
def _ascii_domain(domain: str) -> str:
    labels = domain.lower() if domain.isascii() else ".".join(map(_a_label, _DOTS.split(domain)))
    return labels if len(labels) <= 253 and all(map(_LABEL.match, labels.split("."))) else ""


def _a_label(label: str) -> str:
    label = unicodedata.normalize("NFC", label).lower()
    try:
        if _KEPT.isdisjoint(label):
            return ToASCII(label).decode("ascii").lower()
        return "xn--" + unicodedata.normalize("NFKC", label).encode("punycode").decode("ascii").lower()
    except UnicodeError:
        return ""


def with_a_labels(address: str) -> str:
    """Give an address (or `@domain`) with an international domain in A-labels, all else as it is written.

    What is no such address stays as it is. Never raises.
    """
    local, at, domain = address.rpartition("@")
    labels = ascii_domain(domain) if at and not domain.isascii() else ""
    return f"{local}@{labels}" if labels else address


def comparable(address: str) -> str:
    """Give the form in which two addresses of one mailbox are equal. Never raises."""
    return _comparable(address) if len(address) <= 320 else _comparable.__wrapped__(address)


@lru_cache(4096)
def _comparable(address: str) -> str:
    return with_a_labels(address.strip()).casefold()


def without_detail(address: str) -> str:
    """Give `it@desk.example` for `it+printer@desk.example`, which go to one mailbox (RFC 5233)."""
    local, at, domain = address.rpartition("@")
    return local.partition("+")[0] + at + domain


def is_vouched_for(domain: str, signer: str) -> bool:
    """Whether a signer may speak for a domain: it is that domain, or one above it that is no top level."""
    return "." in signer and (domain == signer or domain.endswith("." + signer))
