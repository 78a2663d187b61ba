"""What a template is filled with: how things stand when a mail is put into the table."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from mailcall.config import config
from mailcall.desk.models import Call, EntryKind, Person, Request, Task, TimelineEntry
from mailcall.message.subjects import strip_prefixes
from mailcall.message.thread_ids import without_tags
from mailcall.outbound.recipients import Work, kind_of, parent_of

MOST_TEXT = 100_000


def snapshot(work: Work, state_names: Mapping[str, str]) -> dict[str, Any]:
    """What every mail about a call, request or task may tell of it."""
    if isinstance(work, Call):
        state = state_names.get(work.state) or work.get_state_display()
        return {"call": work.pk, **_common(work, work, state)}
    if isinstance(work, Request):
        kind = {"type": work.type.name}
        return {"request": work.pk, **_common(work, work, work.get_state_display()), **kind}
    parent = parent_of(work)
    return {
        "task": work.pk,
        **_common(work, parent, work.get_state_display()),
        "subject": _line(work.title),
        "parent": name_of(parent),
        "parent_subject": _line(parent.subject),
        "parent_url": url_of(parent),
        "due": moment(work.due_at) if work.due_at else "",
    }


def _common(work: Work, parent: Call | Request, state: str) -> dict[str, Any]:
    return {
        "kind": kind_of(work),
        "thing": name_of(work),
        "subject": _line(parent.subject),
        "state": state,
        "partition": parent.partition.name,
        "user": parent.user.name or parent.user.email,
        "url": url_of(work),
    }


def _line(text: str) -> str:
    """One line, which can't look as if the mail went on."""
    return " ".join(text.split())


def words(entry: TimelineEntry) -> dict[str, Any]:
    """Who said what; with it go the names of the files.

    An entry that tells what was done has a comment only after a colon.
    """
    text = entry.text.partition(": ")[2] if entry.kind == EntryKind.STATE else entry.text
    return {"writer": entry.actor_name, "text": text[:MOST_TEXT]}


def name_of(work: Work) -> str:
    """What a sentence calls it: `call 12`, `request 77`, `task 9`."""
    return f"{kind_of(work)} {work.pk}"


def url_of(work: Work) -> str:
    """The address of its page."""
    return page_of(kind_of(work), work.pk)


def page_of(kind: str, number: int) -> str:
    """The address of the page of a call, request or task."""
    return f"{config().base_url}/{kind}s/{number}/"


def subject_about(work: Work, opening: str = "") -> str:
    """The subject of a mail about a call, request or task: its tag, once, and what it is about."""
    own = work.title if isinstance(work, Task) else work.subject
    text = without_tags(strip_prefixes(own).text)
    if isinstance(work, Task):
        text = f"{text} ({without_tags(strip_prefixes(parent_of(work).subject).text)})"
    about = f"{opening}: {text}" if opening else text
    return f"[{work}] {about}"[:500].strip()


def moment(at: dt.datetime, person: Person | None = None) -> str:
    """A moment as its reader's clock shows it, else as the desk's does."""
    zone = ZoneInfo(person.time_zone) if person and person.time_zone else None
    return f"{timezone.localtime(at, zone):%A, %-d %B %Y at %H:%M %Z}"
