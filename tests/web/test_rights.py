"""What analysts see and do on the pages, as their roles say."""

import pytest
from django.urls import reverse
from django.utils import timezone

from mailcall.desk.models import (
    Call,
    CallTemplate,
    Channel,
    EntryKind,
    Grant,
    Partition,
    Right,
    Role,
    TimelineEntry,
)
from mailcall.desk.people import leave
from mailcall.inbound.models import IncomingAccount, MailState
from mailcall.outbound.models import Delivery, DeliveryState, Message, Snippet, Suppression
from mailcall.web.call_list import find_calls
from web.conftest import make_mail


@pytest.fixture
def hr(db):
    return Partition.objects.create(name="HR", address="hr@desk.example")


@pytest.fixture
def secret(hr, uma):
    """A call of HR with an entry."""
    call = Call.objects.create(partition=hr, subject="A secret matter", user=uma)
    TimelineEntry.objects.create(
        call=call, kind=EntryKind.NOTE, channel=Channel.PAGE, text="Very secret", html="<p>Very secret</p>"
    )
    return call


@pytest.fixture
def secret_mail(hr):
    template = CallTemplate.objects.create(name="HR", partition=hr)
    account = IncomingAccount.objects.create(
        name="HR mailbox", address="hr@desk.example", server="imap.desk.example", template=template
    )
    return make_mail(account, subject="A secret mail", identity="hr", state=MailState.HELD)


@pytest.fixture
def secret_message(hr, secret):
    message = Message.objects.create(
        type_code=1001,
        partition=hr,
        call=secret,
        correlation_id="1" * 32,
        message_id="<hr-1@desk.example>",
        sender=["HR", "hr@desk.example"],
        subject="A secret answer",
    )
    Delivery.objects.create(
        message=message, partition=hr, recipient="uma@example.com", state=DeliveryState.DEFERRED
    )
    return message


@pytest.fixture
def reader(analyst, ann, partition):
    """A browser of an analyst who may only look, and only at IT."""
    give(ann, [Right.VIEW], partition)
    return analyst


def give(person, rights, partition=None):
    role, _ = Role.objects.get_or_create(name="+".join(rights) or "none", defaults={"rights": rights})
    Grant.objects.create(role=role, person=person, partition=partition)


@pytest.mark.parametrize("page", ["calls", "mails", "held", "messages", "accounts"])
def test_lists_show_nothing_of_partitions_that_one_may_not_see(
    reader, page, call, secret, received, secret_mail, message, secret_message
):
    body = reader.get(reverse(f"web:{page}")).content.decode()
    assert "secret" not in body
    assert "HR" not in body
    shown = {"calls": call.subject, "mails": "Printer jams", "accounts": "IT mailbox"}
    assert shown.get(page, "") in body


def test_held_mail_is_counted_as_far_as_one_may_see_it(reader, secret_mail):
    assert '<span class="count">' not in reader.get(reverse("web:calls")).content.decode()


@pytest.mark.parametrize("query", ["secret", "uma@example.com", "{}"])
def test_a_search_finds_nothing_of_partitions_that_one_may_not_see(reader, call, secret, query):
    answer = reader.get(reverse("web:calls"), {"q": query.format(secret.pk), "show": "all"})
    assert "secret matter" not in answer.content.decode()


def test_a_call_of_a_partition_that_one_may_not_see_is_answered_with_the_reason(reader, secret):
    entry = secret.timeline.get()
    for address in (
        reverse("web:call", args=[secret.pk]),
        reverse("web:call-news", args=[secret.pk]),
        reverse("web:entry-text", args=[entry.pk]),
        reverse("web:entry-as-sent", args=[entry.pk]),
    ):
        answer = reader.get(address)
        assert answer.status_code == 403
        assert "secret" not in answer.content.decode().casefold()
        assert "Ann Analyst may not see what is in HR" in answer.content.decode()


def test_a_mail_of_a_partition_that_one_may_not_see_is_not_shown(reader, secret_mail):
    for name in ("mail", "mail-raw"):
        assert reader.get(reverse(f"web:{name}", args=[secret_mail.pk])).status_code == 403


def test_a_message_of_a_partition_that_one_may_not_see_is_not_shown(reader, secret_message):
    for name in ("message", "message-raw", "message-as-sent"):
        assert reader.get(reverse(f"web:{name}", args=[secret_message.pk])).status_code == 403


def test_suppressed_addresses_and_kept_texts_are_shown_by_partition(
    reader, secret_message, message, partition, hr
):
    for about, address in ((secret_message, "secret@example.com"), (message, "open@example.com")):
        Suppression.objects.create(
            address=address, cause="bounce", since=timezone.now(), delivery=about.deliveries.first()
        )
    for name, where in (("Everybody's", None), ("Open", partition), ("Hidden", hr)):
        Snippet.objects.create(name=name, partition=where, text="x")
    page = reader.get("/suppressed/").content.decode()
    assert "open@example.com" in page
    assert "secret@example.com" not in page
    asked = reader.get("/suppressed/?q=secret@example.com").content.decode()
    assert "Nothing here for you" in asked
    texts = reader.get("/snippets/").content.decode()
    assert ("Open" in texts, "Hidden" in texts) == (True, False)


def test_a_file_of_a_partition_that_one_may_not_see_is_not_given_out(reader, mail_in, attach, hr, uma):
    file = attach("list.txt", "text/plain", b"secret")
    address = reverse("web:attachment", args=[file.pk])
    assert reader.get(address).status_code == 200
    mail_in.call.partition = hr
    mail_in.call.save()
    assert reader.get(address).status_code == 403


def test_who_may_only_look_changes_nothing(reader, call, link, held, message):
    participant = call.participants.get()
    delivery = message.deliveries.get()
    for address in (
        reverse("web:call-note", args=[call.pk]),
        reverse("web:write", args=["call", call.pk]),
        reverse("web:call-close", args=[call.pk]),
        reverse("web:call-reopen", args=[call.pk]),
        reverse("web:participant-add", args=[call.pk]),
        reverse("web:participant-remove", args=[call.pk, participant.pk]),
        reverse("web:link-decide", args=[call.pk, link.pk]),
        reverse("web:mail-retry", args=[held.pk]),
        reverse("web:mail-discard", args=[held.pk]),
        reverse("web:delivery-operate", args=[delivery.pk]),
    ):
        data = {"text": "x", "comment": "", "version": call.version, "address": "x@y.example"}
        data |= {"to": "x@y.example", "decision": "accept", "reason": "x", "operation": "cancel"}
        assert reader.post(address, data).status_code in (403, 409), address
    reader.post(reverse("web:held-retry-all"))
    for row in (call, link, held, delivery, participant):
        before = {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields}
        row.refresh_from_db()
        assert {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields} == before
    assert not call.timeline.filter(kind=EntryKind.NOTE).exists()


def test_a_right_in_one_partition_is_none_in_another(analyst, ann, call, secret, partition):
    give(ann, [Right.VIEW])
    give(ann, [Right.UPDATE], partition)
    note = {"text": "Looked at it"}
    assert analyst.post(reverse("web:call-note", args=[call.pk]), note).status_code == 302
    assert analyst.post(reverse("web:call-note", args=[secret.pk]), note).status_code == 403
    assert analyst.get(reverse("web:call", args=[secret.pk])).status_code == 200


def test_who_has_left_sees_no_page(analyst, ann, call):
    leave(ann, by=None)
    assert analyst.get(reverse("web:calls")).status_code == 403
    assert analyst.post(reverse("web:call-note", args=[call.pk]), {"text": "x"}).status_code == 403


def test_a_superuser_may_do_all_whatever_their_roles_say(analyst, ann, secret):
    give(ann, [])
    assert analyst.get(reverse("web:call", args=[secret.pk])).status_code == 403
    ann.login.is_superuser = True
    ann.login.save()
    assert analyst.get(reverse("web:call", args=[secret.pk])).status_code == 200


def test_pages_of_some_partitions_show_each_call_once_whatever_lies_between(partition, hr, uma, monkeypatch):
    monkeypatch.setattr("mailcall.web.latest.UPDATED_WINDOW", 10)
    states = ["open", "resolved", "closed"]
    Call.objects.bulk_create(
        Call(partition=partition if n % 17 == 0 else hr, subject=str(n), user=uma, state=states[n % 3])
        for n in range(150)
    )
    seen, before = [], ""
    for _ in range(60):
        page = find_calls(which="all", query="", before=before, size=4, partitions={partition.pk})
        seen += [int(call.subject) for call in page.calls]
        before = page.older
        if not before:
            break
    assert sorted(seen) == [n for n in range(150) if n % 17 == 0]
    assert not before
