"""Which mails of a chunk may be decided together, since none changes what another is decided by."""

from collections.abc import Sequence, Set

from mailcall.inbound.decision import Facts
from mailcall.inbound.facts import calls_of, references_of
from mailcall.inbound.reading import Reading


def independent(readings: Sequence[Reading]) -> int:
    """How many of these, from the first, do not depend on an earlier one among them, as far as they say.

    A mail depends on one before it with the same sender (or, like it, none), the same Message-ID or
    content, a Message-ID that it refers to, or a report that the sender's address bounced. What only the
    desk can tell, `together` looks at.
    """
    return _apart([_depends_on(reading) for reading in readings])


def together(readings: Sequence[Reading], facts: Sequence[Facts]) -> int:
    """How many of these, from the first, touch no call that one before them touches, or may be logging."""
    calls = [calls_of(reading, fact) for reading, fact in zip(readings, facts, strict=True)]
    unknown = (n for n, (call, fact) in enumerate(zip(calls, facts, strict=True)) if call - fact.calls.keys())
    return min(_apart(calls), next((n for n in unknown if n), len(readings)))


def _apart(things: Sequence[Set[object]]) -> int:
    """How many of these sets, from the first, have nothing in common with an earlier one among them."""
    seen: set[object] = set()
    for count, own in enumerate(things):
        if seen & own:
            return count
        seen |= own
    return len(things)


def _depends_on(reading: Reading) -> set[object]:
    own: set[object] = {
        f"from {reading.sender}",
        f"id {reading.mail.message_id}",
        f"key {reading.duplicate_key}",
    }
    own |= {f"id {reference}" for reference in references_of(reading)}
    if reading.mail.bounce:
        own |= {f"from {recipient.address.casefold()}" for recipient in reading.mail.bounce.recipients}
    return own - {"id ", "key "}
