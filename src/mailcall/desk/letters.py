"""What an analyst writes to people about a call, a request or a task: its entry in the timeline."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from mailcall.desk.changes import NewFile
from mailcall.desk.clocks import note_answer, take_answer_back
from mailcall.desk.errors import Refused
from mailcall.desk.locks import refuse_if_held
from mailcall.desk.models import Call, EntryKind, Participant, Person, Request, Task, TimelineEntry
from mailcall.desk.work import Deed, work_on


def letter(deed: Deed, *, subject: str = "", quoted_text: str = "", files: tuple[NewFile, ...] = ()) -> Deed:
    """The deed of writing to people outside, with what is quoted below its words, and files."""
    words = replace(
        deed.words,
        kind=EntryKind.MAIL_OUT,
        internal=False,
        subject=subject,
        quoted_text=quoted_text,
        files=files,
    )
    return replace(deed, words=words)


def enter_letter(
    on: Call | Request | Task, deed: Deed, people: Collection[tuple[str, str]]
) -> tuple[TimelineEntry, list[str]]:
    """Write into the timeline that the actor wrote to `people`, (name, address); the entry, and who joined.

    On a call, whoever is written to takes part from now on, since an analyst chose them. Raises Refused.
    """
    with work_on(on, deed) as work:
        target = work.task(on.pk) if isinstance(on, Task) else work.request or work.the_call
        joined: list[str] = []
        if isinstance(target, Call):
            refuse_if_held(target, deed)
            if target.merged_into_id:
                raise Refused(f"{target} was merged into call {target.merged_into_id}, where it goes on.")
            joined = _join(target, deed.words.actor, people)
        entry = work.tell(target, "")
        note_answer(target, (address for _, address in people), deed.now)
        entry.subject, entry.quoted_text = deed.words.subject[:500], deed.words.quoted_text
    return entry, joined


def take_back(entry: TimelineEntry, deed: Deed, sentence: str, joined: Iterable[str]) -> None:
    """Have an entry of a letter that never left say so instead, and who joined by it take part no more."""
    on = entry.call or entry.request or entry.task
    assert on is not None  # a constraint of the table
    with work_on(on, deed) as work:
        target = work.task(on.pk) if isinstance(on, Task) else work.request or work.the_call
        work.touch(target)
        take_answer_back(target, entry.at, deed.now)
        entry.attachments.all().delete()
        TimelineEntry.objects.filter(pk=entry.pk).update(
            kind=EntryKind.STATE, internal=True, subject="", text=sentence, quoted_text="", html=""
        )
        if work.call and entry.call_id:
            Participant.objects.filter(call=work.call, address__in=list(joined)).delete()


def _join(call: Call, actor: Person | None, people: Iterable[tuple[str, str]]) -> list[str]:
    """Have these take part who do not yet; their addresses. The User takes part always."""
    wanted = {address.casefold(): name for name, address in people}
    wanted.pop(call.user.email, None)
    known = call.participants.filter(address__in=wanted).values_list("address", flat=True)
    joined = [address for address in wanted if address not in set(known)]
    reason = f"{actor} wrote to them"[:200]
    Participant.objects.bulk_create(
        (Participant(call=call, address=a, name=wanted[a][:200], reason=reason) for a in joined),
        ignore_conflicts=True,
    )
    return joined
