"""From raw bytes to what deciding needs: the mail, the evidence of its sender, what in it is ours.

Imports no Django: the processes that read need none.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mailcall.inbound.antivirus import daemon
from mailcall.inbound.dns import key_lookup
from mailcall.inbound.edited import Edit, with_edit
from mailcall.message import Mail, envelope_tags
from mailcall.message.evidence import Evidence, Trust, sender_evidence
from mailcall.message.mime import Part
from mailcall.message.reading import read_with_tree
from mailcall.message.records import Record
from mailcall.message.thread_ids import Found, Target, find_ours, own_target
from mailcall.message.transfer import Buffer

_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


@dataclass(frozen=True, slots=True)
class Reading(Record):
    """A mail that was read, with the evidence of its sender and what in it is ours."""

    mail: Mail
    evidence: Evidence
    ours: Target | None  # what it was about, if we sent it ourselves
    found: tuple[Found, ...]
    duplicate_key: str
    returned: int = 0  # the delivery whose envelope tag it was sent to
    whole_size: int = 0  # bytes of the whole mail, where only its header is here; else 0
    daemon_away: bool = False  # so that nobody could look for viruses at this reading

    @property
    def sender(self) -> str:
        """The one address in From, comparable; empty when there is none or more than one."""
        return self.evidence.from_address.casefold()


@dataclass(frozen=True, slots=True)
class Arrival(Record):
    """What is known of a mail besides its bytes.

    `evidence` was journalled at its first reading. `whole_size` says that only the header of so big a mail is
    here (bytes; 0: it is whole), so that no signature can be verified. `antivirus` is the address of the
    daemon to ask, if any.
    """

    received_at: dt.datetime | None = None  # None: now
    evidence: dict[str, object] | None = None
    whole_size: int = 0
    antivirus: str = ""
    edit: Edit | None = None


class Unreadable(ValueError):
    """Our reader failed at a mail, which says nothing about what the mail holds; the sentence tells where."""


def read(
    raw: Buffer,
    trust: Trust,
    keys: Sequence[bytes],
    arrival: Arrival | None = None,
) -> Reading:
    """Read a mail, on an account that trusts as it says.

    Evidence that was journalled at its first reading is used as it is; else DNS may be asked for keys. The
    antivirus daemon, where one is named, has the last word on viruses.

    Raises Unreadable rather than give a mail for empty that has words.
    """
    mail, root = read_with_tree(raw)
    if mail.unreadable:
        raise Unreadable(" ".join(mail.defects))
    arrival = arrival or Arrival()
    daemon_away = False
    if arrival.evidence:
        evidence = Evidence.from_dict(arrival.evidence)
    else:
        came = arrival.received_at or dt.datetime.now(dt.UTC)
        if arrival.whole_size:
            trust = replace(trust, verify_dkim=False, sealers=frozenset())
        evidence = sender_evidence(mail, trust, raw, key_lookup(), came, root=root)
    if arrival.antivirus and not arrival.whole_size:
        scan = daemon(arrival.antivirus).scan(raw)
        evidence = replace(evidence, virus=scan.virus, unscanned=scan.unscanned)
        daemon_away = scan.away
    key = "" if arrival.whole_size else duplicate_key(mail)
    if arrival.edit:
        mail, evidence = with_edit(mail, evidence, arrival.edit)
    return Reading(
        mail=mail,
        evidence=evidence,
        ours=own_target(mail, keys),
        found=tuple(find_ours(mail, keys)),
        duplicate_key=key,
        returned=envelope_tags.number_in(_addressed(mail, root), keys),
        whole_size=arrival.whole_size,
        daemon_away=daemon_away,
    )


def _addressed(mail: Mail, root: Part | None) -> Iterator[str]:
    """The addresses that it was sent to, as its header and the mail servers on its way say."""
    yield from (mailbox.address for mailbox in (*mail.to, *mail.cc))
    if mail.bounce:
        yield mail.bounce.envelope_sender
    if root is not None and mail.automatic:
        yield from (root.value(name).strip(" <>") for name in _DELIVERED)


def duplicate_key(mail: Mail) -> str:
    """A hash of Message-ID, From, Date and body; empty without a Message-ID, which then proves nothing."""
    if not mail.message_id:
        return ""
    digest = hashlib.sha256()
    date = mail.date.isoformat() if mail.date else ""
    senders = ",".join(mailbox.address.casefold() for mailbox in mail.from_)
    for part in (mail.message_id, senders, date, mail.subject, mail.text, mail.html):
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    for attachment in mail.attachments:
        digest.update(attachment.sha256.encode())
    return digest.hexdigest()
