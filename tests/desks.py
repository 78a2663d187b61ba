"""A small desk for tests: two partitions, Users, Analysts, a group, a Maildir account, a Maildir server."""

import datetime as dt
import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailcall.message.composing import Draft, compose
from mailcall.message.mail import Mailbox

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

    def deliver(self, raw: bytes, name: str = "") -> Path:
        """Put a mail into the account's Maildir."""
        new = Path(self.account.path) / "new"
        path = new / (name or f"{len(list(new.iterdir()))}.{id(raw)}.test")
        path.write_bytes(raw)
        return path

    def run(self) -> int:
        """Collect, act and deliver until nothing is left; how many mails were acted on."""
        from mailcall.inbound.act import act_on_next
        from mailcall.inbound.collect import collect
        from mailcall.outbound.deliver import deliver

        self.account.refresh_from_db()
        collect(self.account)
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


@pytest.fixture
def desk(db: None, tmp_path: Path) -> Desk:
    """The small desk, with mail flowing from one Maildir to others."""
    return make_desk(tmp_path)


def make_desk(tmp_path: Path) -> Desk:
    from mailcall.desk.models import CallTemplate, Group, Membership, Partition, Person
    from mailcall.inbound.models import IncomingAccount
    from mailcall.outbound.models import OutgoingServer

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
    server = OutgoingServer.objects.create(name="Out", protocol="maildir", path=str(out))
    return Desk(tmp_path, partition, template, account, server, ann, bob, group)
