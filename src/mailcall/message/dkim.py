"""Verifies DKIM signatures (RFC 6376, RFC 8463) on the raw bytes of a mail; keys come through a function."""

from collections.abc import Callable
from dataclasses import dataclass

# Gives the TXT record of a name such as `s1._domainkey.example.com`, '' when there is none.
# Raises LookupFailed when the answer is not known.
KeyLookup = Callable[[str], str]


class LookupFailed(Exception):
    """DNS did not answer. The text says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature judged: `result` is pass, fail, neutral, permerror or temperror (RFC 8601 2.7.1)."""

    domain: str
    selector: str
    result: str
    reason: str = ""


def verify_dkim(raw: bytes, lookup: KeyLookup) -> tuple[Signature, ...]:
    """Judge the signatures of a mail, topmost first. Never raises."""
    return ()
