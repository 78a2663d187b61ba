"""Mails that analysts write about calls, requests and tasks: checked, entered, and put into the table."""

import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from mailcall.desk.changes import NewFile
from mailcall.desk.errors import Refused
from mailcall.desk.letters import enter_letter, letter
from mailcall.desk.models import Call, EntryKind, Membership, Partition, Person, TimelineEntry
from mailcall.desk.work import Deed
from mailcall.message import reply_address
from mailcall.message.header_writing import clean_line
from mailcall.message.subjects import strip_prefixes
from mailcall.message.thread_ids import without_tags
from mailcall.outbound.choosing import servers_for
from mailcall.outbound.instructions import Instruction, put, sender_of
from mailcall.outbound.message_types import WRITTEN_BY_HAND
from mailcall.outbound.models import Message, OutgoingServer, SenderKind
from mailcall.outbound.quoting import split_quote
from mailcall.outbound.recipients import Recipient, Work, kind_of, partition_of
from mailcall.outbound.render import REPLY_TO
from mailcall.outbound.snapshots import words
from mailcall.outbound.threads import token_of
from mailcall.outbound.typed_addresses import Mailbox

MOST_RECIPIENTS = 500
MOST_FILES = 20
MOST_BYTES = 15 * 1024 * 1024  # of files; encoded for mail they are a third more


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as its author wants it. It replies to the mail `answers`; nothing leaves before `due_at`."""

    sender: SenderKind
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox]
    bcc: Sequence[Mailbox]
    subject: str
    text: str
    files: tuple[NewFile, ...] = ()
    answers: TimelineEntry | None = None
    due_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in the timeline and in the message table; `joined` take part in the call since then."""

    entry: TimelineEntry
    message: Message
    joined: list[str]


def write(about: Work, wanted: Letter, deed: Deed) -> Written:
    """Put a letter into the timeline and the message table. Raises Refused, and then nothing is done.

    Bcc recipients are named in no header, and don't take part in a call: nobody but analysts learns of them.
    """
    author = deed.words.actor
    assert author is not None  # somebody writes it
    partition = partition_of(about)
    subject, sender = check(about, wanted, author)
    text, quote = split_quote(wanted.text)
    deed = replace(deed, words=replace(deed.words, text=text))
    deed = letter(deed, subject=subject, quoted_text=quote, files=wanted.files)
    with transaction.atomic():
        if not isinstance(about, Call):
            _put_on_record((*wanted.to, *wanted.cc))
        entry, joined = enter_letter(about, deed, (*wanted.to, *wanted.cc))
        put(
            [
                Instruction(
                    WRITTEN_BY_HAND[kind_of(about)],
                    about,
                    entry,
                    deed.origin,
                    to=_recipients(wanted.to),
                    cc=_recipients(wanted.cc),
                    bcc=_recipients(wanted.bcc),
                    author=author,
                    subject=subject,
                    sender=sender,
                    answers=_message_id_of(wanted.answers),
                    due_at=wanted.due_at,
                    data={**words(entry), "text": text, "quote": quote, "author": str(author)},
                    why=f"{author} wrote to them.",
                )
            ]
        )
        message = Message.objects.filter(entry=entry).first()
        if message is None:
            raise Refused(f"{WRITTEN_BY_HAND[kind_of(about)]} is switched off in {partition}.")
        _have_answers_come_back(message, partition)
    return Written(entry, message, joined)


def check(about: Work, wanted: Letter, author: Person) -> tuple[str, Mailbox]:
    """The subject and the sender that a letter will have. Raises Refused when it can't be sent."""
    if not wanted.text.strip():
        raise Refused("A mail needs some text.")
    if not wanted.to:
        raise Refused("Name at least one address.")
    count = len(wanted.to) + len(wanted.cc) + len(wanted.bcc)
    if count > MOST_RECIPIENTS:
        raise Refused(f"It is for {count} addresses; {MOST_RECIPIENTS} is the most for one mail.")
    refuse_files(wanted.files)
    return subject_of(about, wanted.subject), sender_for(wanted.sender, author, partition_of(about))


def subject_of(about: Work, subject: str) -> str:
    """The subject with the tag of what it is about, once; by the tag no answer to it is a command.

    Raises Refused when there is none.
    """
    stripped = strip_prefixes(clean_line(subject))
    own = without_tags(stripped.text)
    if not own:
        raise Refused("The mail needs a subject.")
    prefix = "Fwd: " if stripped.forward else "Re: " if stripped.reply else ""
    return f"{prefix}[{about}] {own}"[:500].strip()


def allowed_senders(partition: Partition) -> list[SenderKind]:
    """Whose address mails of analysts may be from, the one that is proposed first; one at least.

    Where the server that mail leaves by has *Send emails from this group*, it is their group's.
    """
    names = [name.strip() for name in partition.allowed_senders.split(",")]
    kinds = [SenderKind(name) for name in names if name in SenderKind.values] or [SenderKind.PARTITION]
    servers = servers_for(partition.pk, list(OutgoingServer.objects.filter(active=True)), timezone.now())
    if servers and servers[0].from_group:
        kinds = [SenderKind.GROUP, *(kind for kind in kinds if kind != SenderKind.GROUP)]
    return kinds


def senders(author: Person, partition: Partition) -> dict[SenderKind, Mailbox]:
    """The senders that somebody can choose from, the one that is proposed first."""
    found = {}
    for kind in allowed_senders(partition):
        with contextlib.suppress(Refused):  # such as that of a group without address
            found[kind] = sender_for(kind, author, partition)
    return found


def sender_for(kind: SenderKind, author: Person, partition: Partition) -> Mailbox:
    """Whose name and address a mail has. Raises Refused when it may not, or there is none."""
    if kind not in allowed_senders(partition):
        raise Refused(f"In {partition} no mail may be sent from that address. Choose another sender.")
    if kind == SenderKind.OWN:
        return author.name, author.email
    if kind == SenderKind.GROUP:
        return _group_sender(author)
    return sender_of(partition)


def _group_sender(author: Person) -> Mailbox:
    """The default group, if they are in it; else the one that they were put into first."""
    members = Membership.objects.filter(person=author).select_related("group").order_by("pk")
    groups = sorted(
        (member.group for member in members), key=lambda group: group.pk != author.default_group_id
    )
    if not groups:
        raise Refused("You are in no group whose address the mail could be from.")
    address = groups[0].addresses.partition(";")[0].strip()
    if not address:
        raise Refused(f"Group {groups[0]} has no address that the mail could be from.")
    return groups[0].name, address


def refuse_files(files: Iterable[NewFile]) -> None:
    """Raise Refused when these are too many, or too big, for one mail."""
    sizes = [file.size for file in files]
    if len(sizes) > MOST_FILES:
        raise Refused(f"At most {MOST_FILES} files go with one mail, and these are {len(sizes)}.")
    if sum(sizes) > MOST_BYTES:
        raise Refused(
            f"The files have {sum(sizes) / 2**20:.1f} MB; {MOST_BYTES // 2**20} MB is the most for one mail."
        )


def _recipients(mailboxes: Sequence[Mailbox]) -> list[Recipient]:
    people = people_with([address for _, address in mailboxes])
    return [Recipient(name, address, people.get(address.casefold())) for name, address in mailboxes]


def people_with(addresses: Sequence[str]) -> dict[str, Person]:
    """Who is on record with these addresses, by the address in lower case; the first of several."""
    wanted = Person.objects.filter(email__in={a.casefold() for a in addresses}, is_template=False)
    return {person.email: person for person in wanted.order_by("-pk")}


def written_to(kind: str, keys: Collection[int]) -> dict[int, set[int]]:
    """Whom analysts wrote to about these requests or tasks, for all to see: the keys of people on record.

    What they answer belongs there, as what participants write belongs to a call.
    """
    letters = Message.objects.filter(**{f"{kind}__in": keys}, type_code=WRITTEN_BY_HAND[kind].code)
    rows = list(letters.order_by().values_list(kind, "to", "cc")) if keys else []
    people = people_with([address for _, to, cc in rows for _, address in (*to, *cc)]) if rows else {}
    found: dict[int, set[int]] = defaultdict(set)
    for key, to, cc in rows:
        found[key] |= {people[a.casefold()].pk for _, a in (*to, *cc) if a.casefold() in people}
    return found


def _put_on_record(people: Iterable[Mailbox]) -> None:
    """Have whom nobody knew be external contacts: a request has no participants but people on record."""
    boxes = {address.casefold(): name for name, address in people}
    for address in boxes.keys() - people_with(list(boxes)).keys():
        Person.objects.create(name=boxes[address] or address, email=address, is_user=False)


def _message_id_of(entry: TimelineEntry | None) -> str:
    """The Message-ID of the mail that an entry of the timeline has, or an empty text."""
    if entry is None:
        return ""
    if entry.kind == EntryKind.MAIL_IN:
        return entry.external_id
    message = entry.messages.order_by("pk").first()
    return message.message_id if message else ""


def _have_answers_come_back(message: Message, partition: Partition) -> None:
    """A mail from another address has answers go to the partition's, with our token where that has room."""
    if message.sender[1] == partition.address:
        return
    name, address = sender_of(partition)
    with contextlib.suppress(ValueError):  # its Message-ID has the token, too
        address = reply_address(address, token_of(message.message_id))
    message.data = {**message.data, REPLY_TO: [name, address]}
    message.save(update_fields=["data"])
