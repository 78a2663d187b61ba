"""Calls that belong together: linked, merged into one, split into two."""

import pytest

from desk.offices import Office
from mailcall.desk import calls, closing, locks
from mailcall.desk.call_relations import link, merge, split, survivor_of, unlink
from mailcall.desk.changes import add_files, new_file
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, CallLink, Channel, EntryKind, LinkState, Partition, State
from mailcall.desk.tasks import cancel_task, log_task
from mailcall.desk.workflows import Step


def new_call(office: Office, subject: str = "No light", **more: object) -> Call:
    return Call.objects.create(
        **{"partition": office.partition, "subject": subject, "user": office.uma, **more}
    )


def said(call: Call) -> list[str]:
    return list(call.timeline.order_by("pk").values_list("text", flat=True))


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def test_calls_are_linked_and_no_longer(office: Office) -> None:
    one, other = new_call(office), new_call(office)
    link(one, other, office.deed(office.bob))
    assert CallLink.objects.get().state == LinkState.ACCEPTED
    for pair in ((one, other), (other, one)):
        with pytest.raises(Refused, match="are linked already"):
            link(*pair, office.deed(office.bob))
    unlink(other, one, office.deed(office.bob))
    with pytest.raises(Refused, match="are not linked"):
        unlink(one, other, office.deed(office.bob))
    link(other, one, office.deed(office.bob))
    assert CallLink.objects.get().state == LinkState.ACCEPTED
    assert said(one) == [f"Linked to {other}.", f"No longer linked to {other}.", f"Linked to {other}."]
    assert len(said(other)) == 3


def test_a_call_is_not_linked_to_itself_nor_to_what_is_gone(office: Office) -> None:
    call, gone = new_call(office), new_call(office)
    Call.objects.filter(pk=gone.pk).delete()
    with pytest.raises(Refused, match="are the same"):
        link(call, call, office.deed(office.bob))
    with pytest.raises(Refused, match="does not exist"):
        link(call, gone, office.deed(office.bob))
    assert said(call) == []


def test_a_merged_call_closes_and_goes_on_in_the_other(office: Office) -> None:
    merged, survivor = new_call(office, user=office.ulf), new_call(office)
    calls.add_participant(merged, address="dan@customer.example", name="Dan", actor=office.bob)
    merge(merged, survivor, office.deed(office.bob, "The same lamp."))
    assert fresh(merged).state == State.CLOSED
    assert survivor_of(fresh(merged)) == survivor_of(survivor) == survivor
    addresses = set(survivor.participants.values_list("address", flat=True))
    assert addresses == {"dan@customer.example", "ulf@customer.example"}
    assert said(merged)[-1] == f"Merged into {survivor}: The same lamp."
    assert said(survivor) == [f"{merged} was merged into this call."]
    entry = survivor.timeline.get()
    assert (entry.actor, entry.channel, entry.proof) == (office.bob, "page", "signed in")
    assert CallLink.objects.get().state == LinkState.ACCEPTED


def test_what_was_merged_before_goes_on_with_it(office: Office) -> None:
    first, second, third = (new_call(office) for _ in range(3))
    merge(first, second, office.deed(office.bob))
    merge(second, third, office.deed(office.bob))
    assert survivor_of(fresh(first)) == survivor_of(fresh(second)) == third


def test_a_merged_call_is_changed_no_more(office: Office) -> None:
    merged, survivor = new_call(office), new_call(office)
    merge(merged, survivor, office.deed(office.bob))
    deed = office.deed(office.bob)
    for change in (
        lambda: closing.reopen(merged, deed),
        lambda: merge(merged, survivor, deed),
        lambda: merge(survivor, merged, deed),
        lambda: link(survivor, merged, deed),
    ):
        with pytest.raises(Refused, match=f"{merged} was merged into {survivor}, where it goes on"):
            change()


def test_calls_that_do_not_fit_are_not_merged(office: Office) -> None:
    call, closed = new_call(office), new_call(office)
    elsewhere = new_call(office, partition=Partition.objects.create(name="HR", address="hr@desk.example"))
    deed = office.deed(office.bob)
    closing.close(closed, deed)
    with pytest.raises(Refused, match="is closed, so nothing can go on there"):
        merge(call, closed, deed)
    with pytest.raises(Refused, match="of different partitions, so they can only be linked"):
        merge(call, elsewhere, deed)
    task = log_task(call, Step("Buy a bulb"), deed)
    with pytest.raises(Refused, match=rf"{task} of {call} is not done yet"):
        merge(call, new_call(office), deed)
    cancel_task(task, deed)
    merge(call, new_call(office), deed)


def test_a_call_that_another_works_on_is_not_merged(office: Office) -> None:
    merged, survivor = new_call(office), new_call(office)
    locks.lock(survivor, office.deed(office.ann))
    with pytest.raises(Refused, match="Ann works on"):
        merge(merged, survivor, office.deed(office.bob))
    assert fresh(merged).state == State.OPEN


def test_an_entry_is_split_into_a_call_of_its_own(office: Office) -> None:
    call = new_call(office, group=office.group, priority=2)
    entry = calls.add_note(call, actor=office.ulf, text="And the door.", channel=Channel.PAGE)
    add_files([(entry, [new_file("door.txt", "text/plain", b"squeaks")])])
    new = split(call, entry, office.deed(office.bob), subject="  The  door ")
    assert (new.subject, new.user, new.group, new.priority) == ("The door", office.ulf, office.group, 2)
    assert said(new) == ["And the door.", f"Split from {call}."]
    assert said(call)[1:] == [f"Split: what was said on {entry.at:%Y-%m-%d at %H:%M} UTC goes on in {new}."]
    assert new.timeline.first().attachments.get().content.read() == b"squeaks"
    assert CallLink.objects.get().earlier == call


def test_only_words_are_split(office: Office) -> None:
    call, other = new_call(office), new_call(office)
    note = calls.add_note(call, actor=office.bob, text="Well.", channel=Channel.PAGE)
    closed = closing.close(call, office.deed(office.bob))
    assert closed.kind == EntryKind.STATE
    for of, entry in ((call, closed), (other, note)):
        with pytest.raises(Refused, match="Only a mail that was received, or a note"):
            split(of, entry, office.deed(office.bob), subject="x")
    with pytest.raises(Refused, match="needs a subject"):
        split(call, note, office.deed(office.bob), subject=" ")
    assert Call.objects.count() == 2
