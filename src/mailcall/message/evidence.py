"""What proves who sent a mail, read from the Authentication-Results of hosts that the account trusts.

DKIM verified by ourselves and ARC come later and will stand beside this.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from .dkim import KeyLookup
from .domains import ascii_domain, comparable, with_a_labels
from .mail import Mail

NO_AUTHSERV_ID = "-"  # in `trusted_hosts`: trust results that name no host, as Office 365 writes them
_RESULTS = "authentication-results"
_MAX_VALUE = 16_384
_MAX_TRACE = 200
_METHOD = re.compile(r"\s*([a-z][a-z0-9-]{0,30})(?:\s*/\s*\d+)?\s*=\s*([a-z]{1,20})\b", re.IGNORECASE)
_PROPERTY = re.compile(
    r"(?:^|\s)(smtp|header|body|policy)\s?\.\s?([a-z0-9_-]{1,40})\s?=\s?(\"[^\"]*\"|\S+)", re.IGNORECASE
)
_ADDRESS_IN_NAME = re.compile(r"[^\s<>\"'@]{1,64}@([^\s<>\"'@]{1,255})")


@dataclass(frozen=True, slots=True)
class Trust:
    """What an account believes about senders, and which addresses are the desk's own.

    `hosts` are those whose Authentication-Results count, `sealers` the domains whose ARC seals do.
    `internal_marker` is a header field (name, value) that the account's gateway sets on internal mail and
    strips from what comes from outside. `own_addresses` grant nothing: who imitates them is noted.
    """

    hosts: frozenset[str] = frozenset()
    sealers: frozenset[str] = frozenset()
    internal_marker: tuple[str, str] | None = None
    verify_dkim: bool = True
    own_addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who the mail says it is from, and whether a trusted host vouches for that domain.

    `from_address` is '' unless there was exactly one From with exactly one address; `problem` says why.
    Its domain is in A-labels. It keeps its case.
    `method` is like `dmarc=pass by mx.example.com`. `notes` are sentences for the trace.
    """

    from_address: str = ""
    problem: str = ""
    authenticated: bool = False
    method: str = ""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON-able values, to be journalled."""
        return {
            "from_address": self.from_address,
            "problem": self.problem,
            "authenticated": self.authenticated,
            "method": self.method,
            "notes": list(self.notes),
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
        )


@dataclass(frozen=True, slots=True)
class Result:
    """One `method=result` with its properties, as `header.from`; keys in lower case."""

    method: str
    result: str
    properties: dict[str, str]


def sender_evidence(
    mail: Mail,
    trust: Trust,
    raw: bytes = b"",
    lookup: KeyLookup | None = None,
    now: dt.datetime | None = None,
) -> Evidence:
    """Judge the sender by the Authentication-Results (RFC 8601) of the trusted hosts.

    A field proves something only if a host that we trust wrote it. Each host adds its field above what
    it received, and must remove those that arrive claiming its name (RFC 8601 5); not every host does.
    So of the fields that name a trusted host only the topmost unbroken run counts: it was written in
    the last trusted hop. One further down, with another host's field in between, came in with the mail
    and may be forged, whatever name it bears. Fields of other hosts are ignored; a note says so.

    Nothing counts below the first Received whose `by` is not a trusted host: what stands there was in the
    mail before a host of ours had it. A server's own Received stands below its results, but one that
    hands the mail on inside (LMTP `by mail.internal`) stands above them: name such hosts as trusted too.
    For Received an entry may also be `.example.com`, any host below that domain, or a network such as
    `2002:a05::/32`, for services whose inner hosts have ever new names. A mail without Received is judged
    by its results alone.

    `dmarc=pass` counts for its `header.from`, which must be the From domain (or be absent);
    `dkim=pass` counts if `header.d` is the From domain or a parent of it.
    """
    notes: list[str] = []
    address, problem = _single_from(mail)
    _note_name_tricks(mail, notes)
    trusted = {host.strip().rstrip(".").lower() for host in trust.hosts}
    run = _trusted_run(mail, trusted, notes)
    if problem:
        return Evidence(problem=problem, notes=tuple(notes))
    domain = _domain(address)
    for wanted in ("dmarc", "dkim"):
        for host, results in run:
            for result in results:
                if result.method == wanted and result.result == "pass" and _counts(result, domain, notes):
                    return Evidence(address, "", True, f"{wanted}=pass by {host}", tuple(notes))
    return Evidence(address, "", False, "", tuple(notes))


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


def _domain(address: str) -> str:
    return _ascii(address.rpartition("@")[2])


def _ascii(domain: str) -> str:
    domain = domain.strip("\"'<>").rstrip(".")
    return ascii_domain(domain) or domain.lower()


def _note_name_tricks(mail: Mail, notes: list[str]) -> None:
    for box in mail.from_[:5]:
        for shown in _ADDRESS_IN_NAME.finditer(box.name[:500]):
            if comparable(shown[0]) != comparable(box.address):
                notes.append(f"The sender's name shows {shown[0]}, but the mail is from {box.address}.")


def _trusted_run(mail: Mail, trusted: set[str], notes: list[str]) -> list[tuple[str, list[Result]]]:
    run: list[tuple[str, list[Result]]] = []
    ended = ""
    trace = mail.trace or tuple((_RESULTS, value) for value in mail.authentication_results)
    for name, value in trace[:_MAX_TRACE]:
        if name != _RESULTS:
            by = received_by(value)
            if not ended and not _is_trusted_hop(by, trusted):
                ended = f"a Received by {by[:100] or 'no named host'}, which is not a trusted host"
            continue
        host, results = read_results(value)
        shown = host or "no named host"
        if (host or NO_AUTHSERV_ID) not in trusted:
            notes.append(f"Authentication-Results of {shown[:100]} ignored: not a trusted host.")
            if run and not ended:
                ended = "another host's"
        elif ended:
            notes.append(f"Authentication-Results of {shown[:100]} ignored: it stands below {ended}.")
        else:
            run.append((shown, results))
    return run


def received_by(value: str) -> str:
    """Read the host after `by` in a Received (RFC 5321 4.4), in lower case; '' when it has none."""
    words = _without_comments(value[:_MAX_VALUE]).partition(";")[0].lower().split()
    start = 2 if words[:1] == ["from"] else 0  # what a client calls itself is not ours to read
    if "by" not in words[start:]:
        return ""
    after = words[words.index("by", start) + 1 :]
    return after[0].strip("[]").removeprefix("ipv6:").rstrip(".") if after else ""


def _is_trusted_hop(by: str, trusted: set[str]) -> bool:
    if by in trusted:
        return by not in {"", NO_AUTHSERV_ID}
    if any(host.startswith(".") and len(host) > 1 and by.endswith(host) for host in trusted):
        return True
    try:
        address = ip_address(by)
    except ValueError:
        return False
    return any(address in network for network in map(_network, trusted) if network)


def _network(host: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(host, strict=False) if "/" in host else None
    except ValueError:
        return None


def read_results(value: str) -> tuple[str, list[Result]]:
    """Read one Authentication-Results value: its authserv-id in lower case ('' without) and its results."""
    pieces = [piece.strip() for piece in _without_comments(value[:_MAX_VALUE]).split(";")]
    host = ""
    if pieces and "=" not in pieces[0]:
        words = pieces[0].split()
        host = words[0].strip('"').rstrip(".").lower() if words else ""
        pieces = pieces[1:]
    results = []
    for piece in pieces[:200]:
        match = _METHOD.match(piece)
        if match:
            properties: dict[str, str] = {}
            for found in _PROPERTY.finditer(piece[match.end() :]):
                properties.setdefault(f"{found[1]}.{found[2]}".lower(), found[3].strip('"'))
            results.append(Result(match[1].lower(), match[2].lower(), properties))
    return host, results


def _without_comments(value: str) -> str:
    """Leave out (nested) comments; an unclosed one takes the rest. Semicolons in quotes become spaces."""
    out: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in value:
        if escaped:
            escaped = False
            char = " "  # noqa: PLW2901 - an escaped character separates nothing
        elif char == "\\" and (quoted or depth):
            escaped = True
            continue
        elif char == '"' and not depth:
            quoted = not quoted
        elif char == "(" and not quoted:
            depth += 1
        elif char == ")" and depth and not quoted:
            depth -= 1
            char = " "  # noqa: PLW2901
        if not depth:
            out.append(" " if quoted and char in ";=" else char)
    return "".join(out)


def _counts(result: Result, domain: str, notes: list[str]) -> bool:
    if result.method == "dmarc":
        stated = result.properties.get("header.from", "")
        if not stated or _domain(stated) == domain:
            return True
        notes.append(f"dmarc=pass ignored: it is for {stated[:100]}, the mail is from {domain}.")
        return False
    signer = _ascii(result.properties.get("header.d", "").rpartition("@")[2])
    if not signer:
        signer = _ascii(result.properties.get("header.i", "").rpartition("@")[2])
    if signer and "." in signer and (domain == signer or domain.endswith("." + signer)):
        return True
    notes.append(f"dkim=pass ignored: it is for {signer[:100] or 'no domain'}, the mail is from {domain}.")
    return False
