"""Verifies DKIM signatures (RFC 6376, RFC 8463) on the raw bytes of a mail; keys come through a function."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from .domain_keys import (
    ALGORITHMS,
    DomainKey,
    KeyLookup,
    LookupFailed,
    find_keys,
    read_base64,
    read_tags,
)
from .domains import ascii_domain, is_vouched_for
from .one_reading import require_one_reading
from .signed_headers import Field, SignedMail, Unproven

__all__ = ["KeyLookup", "LookupFailed", "Signature", "verify_dkim"]

MAX_SIGNATURES = 10  # that are verified in one mail
_MAX_SHOWN = 50
_NEEDED = ("v", "a", "b", "bh", "d", "h", "s")
_THREAD = ("in-reply-to", "references")
_CLOCKS_DIFFER = 3600  # seconds by which a signature may be of the future
_CANONICAL = {"simple": False, "relaxed": True}

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature judged.

    `result` is pass, fail, policy, permerror or temperror (RFC 8601 2.7.1), or empty when it was not
    verified; `reason` is a clause that says why it did not pass. Only `pass` proves anything. `open` names
    the fields of the thread that are there and that it does not cover: anybody may have put them in.
    """

    domain: str
    selector: str
    result: str
    reason: str = ""
    open: tuple[str, ...] = ()


def verify_dkim(
    mail: SignedMail, lookup: KeyLookup, now: dt.datetime, from_domain: str = ""
) -> tuple[Signature, ...]:
    """Judge the signatures of a mail, topmost first. Never raises.

    With a From domain, no key is asked for of a domain that can't vouch for it.
    """
    judged: list[Signature] = []
    for field in mail.named("dkim-signature")[:_MAX_SHOWN]:
        if sum(bool(each.result) for each in judged) == MAX_SIGNATURES:
            judged.append(Signature("", "", "", f"only the first {MAX_SIGNATURES} are verified"))
            break
        judged.append(_judge(mail, field, lookup, now, from_domain))
    return tuple(judged)


def _judge(
    mail: SignedMail, field: Field, lookup: KeyLookup, now: dt.datetime, from_domain: str
) -> Signature:
    domain = selector = ""
    try:
        tags = read_tags(field.text)
        domain, selector = signer_of(tags)
        if from_domain and not is_vouched_for(from_domain, domain):
            return Signature(domain, selector, "", f"{domain} can't vouch for {from_domain}")
        _verify(mail, field, tags, lookup, now)
    except Unproven as unproven:
        return Signature(domain, selector, unproven.result, unproven.reason)
    covered = signed_names(tags)
    left_out = tuple(name.title() for name in _THREAD if mail.named(name) and name not in covered)
    return Signature(domain, selector, "pass", open=left_out)


def signer_of(tags: Tags) -> tuple[str, str]:
    """Give the domain and the selector of a signature, in lower case. Raises Unproven."""
    domain, selector = ascii_domain(tags.get("d", "")), ascii_domain(tags.get("s", ""))
    if "." not in domain or not selector or len(domain) + len(selector) > 240:
        raise Unproven("permerror", "it names no usable domain and selector")
    return domain, selector


def _verify(mail: SignedMail, field: Field, tags: Tags, lookup: KeyLookup, now: dt.datetime) -> None:
    """Verify one signature (RFC 6376 6.1). Raises Unproven."""
    if missing := [name for name in _NEEDED if not tags.get(name)]:
        raise Unproven("permerror", f"it has no {missing[0]}=")
    if tags["v"] != "1":
        raise Unproven("permerror", "it is of an unknown version")
    if "dns/txt" not in [method.strip() for method in tags.get("q", "dns/txt").split(":")]:
        raise Unproven("permerror", "its key is not in DNS")
    domain, _ = signer_of(tags)
    identity = ascii_domain(tags.get("i", "@" + domain).rpartition("@")[2])
    if not is_vouched_for(identity, domain):
        raise Unproven("permerror", "its i= is not within its d=")
    check_times(tags, now)
    key = verify_content(mail, field, tags, lookup)
    if key.strict and identity != domain:
        raise Unproven("policy", "its key does not serve subdomains")


def check_times(tags: Tags, now: dt.datetime) -> None:
    """Raise Unproven for a signature that has expired, or is not of our time."""
    made, expires = _number(tags, "t"), _number(tags, "x")
    if made is not None and made > now.timestamp() + _CLOCKS_DIFFER:
        raise Unproven("policy", "it was made in the future")
    if expires is not None and made is not None and expires <= made:
        raise Unproven("permerror", "it expires before it was made")
    if expires is not None and expires < now.timestamp():
        raise Unproven("policy", "it has expired")


def _number(tags: Tags, name: str) -> int | None:
    value = tags.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 76):
        raise Unproven("permerror", f"its {name}= is no number")
    return int(value)


def verify_content(mail: SignedMail, field: Field, tags: Tags, lookup: KeyLookup) -> DomainKey:
    """Verify that a signature fits the header and the body; give the key that made it. Raises Unproven.

    What needs no key is looked at first, so that nobody is asked about a mail that was changed. `l=` is
    honoured only where it leaves nothing of the body out: what is appended to a mail would be as
    good as signed (RFC 6376 8.2).
    """
    if mail.trouble:
        raise Unproven("permerror", mail.trouble)
    check_algorithm(tags)
    relaxed_header, relaxed_body = _canonicalization(tags.get("c", "simple/simple"))
    names = signed_names(tags)
    if "from" not in names:
        raise Unproven("permerror", "it does not cover From")
    mail.require_cover(names)
    require_one_reading(mail, names)
    body_hash, size = mail.body(relaxed_body)
    covered = _number(tags, "l")
    if covered is not None and covered > size:
        raise Unproven("fail", "the body is shorter than what was signed")
    if covered is not None and covered < size:
        raise Unproven("policy", "it does not cover the whole body")
    if read_base64(tags["bh"], "its bh=") != body_hash:
        raise Unproven("fail", "the body was changed after it was signed")
    return verify_digest(mail.header(names, field, relaxed_header), tags, lookup)


def signed_names(tags: Tags) -> list[str]:
    """Give the names of the fields that a signature covers, in lower case, as often as it names them."""
    return [name.strip(" \t\r\n").lower() for name in tags["h"].split(":")]


def check_algorithm(tags: Tags) -> None:
    """Raise Unproven unless its algorithm is one that proves something (RFC 8301 3.1, RFC 8463)."""
    if tags["a"] == "rsa-sha1":
        raise Unproven("policy", "it is made with SHA-1, which is no proof")
    if tags["a"] not in ALGORITHMS:
        raise Unproven("permerror", "its algorithm is unknown")


def _canonicalization(value: str) -> tuple[bool, bool]:
    header, _, body = value.partition("/")
    try:
        return _CANONICAL[header.strip()], _CANONICAL[body.strip() or "simple"]
    except KeyError:
        raise Unproven("permerror", "its canonicalization is unknown") from None


def verify_digest(digest: bytes, tags: Tags, lookup: KeyLookup) -> DomainKey:
    """Verify the signature of a SHA-256; give the key that made it. Raises Unproven."""
    domain, selector = signer_of(tags)
    signature = read_base64(tags["b"], "its b=")
    for key in find_keys(selector, domain, tags["a"], lookup):
        if key.made(signature, digest):
            if key.testing:
                raise Unproven("policy", "its key is marked as a test")
            return key
    raise Unproven("fail", "a signed header field was changed, or another key signed")
