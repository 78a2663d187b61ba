"""What proves who sent a mail: proofs in their order; each counts, or leaves a note that says why not."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .arc import verify_arc
from .authentication_results import (
    RESULTS,
    plain_domain,
    proof_in,
    trusted_results,
)
from .dkim import KeyLookup, verify_dkim
from .domains import ascii_domain, with_a_labels
from .gateway_marks import gateway_fields, spam_mark
from .mail import Mail
from .mime import Part
from .records import Record
from .sender_tricks import notes_on_sender
from .signed_headers import SignedMail, split_mail
from .transfer import Buffer

_MAX_NOTES = 100
_RARE = ("spam", "virus", "unscanned", "edited")  # journalled only where they say something


@dataclass(frozen=True, slots=True)
class Trust(Record):
    """What an account believes about senders, and which addresses are the desk's own.

    `hosts` are those whose Authentication-Results count, `sealers` the domains whose ARC seals do.
    `internal_marker` is a header field (name, value) that the account's gateway sets on internal mail and
    strips from what comes from outside. `own_addresses` grant nothing: who imitates them is noted.
    `spam_marks` are the fields (name, value; '': any) by which the gateway marks spam.
    """

    hosts: frozenset[str] = frozenset()
    sealers: frozenset[str] = frozenset()
    internal_marker: tuple[str, str] | None = None
    verify_dkim: bool = True
    own_addresses: frozenset[str] = frozenset()
    spam_marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence(Record):
    """Who the mail says it is from, and whether anything proves that.

    `from_address` is '' unless there was exactly one From with exactly one address; `problem` says why.
    Its domain is in A-labels. It keeps its case.
    `method` is the proof that counted, such as `dmarc=pass by mx.example.com`. `notes` are sentences for
    the trace: proofs that did not count, and what is odd about the sender.

    `spam` is the field by which the gateway marks it. `virus` is what an antivirus daemon found, `unscanned`
    why it could not look. `edited` says which person changed whom it is from or what it asks, so that
    nothing proves its sender any more.
    """

    from_address: str = ""
    problem: str = ""
    authenticated: bool = False
    method: str = ""
    notes: tuple[str, ...] = ()
    spam: str = ""
    virus: str = ""
    unscanned: str = ""
    edited: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON-able values, to be journalled."""
        rare = {name: getattr(self, name) for name in _RARE if getattr(self, name)}
        return {
            "from_address": self.from_address,
            "problem": self.problem,
            "authenticated": self.authenticated,
            "method": self.method,
            "notes": list(self.notes),
            **rare,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Evidence":
        """Read what `as_dict` gave; missing values are empty, and only a true `authenticated` counts."""
        return cls(
            from_address=with_a_labels(str(values.get("from_address", ""))),
            problem=str(values.get("problem", "")),
            authenticated=values.get("authenticated") is True,
            method=str(values.get("method", "")),
            notes=tuple(str(note) for note in values.get("notes", ())),
            **{name: str(values[name]) for name in _RARE if name in values},
        )


@dataclass(frozen=True, slots=True)
class _Case:
    """One mail to be judged. `notes` grows as proofs are looked at."""

    mail: Mail
    trust: Trust
    domain: str  # of From
    signed: SignedMail
    lookup: KeyLookup | None
    now: dt.datetime | None
    notes: list[str]


def sender_evidence(
    mail: Mail,
    trust: Trust,
    raw: Buffer = b"",
    lookup: KeyLookup | None = None,
    now: dt.datetime | None = None,
    *,
    root: Part | None = None,
) -> Evidence:
    """Judge the sender of a mail that came at a time, by its headers and its raw bytes. Never raises.

    The first of these that counts is the proof: a DKIM signature that we verify ourselves; `dmarc=pass`,
    then `dkim=pass`, in the Authentication-Results of a trusted host; the chain of a listed ARC sealer;
    the marker of internal mail. Signatures need the raw bytes, the time, and `lookup` to ask for keys;
    with `root`, which `parse` gave of these bytes, they are not parsed again. SPF can't be judged after
    delivery.
    """
    notes = list(notes_on_sender(mail, trust.own_addresses))
    address, problem = _single_from(mail)
    domain = plain_domain(address.rpartition("@")[2])
    case = _Case(mail, trust, domain, split_mail(raw, root), lookup, now, notes)
    method = "" if problem else next(filter(None, _proofs(case)), "")
    spam = spam_mark(case.signed.fields, _lowered(trust.hosts), trust.spam_marks, notes)
    notes_once = tuple(dict.fromkeys(notes))[:_MAX_NOTES]
    return Evidence(address, problem, bool(method), method, notes_once, spam)


def _single_from(mail: Mail) -> tuple[str, str]:  # noqa: PLR0911 - one sentence each
    if mail.from_header_count == 0:
        return "", "The mail has no From."
    if mail.from_header_count > 1:
        return "", f"The mail has {mail.from_header_count} From headers; there must be exactly one."
    if not mail.from_:
        return "", "The From of the mail has no address."
    if len(mail.from_) > 1:
        return "", f"The From of the mail has {len(mail.from_)} addresses; there must be exactly one."
    address = with_a_labels(mail.from_[0].address)
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or re.search(r"[\s<>,;:\"@]", domain):
        return "", "The From of the mail has no usable address."
    if "@" in local and not (local.startswith('"') and local.endswith('"')):
        return "", "The From of the mail has no usable address."
    return address, ""


def _proofs(case: _Case) -> Iterator[str]:
    """Look at one proof after the other; each gives its method, or '' and notes."""
    yield _own_dkim(case)
    yield _results_of_hosts(case)
    yield _arc(case)
    yield _internal_marker(case)


def _results_of_hosts(case: _Case) -> str:
    if case.signed.trouble and any(name == RESULTS for name, _ in case.mail.trace):
        case.notes.append(f"Authentication-Results ignored: {case.signed.trouble}.")
        return ""
    run = trusted_results(_trace(case), _lowered(case.trust.hosts), case.notes)
    method, host = proof_in(run, case.domain, case.notes)
    return f"{method}=pass by {host}" if method else ""


def _trace(case: _Case) -> Iterator[tuple[str, str]]:
    """Give each Received and Authentication-Results; as they were read where there are no raw bytes."""
    if not case.signed.fields:
        yield from case.mail.trace
    for field in case.signed.fields:
        if field.name == RESULTS and field.obsolete:
            case.notes.append("Authentication-Results ignored: it has a blank before its colon.")
        elif field.name in {RESULTS, "received"}:
            yield field.name, field.text


def _lowered(hosts: frozenset[str]) -> set[str]:
    return {host.strip().rstrip(".").lower() for host in hosts}


def _own_dkim(case: _Case) -> str:
    if not (case.trust.verify_dkim and case.lookup and case.now):
        return ""
    for signature in verify_dkim(case.signed, case.lookup, case.now, case.domain):
        if signature.result == "pass":
            if signature.open:
                left_out = ", ".join(signature.open)
                case.notes.append(f"The signature of {signature.domain} does not cover {left_out}.")
            return f"dkim=pass for {signature.domain}, verified here"
        of = f" of {signature.domain}" if signature.domain else ""
        why = f" ({signature.result})" if signature.result else ""
        case.notes.append(f"DKIM signature{of} ignored{why}: {signature.reason}.")
    return ""


def _arc(case: _Case) -> str:
    if not (case.trust.sealers and case.lookup and case.now):
        return ""
    sealers = {ascii_domain(sealer) for sealer in _lowered(case.trust.sealers)} - {""}
    chain = verify_arc(case.signed, case.lookup, case.now, sealers)
    if chain.reason:
        case.notes.append(f"ARC chain ignored ({chain.result}): {chain.reason}.")
    for seen in chain.results:
        method, sealer = proof_in([seen], case.domain, case.notes)
        if method:
            return f"arc=pass by {sealer}, which saw {method}=pass"
    return ""


def _internal_marker(case: _Case) -> str:
    """Find the field that the account's gateway sets on internal mail.

    It counts if it is there once, and not below a Received of a host that is not trusted: what stands
    there came in with the mail. One with a blank before its colon (RFC 5322 4.5) is none: a gateway that
    removes what comes from outside by its exact name may leave it. Gateways that add it at the end of the
    header, as Exchange does, need all the hosts that internal mail passes through in `Trust.hosts`.
    """
    if not case.trust.internal_marker:
        return ""
    name, wanted = case.trust.internal_marker
    if case.signed.trouble:
        case.notes.append(f"{name} ignored: {case.signed.trouble}.")
        return ""
    found: list[str] = []
    for field, came_in in gateway_fields(case.signed.fields, _lowered(case.trust.hosts)):
        if field.name == name.lower() and field.obsolete:
            case.notes.append(f"{name} ignored: it has a blank before its colon.")
        elif field.name == name.lower():
            found.append(field.text)
            if came_in:
                case.notes.append(
                    f"{name} ignored: it stands below a Received of a host that is not trusted."
                )
                return ""
    if len(found) > 1:
        case.notes.append(f"{name} ignored: the mail has {len(found)} of it.")
    elif found and found[0].casefold() != wanted.strip().casefold():
        case.notes.append(f"{name} does not say {wanted}.")
    elif found:
        return f"{name}: {wanted}"
    return ""
