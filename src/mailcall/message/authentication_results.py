"""Reads Authentication-Results (RFC 8601), and tells those of trusted hosts from those that came in."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from .domains import ascii_domain, is_vouched_for

NO_AUTHSERV_ID = "-"  # in `Trust.hosts`: trust results that name no host, as Office 365 writes them
RESULTS = "authentication-results"
_MAX_VALUE = 16_384
_MAX_TRACE = 200
_METHOD = re.compile(r"\s*([a-z][a-z0-9-]{0,30})(?:\s*/\s*\d+)?\s*=\s*([a-z]{1,20})\b", re.IGNORECASE)
_PROPERTY = re.compile(
    r"(?:^|\s)(smtp|header|body|policy)\s?\.\s?([a-z0-9_-]{1,40})\s?=\s?(\"[^\"]*\"|\S+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Result:
    """One `method=result` with its properties, as `header.from`; keys in lower case."""

    method: str
    result: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class Results:
    """The results of one field, and who wrote it."""

    host: str
    results: tuple[Result, ...]


def trusted_results(
    trace: Iterable[tuple[str, str]], trusted: Collection[str], notes: list[str]
) -> list[Results]:
    """Give the fields that a trusted host wrote, topmost first; notes say why others are ignored.

    Each host adds its field above what it received, and must remove those that arrive claiming its name
    (RFC 8601 5); not every host does. So of the fields that name a trusted host only the topmost unbroken
    run counts: it was written in the last trusted hop. One further down, with another host's field in
    between, came in with the mail and may be forged, whatever name it bears.

    Nothing counts below the first Received whose `by` is not a trusted host: what stands there was in the
    mail before a host of ours had it. A server's own Received stands below its results, but one that
    hands the mail on inside (LMTP `by mail.internal`) stands above them: name such hosts as trusted too.
    For Received an entry may also be `.example.com`, any host below that domain, or a network such as
    `2002:a05::/32`, for services whose inner hosts have ever new names. A mail without Received is judged
    by its results alone.
    """
    run: list[Results] = []
    ended = ""
    for name, value in list(trace)[:_MAX_TRACE]:
        if name != RESULTS:
            by = received_by(value)
            if not ended and not is_trusted_hop(by, trusted):
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
            run.append(Results(shown, tuple(results)))
    return run


def proof_in(fields: Iterable[Results], method: str, domain: str, notes: list[str]) -> str:
    """Give the host that says of this From domain that a method (dmarc or dkim) passed, or ''.

    `dmarc=pass` counts for its `header.from`, which must be the From domain (or be absent);
    `dkim=pass` counts if `header.d` is the From domain or a parent of it.
    """
    for field in fields:
        for result in field.results:
            if result.method != method:
                continue
            if result.result != "pass":
                notes.append(f"{field.host} says {method}={result.result}, which proves nothing.")
                continue
            stated = _domain_of(result)
            if _is_for(domain, stated, method):
                return field.host
            notes.append(
                f"{method}=pass ignored: it is for {stated[:100] or 'no domain'}, the mail is from {domain}."
            )
    return ""


def _domain_of(result: Result) -> str:
    names = ("header.from",) if result.method == "dmarc" else ("header.d", "header.i")
    stated = next(filter(None, (result.properties.get(name, "") for name in names)), "")
    return plain_domain(stated.rpartition("@")[2])


def _is_for(domain: str, stated: str, method: str) -> bool:
    if method == "dmarc":
        return not stated or stated == domain
    return is_vouched_for(domain, stated)


def plain_domain(domain: str) -> str:
    """Give a domain in the form that is compared, also where it is none that could exist."""
    domain = domain.strip("\"'<>").rstrip(".")
    return ascii_domain(domain) or domain.lower()


def received_by(value: str) -> str:
    """Read the host after `by` in a Received (RFC 5321 4.4), in lower case; '' when it has none."""
    words = _without_comments(value[:_MAX_VALUE]).partition(";")[0].lower().split()
    start = 2 if words[:1] == ["from"] else 0  # what a client calls itself is not ours to read
    if "by" not in words[start:]:
        return ""
    after = words[words.index("by", start) + 1 :]
    return after[0].strip("[]").removeprefix("ipv6:").rstrip(".") if after else ""


def is_trusted_hop(by: str, trusted: Collection[str]) -> bool:
    """Whether the host of a Received is one of these hosts, below one of these domains, or in a network."""
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
