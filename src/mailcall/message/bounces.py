"""What a delivery report says: which recipients failed, why, for good or not, of which mail (RFC 3464)."""

import re
from collections.abc import Iterator

from .bounce_forms import TEMPORARY
from .bounce_texts import MAX_RECIPIENTS, read_texts, reply_class, status_of
from .decoding import decode_transfer
from .domains import with_a_labels
from .mail import Bounce, BouncedRecipient
from .mime import Part, parse

_MAX_BYTES = 1_000_000  # of the parts that are read
_MAX_HEADER = 200_000
_MAX_VALUE = 2_000
_MAX_GROUPS = 5_000

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t]*(.*)")
_GROUPS_IN_TEXT = re.compile(r"^final-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_ID_FIELD = re.compile(
    r"^[ \t>|]{0,8}(?:x-)?(?:original-)?message-id[ \t]{0,4}:\s{0,4}(<[^<>\s]{1,990}>)",
    re.IGNORECASE | re.MULTILINE,
)
_ID = re.compile(r"<[^<>\s]{1,990}>")
_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_NOTIFICATION_TYPES = frozenset(
    {"message/disposition-notification", "message/global-disposition-notification"}
)
_RETURNED_TYPES = frozenset(
    {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"}
)
_REACHED = frozenset({"delivered", "deliverable", "relayed", "expanded"})


def read_bounce(root: Part) -> Bounce:
    """Read a report; one that says nothing readable has no recipients. A mere delay is not permanent.

    The fields of RFC 3464 come first, wherever they are; words are read only where there are none.
    """
    recipients = _distinct(_from_fields(root))
    if not any("@" in recipient.address for recipient in recipients):  # or a pipe, a file, a name inside
        told = read_texts(root)
        recipients = recipients if recipients and not told[0].address else told
    return Bounce(tuple(recipients), original_id(root))


def _distinct(found: Iterator[BouncedRecipient]) -> list[BouncedRecipient]:
    kept: dict[tuple[str, str], BouncedRecipient] = {}
    for _, recipient in zip(range(_MAX_GROUPS), found, strict=False):
        kept.setdefault((recipient.address.casefold(), recipient.action), recipient)
        if len(kept) >= MAX_RECIPIENTS:
            break
    return list(kept.values())


def start_of(part: Part, limit: int = _MAX_BYTES) -> str:
    """Decode the beginning of a part."""
    data = decode_transfer(part.body[:limit], part.value("content-transfer-encoding"))[0]
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def _from_fields(root: Part) -> Iterator[BouncedRecipient]:
    """Read the status parts, else those of a report inside, else fields in a broken mail's text."""
    status = [part for part in root.walk() if part.content_type in _STATUS_TYPES]
    if not status:
        status = list(_inner_status(root))
    for part in status or _parts_with_fields(root):
        yield from _groups(start_of(part))


def _inner_status(root: Part) -> Iterator[Part]:
    """Give the status parts of a report that a gateway put into a further mail (or into an MDN, RFC 5429)."""
    for part in root.walk():
        if part.content_type in _NOTIFICATION_TYPES:
            yield part
        elif part.content_type == "message/rfc822" and b"/delivery-status" in part.body[:_MAX_HEADER]:
            inner = parse(start_of(part).encode(), [])
            yield from (piece for piece in inner.walk() if piece.content_type in _STATUS_TYPES)


def _parts_with_fields(root: Part) -> Iterator[Part]:
    for part in root.walk():
        if part.children or part.content_type != "text/plain":
            continue
        text = start_of(part, _MAX_HEADER)
        if "final-recipient" in text.lower() and _GROUPS_IN_TEXT.search(text):
            yield part


def _groups(text: str) -> Iterator[BouncedRecipient]:
    """Read the per-recipient groups; a new Final-Recipient starts one even without an empty line."""
    group: dict[str, str] = {}
    last = ""
    for line in [*text.split("\n"), ""]:
        blank = not line.strip()
        if line[:1] in {" ", "\t"} and last and not blank:
            if len(group[last]) < _MAX_VALUE:
                group[last] = f"{group[last]} {line.strip()}"[:_MAX_VALUE]
            continue
        match = _FIELD.match(line[:_MAX_VALUE])
        name = match[1].lower() if match else ""
        if (blank and _names_somebody(group)) or (name == "final-recipient" and name in group):
            yield _recipient(group)
            group, last = {}, ""
        if match:
            last = name
            group.setdefault(name, match[2].strip())
    if _names_somebody(group):
        yield _recipient(group)


def _names_somebody(group: dict[str, str]) -> bool:
    return "final-recipient" in group or ("original-recipient" in group and "action" in group)


def _typed(value: str) -> str:
    """Give the address of an `rfc822; address` value (RFC 3464 2.1.2)."""
    address = value.partition(";")[2] if ";" in value else value
    address = address.strip()[:1_000].partition(" (")[0].strip(" <>'\"")
    obscured = address.partition("@")[0].endswith("...")  # by a list's archive, for instance
    return "" if obscured else with_a_labels(address.removeprefix("SMTP="))


def _recipient(group: dict[str, str]) -> BouncedRecipient:
    address = _typed(group.get("final-recipient", ""))
    original = _typed(group.get("original-recipient", ""))
    # The original address is the one that we sent to (RFC 3464 2.3.1); the final may be a name inside.
    if "@" in original and "." in original.rpartition("@")[2]:
        address = original
    diagnostic = group.get("diagnostic-code", "")
    status = status_of(group.get("status", "")[:100]) or _success(group.get("status", ""))
    if not status or status.endswith(".0.0"):  # an unspecific status; the remote server said more
        status = status_of(diagnostic) or status
    action = group.get("action", "").partition("(")[0].partition(";")[0].strip().lower()
    if not action:  # nor has a refusal by a filter any (RFC 5429 2.1.2)
        action = "delayed" if "will-retry-until" in group else "failed" if "disposition" in group else ""
    return BouncedRecipient(address, action, status, diagnostic, _permanent(action, status, diagnostic))


def _success(status: str) -> str:
    match = re.match(r"\s*(2\.\d\.\d{1,3})", status)
    return match[1] if match else ""


def _permanent(action: str, status: str, diagnostic: str) -> bool:
    """Judge permanence: RFC 3463 class of the status, else that of the reply, else that it failed at all."""
    if action == "delayed" or action in _REACHED:
        return False
    known = status[:1] if status and status[0] != "2" else reply_class(diagnostic)
    return (
        known == "5" if known else action.startswith("fail") or not (action or TEMPORARY.search(diagnostic))
    )


def original_id(root: Part) -> str:
    """Find the Message-ID of the mail that the report is about: as returned, as told, or from the thread."""
    for types in (_RETURNED_TYPES, _STATUS_TYPES | _NOTIFICATION_TYPES):
        for part in root.walk():
            if part.content_type in types:
                text = start_of(part, _MAX_HEADER)
                match = _ID_FIELD.search(text.partition("\n\n")[0] if types is _RETURNED_TYPES else text)
                if match:
                    return match[1]
    for part in root.walk():
        if not part.children and part.content_type.startswith(("text/", "message/partial")):
            text = start_of(part)
            match = _ID_FIELD.search(text) if "message-id" in text.lower() else None
            if match:
                return match[1]
    for name in ("in-reply-to", "references"):
        ids = _ID.findall(root.value(name))
        if ids:
            return str(ids[-1])
    return ""
