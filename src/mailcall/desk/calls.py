"""What people do to one call: note, reply, close, reopen, participants, links."""

from django.db import transaction
from django.utils import timezone

from mailcall.desk import closing, events
from mailcall.desk.changes import NewFile
from mailcall.desk.errors import Refused
from mailcall.desk.letters import enter_letter, letter
from mailcall.desk.models import (
    Call,
    CallLink,
    Channel,
    EntryKind,
    LinkState,
    Participant,
    Person,
    RemovedCall,
    TimelineEntry,
)
from mailcall.desk.work import by


def add_note(call: Call, *, actor: Person | None, text: str, channel: Channel) -> TimelineEntry:
    """Add an internal note. Raises Refused when it is empty."""
    if not text.strip():
        raise Refused("A note needs some text.")
    with transaction.atomic():
        call = _locked(call)
        entry = _entry(call, EntryKind.NOTE, actor, channel, text=text)
        events.publish([events.CallUpdated(call, entry, events.new_origin())])
    return entry


def write_reply(
    call: Call,
    *,
    author: Person,
    text: str,
    to: list[tuple[str, str]],
    cc: list[tuple[str, str]],
    channel: Channel,
    files: tuple[NewFile, ...] = (),
) -> TimelineEntry:
    """Write to people about a call; `to` and `cc` are (name, address). Raises Refused.

    Whoever is written to takes part from now on, since an analyst chose them.
    """
    if not text.strip():
        raise Refused("A reply needs some text.")
    if not to:
        raise Refused("A reply needs at least one recipient.")
    with transaction.atomic():
        deed = letter(by(author, channel, text), files=files)
        entry, _ = enter_letter(call, deed, (*to, *cc))
        events.publish(
            [events.ReplyWritten(call, entry, deed.origin, author=author, to=tuple(to), cc=tuple(cc))]
        )
    return entry


def close(
    call: Call, *, actor: Person | None, channel: Channel, comment: str = "", version: int | None = None
) -> TimelineEntry:
    """Close a call at once. Raises Refused when it is closed, or moved since `version` was read."""
    return closing.close(call, by(actor, channel, comment), version=version)


def reopen(
    call: Call, *, actor: Person | None, channel: Channel, comment: str = "", version: int | None = None
) -> TimelineEntry:
    """Open a closed call again. Raises Refused when it is open, or moved since `version` was read."""
    return closing.reopen(call, by(actor, channel, comment), version=version)


def add_participant(call: Call, *, address: str, name: str, actor: Person | None) -> Participant:
    """Have an address take part. Raises Refused when it does already, or is no address."""
    if "@" not in address.strip().strip("@"):
        raise Refused(f"“{address.strip()}” is no address.")
    with transaction.atomic():
        call = _locked(call)
        if address.strip().casefold() == call.user.email:
            raise Refused(f"{call.user.email} is the User of call {call.number} and takes part always.")
        participant, made = Participant.objects.get_or_create(
            call=call,
            address=address.strip().casefold(),
            defaults={"name": name[:200], "reason": f"added by {actor or 'the system'}"},
        )
        if not made:
            raise Refused(f"{participant.address} takes part already.")
        _entry(call, EntryKind.STATE, actor, Channel.PAGE, text=f"{participant.address} takes part now.")
    return participant


def remove_participant(participant: Participant, *, actor: Person | None) -> None:
    """Have an address no longer take part. Raises Refused for the call's own User."""
    with transaction.atomic():
        call = _locked(participant.call)
        if participant.address == call.user.email:
            raise Refused(f"{participant.address} is the User of call {call.number} and takes part always.")
        _entry(call, EntryKind.STATE, actor, Channel.PAGE, text=f"{participant.address} takes part no more.")
        participant.delete()


def accept_link(link: CallLink, *, actor: Person | None) -> None:
    """Make a proposed link certain. Raises Refused when it was decided already."""
    _decide_link(link, actor, LinkState.ACCEPTED, "Linked to call {}.")


def dismiss_link(link: CallLink, *, actor: Person | None) -> None:
    """Say that a proposed link is wrong. Raises Refused when it was decided already."""
    _decide_link(link, actor, LinkState.DISMISSED, "Not linked to call {}.")


def _decide_link(link: CallLink, actor: Person | None, state: LinkState, sentence: str) -> None:
    with transaction.atomic():
        call = _locked(link.call)
        if not CallLink.objects.filter(pk=link.pk, state=LinkState.PROPOSED).update(state=state):
            raise Refused("That link was decided already.")
        _entry(call, EntryKind.STATE, actor, Channel.PAGE, text=sentence.format(link.earlier_id))


def _locked(call: Call) -> Call:
    current = Call.objects.select_for_update().filter(pk=call.pk).first()
    if current is None or current.anonymized_at:
        how = RemovedCall.objects.filter(pk=call.pk).first()
        raise Refused(f"{how or f'Call {call.pk} does not exist.'} Nothing can be added to it.")
    return current


def _entry(
    call: Call,
    kind: EntryKind,
    actor: Person | None,
    channel: Channel,
    *,
    text: str,
    internal: bool = True,
) -> TimelineEntry:
    now = timezone.now()
    call.version += 1
    call.updated_at = now
    call.save(update_fields=["version", "updated_at"])
    return TimelineEntry.objects.create(
        call=call,
        kind=kind,
        at=now,
        actor=actor,
        actor_name=str(actor) if actor else "Mailcall",
        channel=channel,
        proof="signed in" if channel == Channel.PAGE and actor else "",
        internal=internal,
        text=text.strip(),
    )
