"""Reads Authentication-Results (RFC 8601), and tells those of trusted hosts from those that came in."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from .domains import ascii_domain, is_vouched_for

NO_AUTHSERV_ID = "-"  # in `Trust.hosts`: trust results that name no host, as Office 365 writes them
RESULTS = "authentication-results"
_MAX_VALUE = 16_384
_MAX_TRACE = 200
_METHOD = re.compile(r"\s*([a-z][a-z0-9-]{0,30})(?:\s*/\s*\d+)?\s*=\s*(\S*)", re.IGNORECASE)
# What a host says of DMARC where it has nothing against the sender: no policy, or no answer from DNS.
_UNDECIDED = frozenset({"none", "bestguesspass", "temperror", "permerror"})
_PROPERTY = re.compile(
    r"(?:^|\s)(smtp|header|body|policy)\s?\.\s?([a-z0-9_-]{1,40})\s?=\s?(\"[^\"]*\"|\S+)", re.IGNORECASE
)

_PLAIN_COMMENT = re.compile(r"\([^()]*+\)")
# What means something outside of quotes and comments, and within them.
_OUTSIDE = re.compile(r'["(]')
_IN_QUOTES = re.compile(r'"|\\.?', re.DOTALL)
_IN_COMMENT = re.compile(r"[()]|\\.?", re.DOTALL)


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
    (RFC 8601 5); not every host does. So only the topmost run counts: what the last trusted hop wrote,
    which may be several fields where several milters of one host look at a mail. The run ends at the
    first Received below its first field, whoever wrote it, since what stands there was in the mail when
    the host took it in; and at another host's field. Whatever is further down may be forged, whatever name
    it bears.

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
            by = "" if ended else received_by(value)
            if not ended and not is_trusted_hop(by, trusted):
                ended = f"a Received by {by[:100] or 'no named host'}, which is not a trusted host"
            elif not ended and run:
                ended = f"the Received by {by[:100]} below the last trusted hop's results"
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


def proof_in(run: Sequence[Results], domain: str, notes: list[str]) -> tuple[str, str]:
    """Give the method (dmarc or dkim) by which this From domain is proven and the host that says so, or ''s.

    For each method the topmost field that has any result of it decides, and no lower one can mend what it
    says. DMARC passes if all that this field says of it is `pass` for a `header.from` that is the
    From domain. Else a `dkim=pass` counts whose `header.d` is the From domain or a parent of it, unless
    DMARC was judged and failed: the host has seen a reason not to believe it.
    """
    host, dmarc = _topmost(run, "dmarc")
    if dmarc and all(result.result == "pass" and _from_of(result) == domain for result in dmarc):
        return "dmarc", host
    against = False
    for result in dmarc:
        stated = _from_of(result)
        if result.result == "pass":
            what = f"it is for {stated[:100]}" if stated else "it does not say for whom (header.from)"
            notes.append(f"dmarc=pass by {host} ignored: {what}, the mail is from {domain}.")
            against = against or (bool(stated) and not is_vouched_for(domain, stated))
        else:
            notes.append(f"{host} says dmarc={result.result[:40]}, which proves nothing.")
            against = against or result.result not in _UNDECIDED
    return ("", "") if against else _dkim_proof(run, domain, notes)


def _dkim_proof(run: Sequence[Results], domain: str, notes: list[str]) -> tuple[str, str]:
    host, dkim = _topmost(run, "dkim")
    for result in dkim:  # one for each signature
        signer = _signer_of(result)
        if result.result != "pass":
            notes.append(f"{host} says dkim={result.result[:40]}, which proves nothing.")
        elif is_vouched_for(domain, signer):
            return "dkim", host
        else:
            notes.append(
                f"dkim=pass ignored: it is for {signer[:100] or 'no domain'}, the mail is from {domain}."
            )
    return "", ""


def _topmost(run: Sequence[Results], method: str) -> tuple[str, list[Result]]:
    """Give the results of a method in the topmost field that has any, and who wrote it."""
    for field in run:
        if found := [result for result in field.results if result.method == method]:
            return field.host, found
    return "", []


def _from_of(result: Result) -> str:
    return plain_domain(result.properties.get("header.from", "").rpartition("@")[2])


def _signer_of(result: Result) -> str:
    stated = result.properties.get("header.d", "") or result.properties.get("header.i", "")
    return plain_domain(stated.rpartition("@")[2])


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
    if not any("/" in host for host in trusted):
        return False
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
    if '"' not in value and "\\" not in value:
        value = _PLAIN_COMMENT.sub(" ", value)
        if "(" not in value:
            return value
    out: list[str] = []
    depth, quoted, at = 0, False, 0
    while mark := (_IN_COMMENT if depth else _IN_QUOTES if quoted else _OUTSIDE).search(value, at):
        if not depth:
            out.append(_without_separators(value[at : mark.start()], quoted))
        at = mark.end()
        match mark[0]:
            case '"':
                quoted = not quoted
                out.append('"')
            case "(":
                depth += 1
            case ")":
                depth -= 1
                out.append("" if depth else " ")
            case escaped:
                out.append(" " if quoted and len(escaped) > 1 else "")  # it separates nothing
    if not depth:
        out.append(_without_separators(value[at:], quoted))
    return "".join(out)


def _without_separators(text: str, quoted: bool) -> str:
    return text.replace(";", " ").replace("=", " ") if quoted else text
