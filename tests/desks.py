"""A small desk for tests: two partitions, Users, Analysts, a group, a Maildir account, a Maildir server."""

import datetime as dt
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailcall.message import read_mail
from mailcall.message.composing import Draft, compose
from mailcall.message.mail import Mailbox

# What the trusted host of the small desk writes on a mail that is from who it says.
AUTHENTICATED = "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\n"

_counter = itertools.count(1)


@dataclass
class Desk:
    """The records of the small desk, and ways to have mail flow through it."""

    folder: Path
    partition: object
    template: object
    account: object
    server: object
    ann: object
    bob: object
    group: object
    more_accounts: list = field(default_factory=list)

    def deliver(self, raw: bytes, name: str = "", *, account: object = None) -> Path:
        """Put a mail into the account's Maildir, as a mail of its own even if the bytes came before."""
        path = Path((account or self.account).path) / "new" / (name or f"{next(_counter):06}.test")
        path.write_bytes(raw)
        return path

    def receive(self, raw: bytes, **delivery: object) -> object:
        """Deliver a mail and run; its row of the journal."""
        from mailcall.inbound.models import ReceivedMail

        self.deliver(raw, **delivery)
        self.run()
        return ReceivedMail.objects.latest("pk")

    def add_account(self, name: str, address: str, *, partition: object = None, **fields: object) -> object:
        """A further Maildir account, by default of the same partition; `run` collects it too."""
        from mailcall.desk.models import CallTemplate
        from mailcall.inbound.models import IncomingAccount

        path = self.folder / name
        for part in ("new", "cur", "tmp"):
            (path / part).mkdir(parents=True)
        template = self.template
        if partition is not None:
            template = CallTemplate.objects.create(name=f"Mail of {name}", partition=partition)
        account = IncomingAccount.objects.create(
            name=name,
            address=address,
            protocol="maildir",
            path=str(path),
            template=template,
            trusted_hosts="mx.desk.example",
            **fields,
        )
        self.more_accounts.append(account)
        return account

    def run(self) -> int:
        """Collect, act and deliver until nothing is left; how many mails were acted on."""
        from mailcall.inbound.act import act_on_next
        from mailcall.inbound.collect import collect
        from mailcall.outbound.deliver import deliver

        for account in (self.account, *self.more_accounts):
            account.refresh_from_db()
            collect(account)
        acted = 0
        while count := act_on_next():
            acted += count
        deliver(self.server)
        return acted

    def sent_to(self, address: str) -> list[bytes]:
        """The mails that the Maildir server delivered to an address, oldest first."""
        folder = Path(self.server.path) / address / "new"
        return (
            [p.read_bytes() for p in sorted(folder.iterdir(), key=lambda p: p.stat().st_mtime_ns)]
            if folder.exists()
            else []
        )


def mail(
    sender: str = "ann@customer.example",
    subject: str = "My laptop is dead",
    text: str = "It no longer starts.\n",
    *,
    to: str = "support@desk.example",
    name: str = "",
    message_id: str = "",
    in_reply_to: str = "",
    references: tuple[str, ...] = (),
    headers: str = "",
    cc: tuple[str, ...] = (),
) -> bytes:
    """A plain mail; `headers` are raw lines put in front."""
    count = next(_counter)
    raw = compose(
        Draft(
            from_=Mailbox(name, sender or "nobody@customer.example"),
            to=(Mailbox("", to),),
            cc=tuple(Mailbox("", a) for a in cc),
            subject=subject,
            text=text,
            html="",
            message_id=message_id or f"<test.{count}@customer.example>",
            in_reply_to=in_reply_to,
            references=references,
            date=dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC) + dt.timedelta(seconds=count),
            auto_submitted="",
        )
    )
    if not sender:
        raw = b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith(b"From:"))
    return headers.replace("\n", "\r\n").encode() + raw


def reply_to(sent: bytes, sender: str, text: str = "Thank you, but no.\n", **more: object) -> bytes:
    """An answer to a mail that the desk sent, as a mail program makes it."""
    original = read_mail(sent)
    return mail(
        sender,
        f"Re: {original.subject}",
        text,
        in_reply_to=original.message_id,
        references=(*original.references, original.message_id),
        **more,
    )


def report(
    message_id: str, recipient: str, *, action: str = "failed", status: str = "5.1.1", proved: bool = True
) -> bytes:
    """A delivery report (RFC 3464) about a mail of ours; `proved`: that it is from the customer's server."""
    proof = "Authentication-Results: mx.desk.example; dmarc=pass header.from=customer.example\n"
    return f"""\
{proof if proved else ""}From: MAILER-DAEMON@customer.example
To: support@desk.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <report.{next(_counter)}@mx.customer.example>
Date: Sun, 22 Nov 2026 10:00:00 +0000
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=b"

--=b
Content-Type: text/plain

I could not deliver it.
--=b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} User unknown
--=b
Content-Type: text/rfc822-headers

From: support@desk.example
To: {recipient}
Message-ID: {message_id}
Subject: about it
--=b--
""".replace("\n", "\r\n").encode()


@pytest.fixture
def desk(db: None, tmp_path: Path) -> Desk:
    """The small desk, with mail flowing from one Maildir to others."""
    return make_desk(tmp_path)


def make_desk(tmp_path: Path) -> Desk:
    from mailcall.desk.models import CallTemplate, Group, Membership, Partition, Person
    from mailcall.inbound.models import IncomingAccount
    from mailcall.outbound.message_types import CALL_ASSIGNED
    from mailcall.outbound.models import OccasionSetting, OutgoingServer

    inbox, out = tmp_path / "support", tmp_path / "out"
    for name in ("new", "cur", "tmp"):
        (inbox / name).mkdir(parents=True)
    out.mkdir()
    partition = Partition.objects.create(name="IT", address="support@desk.example", sender_name="IT Support")
    group = Group.objects.create(name="Service Desk", addresses="desk@desk.example")
    template = CallTemplate.objects.create(name="Mail", partition=partition, group=group, priority=3)
    ann = Person.objects.create(name="Ann Archer", email="ann@customer.example", is_user=True)
    bob = Person.objects.create(name="Bob Baker", email="bob@desk.example", is_user=False, is_analyst=True)
    Membership.objects.create(group=group, person=bob)
    account = IncomingAccount.objects.create(
        name="Support",
        address="support@desk.example",
        protocol="maildir",
        path=str(inbox),
        template=template,
        default_logging_analyst=bob,
        trusted_hosts="mx.desk.example",
    )
    # Nobody hears of new calls but their Users, so that tests can count what they cause themselves.
    OccasionSetting.objects.create(type_code=CALL_ASSIGNED.code, active=False)
    server = OutgoingServer.objects.create(name="Out", protocol="maildir", path=str(out))
    return Desk(tmp_path, partition, template, account, server, ann, bob, group)


def put_in_state(rows: object, state: str, **more: object) -> None:
    """Have these mails of the journal, or deliveries, be in a state, with what belongs to it."""
    from django.utils import timezone

    from mailcall.inbound.models import ReceivedMail
    from mailcall.outbound.models import FINAL_STATES

    if rows.model is ReceivedMail:
        more["acted_at"] = timezone.now() if state == "done" else None
    else:
        more["finished_at"] = timezone.now() if state in FINAL_STATES else None
    rows.update(state=state, **more)
