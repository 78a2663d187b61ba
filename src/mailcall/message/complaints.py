"""What a feedback report says: of which mail somebody complained, and who (RFC 5965)."""

from collections.abc import Iterator

from .bounces import original_id, start_of
from .domains import with_a_labels
from .mail import Bounce, BouncedRecipient
from .mime import Part

COMPLAINED = "complained"  # the action of who did
_TYPE = "message/feedback-report"
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list"})
_MAX_REPORT = 65_536
_MAX_RECIPIENTS = 20


def read_complaint(root: Part) -> Bounce | None:
    """Who complained of which mail; None for what is no complaint, such as an authentication report.

    A report that was made anonymous names nobody, and still says of which mail it is.
    """
    for part in root.walk():
        if part.content_type == _TYPE:
            fields = list(_fields(start_of(part, _MAX_REPORT)))
            kind = next((value.lower() for name, value in fields if name == "feedback-type"), "")
            if kind not in _COMPLAINTS:
                return None
            who = [_address(value) for name, value in fields if name == "original-rcpt-to"]
            recipients = tuple(
                BouncedRecipient(address, COMPLAINED, "", f"Reported as {kind}", permanent=False)
                for address in dict.fromkeys(who[:_MAX_RECIPIENTS])
                if "@" in address
            )
            sender = next((_address(value) for name, value in fields if name == "original-mail-from"), "")
            return Bounce(recipients, original_id(root), sender)
    return None


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            yield name.strip().lower(), value.strip()[:1_000]


def _address(value: str) -> str:
    return with_a_labels(value.rpartition(";")[2].strip(" <>"))
