"""What a gateway wrote into a mail: its own header fields count, not those that came in with the mail."""

from collections.abc import Collection, Iterable, Iterator

from .authentication_results import is_trusted_hop, received_by
from .signed_headers import Field


def gateway_fields(fields: Iterable[Field], hosts: Collection[str]) -> Iterator[tuple[Field, bool]]:
    """Each field of a header, from the top, and whether it came in with the mail.

    That is so for all that stands below a Received of a host that is not one of these.
    """
    came_in = False
    for field in fields:
        if field.name == "received" and not is_trusted_hop(received_by(field.text), hosts):
            came_in = True
        yield field, came_in


def spam_mark(
    fields: Iterable[Field], hosts: Collection[str], marks: Collection[tuple[str, str]], notes: list[str]
) -> str:
    """Find the first of these header fields (name, value; '': any) that the gateway set; '' for none.

    The value must be the beginning of what the field says, up to a sign that is no letter or digit: `Yes`
    is in `Yes, score=7.1`, and `*****` in seven stars. What came in with the mail only leaves a note:
    another gateway's opinion, or the sender's own.
    """
    if not marks:
        return ""
    found = ""
    for field, came_in in gateway_fields(fields, hosts):
        for name, wanted in marks:
            if field.name != name.lower() or not _begins(field.text, wanted):
                continue
            if came_in:
                notes.append(f"{name} ignored: it stands below a Received of a host that is not trusted.")
            else:
                found = found or f"{name}: {field.text[:100]}"
    return found


def _begins(text: str, wanted: str) -> bool:
    text, wanted = text.strip().casefold(), wanted.strip().casefold()
    return text.startswith(wanted) and not (wanted and text[len(wanted) : len(wanted) + 1].isalnum())
