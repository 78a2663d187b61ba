"""A mail as a person changed it: what is read otherwise than it came, and what that takes from its sender."""

from dataclasses import dataclass, replace

from mailcall.message import Mail, with_a_labels
from mailcall.message.evidence import Evidence
from mailcall.message.mail import Mailbox
from mailcall.message.records import Record

MOST = 150  # characters, so that a timeline's proof has room for it


@dataclass(frozen=True, slots=True)
class Edit(Record):
    """What people changed, the last word on each; None is as it came. `by` names who did."""

    by: str
    subject: str | None = None
    sender: str | None = None
    no_spam: bool = False


def with_edit(mail: Mail, evidence: Evidence, edit: Edit) -> tuple[Mail, Evidence]:
    """The mail and its evidence as they are edited.

    With another subject or sender it is no longer what its sender wrote, so nothing of it proves them any
    more: neither a signature, nor our own id in it, nor a token. Doing it again changes nothing.
    """
    if edit.no_spam and evidence.spam:
        note = f"{edit.by} says that it is no spam, though the gateway marked it ({evidence.spam})."
        evidence = replace(evidence, spam="", notes=(*evidence.notes, note))
    changed = [
        name for name, value in (("subject", edit.subject), ("sender", edit.sender)) if value is not None
    ]
    if not changed:
        return mail, evidence
    notes = [*evidence.notes, f"{edit.by} edited its {' and its '.join(changed)}: its sender is not proved."]
    if evidence.authenticated:
        notes.append(f"Before that its sender {evidence.from_address} was proved by {evidence.method}.")
    if edit.subject is not None:
        mail = replace(mail, subject=edit.subject)
    address = evidence.from_address
    if edit.sender is not None:
        address = with_a_labels(edit.sender)
        mail = replace(mail, from_=(Mailbox("", address),), from_header_count=1)
    evidence = replace(
        evidence,
        from_address=address,
        problem="" if edit.sender is not None else evidence.problem,
        authenticated=False,
        method="",
        notes=tuple(dict.fromkeys(notes)),
        edited=f"{' and '.join(changed)} edited by {edit.by}"[:MOST],
    )
    return mail, evidence
