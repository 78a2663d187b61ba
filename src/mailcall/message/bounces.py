"""What a delivery report says: which recipients failed, why, for good or not, of which mail (RFC 3464)."""

import re
from collections.abc import Iterator

from .domains import with_a_labels
from .html_text import html_to_text
from .mail import Bounce, BouncedRecipient
from .mime import Part, parse

MAX_RECIPIENTS = 1_000
_MAX_TEXT = 200_000
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d)\.(\d{1,3})(?![\d.])")
_SMTP_CODE = re.compile(r"(?:^|[\s#:;(\[\"'-])([45])\d\d(?=[\s\-#:,;)\].]|$)")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&*+/?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t]*(.*)")
_ID_LINE = re.compile(r"^[ \t>|]*message-id:\s*(<[^<>\s]{1,990}>)", re.IGNORECASE | re.MULTILINE)
_RETURNED = re.compile(
    r"^[ \t>]*(?:-{2,}.{0,60}(?:original|copy of|returned|header|message|mail).{0,60}|"
    r"(?:received|return-path|message-id|x-mailer):.{0,900}|"
    r".{0,80}(?:original (?:message|mail)|copy of (?:the|your) (?:message|mail)).{0,60}(?:follow|below|"
    r":).{0,40})$",
    re.IGNORECASE | re.MULTILINE,
)
_TRANSIENT = re.compile(
    r"delayed|will (?:be retried|retry|keep trying|continue)|still being retried|temporar|could not send|"
    r"not yet been|deferred|do not need to resend",
    re.IGNORECASE,
)
_PERMANENT = re.compile(
    r"permanent (?:error|fail)|permanently|fatal error|not going to try again", re.IGNORECASE
)
_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}


def read_bounce(root: Part) -> Bounce:
    """Read a report; one that says nothing readable has no recipients. A mere delay is not permanent."""
    recipients = _dedupe(_from_status_parts(root)) or _dedupe(_from_text(root))
    return Bounce(tuple(recipients), _original_id(root))


def _dedupe(found: Iterator[BouncedRecipient]) -> list[BouncedRecipient]:
    kept: dict[tuple[str, str], BouncedRecipient] = {}
    for recipient in found:
        kept.setdefault((recipient.address.casefold(), recipient.action), recipient)
        if len(kept) >= MAX_RECIPIENTS:
            break
    return list(kept.values())


def _from_status_parts(root: Part) -> Iterator[BouncedRecipient]:
    for part in root.walk():
        if part.content_type in _STATUS_TYPES:
            text = part.data()[0][: _MAX_TEXT * 5].decode("utf-8", "replace")
            yield from _status_groups(text)


def _status_groups(text: str) -> Iterator[BouncedRecipient]:
    """Read the per-recipient groups; a new Final-Recipient starts one even without an empty line."""
    group: dict[str, str] = {}
    last = ""
    for line in [*text.splitlines(), ""]:
        if line[:1] in {" ", "\t"} and last and line.strip():
            group[last] = f"{group[last]} {line.strip()}"[:2_000]
            continue
        match = _FIELD.match(line)
        name = match[1].lower() if match else ""
        if (not line.strip() and "final-recipient" in group) or (
            name == "final-recipient" and "final-recipient" in group
        ):
            yield _recipient(group)
            group, last = {}, ""
        if match:
            last = name
            group.setdefault(name, match[2].strip()[:2_000])
    if "final-recipient" in group or ("original-recipient" in group and "action" in group):
        yield _recipient(group)


def _typed(value: str) -> str:
    """Give the address of an `rfc822; address` value."""
    address = value.partition(";")[2] if ";" in value else value
    address = address.strip()[:1_000].partition(" (")[0].strip(" <>'\"")
    return with_a_labels(address.removeprefix("SMTP="))


def _recipient(group: dict[str, str]) -> BouncedRecipient:
    address = _typed(group.get("final-recipient", ""))
    original = _typed(group.get("original-recipient", ""))
    # The original address is the one that we sent to (RFC 3464 2.3.1); the final may be a name inside.
    if "@" in original and "." in original.rpartition("@")[2]:
        address = original
    action = group.get("action", "").partition("(")[0].partition(";")[0].strip().lower()
    diagnostic = group.get("diagnostic-code", "")
    declared = _STATUS.search(group.get("status", ""))
    status = declared[0] if declared else ""
    better = _STATUS.search(diagnostic)
    if better and (not status or status.endswith(".0.0")):
        status = better[0]
    return BouncedRecipient(address, action, status, diagnostic, _permanent(action, status, diagnostic))


def _permanent(action: str, status: str, diagnostic: str) -> bool:
    """Judge permanence: RFC 3463 class of the status, else the SMTP code, else that it failed at all."""
    if action in {"delayed", "delivered", "deliverable", "relayed", "expanded"}:
        return False
    if status:
        return status.startswith("5")
    code = _SMTP_CODE.search(diagnostic)
    if code:
        return code[1] == "5"
    return action.startswith("fail") or (not action and not _TRANSIENT.search(diagnostic))


def _texts(root: Part) -> Iterator[str]:
    """Give the readable texts of a report, not of the mail that it returns."""
    for part in root.walk():
        if part.children or part.content_type not in {"text/plain", "text/html"}:
            continue
        data = part.data()[0][:_MAX_TEXT].decode("utf-8", "replace").replace("\r\n", "\n")
        yield html_to_text(data) if part.content_type == "text/html" else data


def _from_text(root: Part) -> Iterator[BouncedRecipient]:
    """Read a report without a status part: failed addresses and the codes beside them."""
    told = [address for value in root.values("x-failed-recipients") for address in _ADDRESS.findall(value)]
    text = ""
    for piece in _texts(root):
        cut = _RETURNED.search(piece)
        text += (piece[: cut.start()] if cut and cut.start() > 80 else piece) + "\n"
        if len(text) > 40:
            break
    own = {address.lower() for name in ("from", "to", "cc") for address in _ADDRESS.findall(root.value(name))}
    named = told or [address for address in _failing_addresses(text) if address.lower() not in own]
    status = next((found for found in _STATUS.finditer(text) if found[1] != "2"), None)
    code = _SMTP_CODE.search(text)
    subject = root.text("subject")
    if _PERMANENT.search(text):
        permanent = True
    elif status:
        permanent = status[1] == "5"
    elif code:
        permanent = code[1] == "5"
    else:
        permanent = not _TRANSIENT.search(f"{subject}\n{text}")
    action = "failed" if permanent else "delayed" if _TRANSIENT.search(f"{subject}\n{text}") else "failed"
    diagnostic = " ".join(text.split())[:500]
    for address in named or [""]:
        yield BouncedRecipient(
            with_a_labels(address), action, status[0] if status else "", diagnostic, permanent
        )


def _failing_addresses(text: str) -> list[str]:
    """Prefer an address on a line of its own or before a colon, as qmail, exim and their kin write it."""
    lines = text.splitlines()[:2_000]
    alone = [
        match[0] for line in lines if (match := _ADDRESS.search(line[:1_000])) and _alone(line[:1_000], match)
    ]
    return alone or _ADDRESS.findall(text[:20_000])


def _alone(line: str, match: re.Match[str]) -> bool:
    before, after = line[: match.start()].strip(" \t<*-\"'"), line[match.end() :].strip(" \t>\"'")
    return not before and (not after or after[0] in ":(;.,")


def _original_id(root: Part) -> str:
    """Find the Message-ID of the mail that the report is about, from the returned part or the thread."""
    for part in root.walk():
        if part.content_type in {
            "message/rfc822",
            "message/global",
            "text/rfc822-headers",
            "message/global-headers",
        }:
            match = re.search(r"<[^<>\s]+>", parse(part.data()[0], []).value("message-id"))
            if match:
                return match[0]
    for part in root.walk():
        if not part.children and (
            part.content_type.startswith("text/") or part.content_type == "message/partial"
        ):
            match = _ID_LINE.search(part.data()[0][-5_000_000:].decode("utf-8", "replace"))
            if match:
                return match[1]
    for name in ("in-reply-to", "references"):
        ids = re.findall(r"<[^<>\s]+>", root.value(name))
        if ids:
            return str(ids[-1])
    return ""
