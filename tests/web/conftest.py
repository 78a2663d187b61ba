"""A small desk for the pages: an analyst, a User, a call with mail both ways, held and waiting mail."""

import datetime as dt
import hashlib

import pytest
from django.utils import timezone

from mailcall.desk.models import (
    Attachment,
    Call,
    CallLink,
    CallTemplate,
    Channel,
    Content,
    EntryKind,
    Group,
    LinkState,
    Participant,
    Partition,
    Person,
    TimelineEntry,
)
from mailcall.inbound.models import IncomingAccount, MailState, Outcome, ReceivedMail
from mailcall.outbound.models import Delivery, DeliveryState, Message, OutgoingServer
from mailcall.web.logins import set_password

PASSWORD = "correct horse battery"
RAW = (
    b"From: Uma User <uma@example.com>\r\nTo: help@desk.example\r\nSubject: Printer jams\r\n"
    b"Message-ID: <first@example.com>\r\n\r\nThe printer jams.\r\n"
)


@pytest.fixture
def partition(db):
    return Partition.objects.create(name="IT", address="help@desk.example", sender_name="IT Help")


@pytest.fixture
def ann(partition):
    return Person.objects.create(name="Ann Analyst", email="ann@desk.example", is_analyst=True)


@pytest.fixture
def uma(partition):
    return Person.objects.create(name="Uma User", email="uma@example.com")


@pytest.fixture
def template(partition):
    group = Group.objects.create(name="First line", addresses="first@desk.example")
    return CallTemplate.objects.create(name="Mail", partition=partition, group=group)


@pytest.fixture
def account(template):
    return IncomingAccount.objects.create(
        name="IT mailbox", address="help@desk.example", server="imap.desk.example", template=template
    )


@pytest.fixture
def server(partition):
    return OutgoingServer.objects.create(name="Main relay", server="smtp.desk.example")


@pytest.fixture
def call(template, uma):
    call = Call.objects.create(
        partition=template.partition,
        subject="Printer jams",
        user=uma,
        group=template.group,
        template=template,
    )
    Participant.objects.create(call=call, address=uma.email, name=uma.name, reason="the User of the call")
    return call


@pytest.fixture
def mail_in(call, uma):
    return TimelineEntry.objects.create(
        call=call,
        kind=EntryKind.MAIL_IN,
        actor=uma,
        actor_name=uma.name,
        channel=Channel.EMAIL,
        proof="address",
        internal=False,
        subject="Printer jams",
        text="The printer jams.",
        quoted_text="> older words",
        html="<p>The <b>printer</b> jams.</p>",
    )


@pytest.fixture
def received(account, call, mail_in):
    return make_mail(
        account,
        state=MailState.DONE,
        acted_at=timezone.now(),
        outcome=Outcome.LOGGED,
        reason="Logged as a new call, since no rule before says otherwise.",
        call=call,
        entry=mail_in,
        trace=[
            {"rule": "reply-to-ours", "letter": "c", "fired": False, "saw": "no id of ours"},
            {"rule": "log-a-call", "letter": "e", "fired": True, "saw": "anything else"},
        ],
        evidence={"dkim": ["example.com"], "from_count": 1},
    )


@pytest.fixture
def held(account):
    return make_mail(
        account,
        identity="held",
        subject="A broken mail",
        state=MailState.HELD,
        attempts=3,
        error="The reader ran out of time.",
    )


@pytest.fixture
def message(call, mail_in, server):
    made = Message.objects.create(
        type_code=1001,
        partition=call.partition,
        call=call,
        entry=mail_in,
        correlation_id="0" * 32,
        message_id="<out-1@desk.example>",
        sender=["IT Help", "help@desk.example"],
        to=[["Uma User", "uma@example.com"]],
        subject="[Call 1] Printer jams",
        data={"number": call.pk, "subject": call.subject, "user": "Uma User"},
        why="call logged by mail",
    )
    Delivery.objects.create(
        message=made,
        partition=call.partition,
        recipient="uma@example.com",
        state=DeliveryState.DEFERRED,
        attempts=2,
        server=server,
        due_at=timezone.now() + dt.timedelta(minutes=5),
        reply="451 4.7.1 Try again later",
    )
    return made


@pytest.fixture
def link(call, partition, uma):
    earlier = Call.objects.create(partition=partition, subject="Printer jams again", user=uma)
    return CallLink.objects.create(
        call=call, earlier=earlier, state=LinkState.PROPOSED, reason="The subject names it."
    )


@pytest.fixture
def analyst(client, ann):
    """A browser in which the analyst is signed in."""
    client.force_login(set_password(ann, PASSWORD), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def user_browser(client, uma):
    """A browser in which a User, who is no analyst, is signed in."""
    client.force_login(set_password(uma, PASSWORD), backend="django.contrib.auth.backends.ModelBackend")
    return client


def make_mail(account, **values):
    raw = values.pop("raw", RAW)
    defaults = {
        "identity": "1:INBOX:1:1",
        "correlation_id": "c" * 32,
        "size": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "raw": raw,
        "message_id": "<first@example.com>",
        "from_address": "uma@example.com",
        "subject": "Printer jams",
    }
    return ReceivedMail.objects.create(account=account, **{**defaults, **values})


@pytest.fixture
def attach(mail_in):
    """A function that puts a file on the mail of the call."""

    def make(name, content_type, data, **values):
        digest = hashlib.sha256(data).hexdigest()
        content, _ = Content.objects.get_or_create(sha256=digest, defaults={"size": len(data), "data": data})
        return Attachment.objects.create(
            entry=mail_in, content=content, name=name, content_type=content_type, **values
        )

    return make
