"""What analysts write: whom it goes to, what it says, and what nobody else learns of it."""

import datetime as dt
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from desks import Desk, mail, reply_to
from mailcall.desk.calls import add_note
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Attachment,
    Call,
    Channel,
    EntryKind,
    Group,
    Participant,
    Person,
    TimelineEntry,
)
from mailcall.desk.requests import log_request
from mailcall.desk.work import by
from mailcall.desk.workflows import Step, set_workflow
from mailcall.inbound.correspondents import correspondents
from mailcall.outbound import drafts, sending
from mailcall.outbound.deliver import deliver
from mailcall.outbound.drafts import Moved
from mailcall.outbound.letter_html import html_of
from mailcall.outbound.models import (
    Delivery,
    DeliveryState,
    Draft,
    DraftFile,
    DraftKind,
    Message,
    Notice,
)
from mailcall.outbound.quoting import quoted, split_quote
from mailcall.outbound.render import render
from mailcall.outbound.typed_addresses import MOST_TYPED, as_typed, read_typed


@pytest.fixture
def call(desk: Desk) -> Call:
    """A call that Ann logged by a mail, which Dan got a copy of."""
    desk.receive(mail(name="Ann Archer", cc=("dan@customer.example",)))
    return Call.objects.get()


@pytest.fixture
def first(call: Call) -> TimelineEntry:
    """The mail that logged it."""
    return call.timeline.get(kind=EntryKind.MAIL_IN)


def typed(desk: Desk, about: object, **fields: str) -> Draft:
    """A draft of Bob's with these fields."""
    draft = drafts.begin(desk.bob, about)
    return drafts.save(draft, {"text": "Try it now.", **fields}, version=draft.version)


def leave(desk: Desk) -> None:
    """Let the seconds pass in which mails can be taken back, and send them."""
    Delivery.objects.filter(state=DeliveryState.QUEUED).update(due_at=None)
    deliver(desk.server)


def headers(raw: bytes) -> object:
    return message_from_bytes(raw, policy=policy.default)


# --- who gets it ----------------------------------------------------------------------------------------


def test_a_mail_goes_to_all_three_kinds_of_readers_and_bcc_is_named_nowhere(desk, call):
    draft = typed(
        desk, call, to="Ann <ann@customer.example>", cc="dan@customer.example", bcc="eve@press.example"
    )
    written = sending.send(draft)
    leave(desk)
    assert {d.recipient: d.state for d in written.message.deliveries.all()} == dict.fromkeys(
        ("ann@customer.example", "dan@customer.example", "eve@press.example"), "sent"
    )
    for address in ("ann@customer.example", "dan@customer.example", "eve@press.example"):
        raw = desk.sent_to(address)[-1]
        assert b"eve@" not in raw.lower()
        assert b"Bcc" not in raw
        assert "Try it now." in headers(raw).get_body(("plain",)).get_content()
    assert not Participant.objects.filter(address="eve@press.example").exists()
    assert Participant.objects.filter(call=call, address="dan@customer.example").exists()
    assert "eve" not in str(written.message.data)
    assert "eve" not in "".join(call.timeline.values_list("text", flat=True))


def test_an_address_in_several_fields_gets_one_copy(desk, call):
    draft = typed(
        desk, call, to="ann@customer.example", cc="ANN@customer.example", bcc="ann@customer.example"
    )
    message = sending.send(draft).message
    assert message.deliveries.count() == 1
    assert message.cc == []


def test_an_answer_to_what_an_analyst_wrote_updates_its_call_request_or_task(desk, call):
    message = sending.send(typed(desk, call, to="ann@customer.example")).message
    leave(desk)
    sent = desk.sent_to("ann@customer.example")[-1]
    assert headers(sent)["Subject"] == f"[Call {call.pk}] My laptop is dead"
    desk.receive(reply_to(sent, "ann@customer.example", "It works."))
    assert call.timeline.order_by("pk").last().text.strip() == "It works."
    assert message.author == desk.bob


def test_requests_and_tasks_get_mails_too(desk, call):
    from mailcall.desk.models import RequestType

    kind = RequestType.objects.create(name="New laptop", partition=desk.partition)
    set_workflow(kind, [Step(title="Order", key="order", analyst=desk.bob)])
    request = log_request(kind, user=desk.ann, subject="A laptop", deed=by(desk.ann, Channel.PAGE))
    for about in (request, request.tasks.get()):
        sending.send(typed(desk, about, to="shop@vendor.example", text=f"About {about}"))
        leave(desk)
        sent = desk.sent_to("shop@vendor.example")[-1]
        assert headers(sent)["Subject"].startswith(f"[{about}] ")
        desk.receive(reply_to(sent, "shop@vendor.example", f"Answer on {about}"))
        assert about.timeline.order_by("pk").last().text.strip() == f"Answer on {about}"


def test_five_hundred_readers_are_the_most(desk, call):
    many = ", ".join(f"u{n}@customer.example" for n in range(500))
    draft = typed(desk, call, to=many, cc="one@more.example")
    with pytest.raises(Refused, match="501 addresses; 500 is the most"):
        sending.send(draft)
    draft = drafts.save(draft, {"cc": ""}, version=draft.version)
    assert sending.send(draft).message.deliveries.count() == 500


def test_who_left_and_who_is_no_available_recipient_is_not_written_to(desk, call):
    Person.objects.create(name="Lea", email="lea@customer.example", active=False)
    Person.objects.create(name="Max", email="max@customer.example", available_recipient=False)
    draft = typed(desk, call, to="lea@customer.example; max@customer.example")
    with pytest.raises(Refused) as refusal:
        sending.send(draft)
    assert "Lea: They have left." in str(refusal.value)
    assert "Max: They are no available recipient." in str(refusal.value)
    assert not Message.objects.filter(author=desk.bob).exists()


# --- what it says ---------------------------------------------------------------------------------------


def test_a_reply_to_who_reads_german_says_in_german_who_wrote_when(desk, call, first):
    Person.objects.filter(email="ann@customer.example").update(language="de")
    draft = drafts.begin(desk.bob, call, DraftKind.REPLY, answers=first, between=correspondents(first))
    assert "\nAm " in draft.text
    assert " schrieb Ann Archer <ann@customer.example>:\n> It no longer starts." in draft.text


def test_a_mail_is_passed_on_in_the_language_of_the_partition(desk, call, first):
    call.partition.language = "de"
    call.partition.save()
    draft = drafts.begin(desk.bob, call, DraftKind.FORWARD, answers=first, between=correspondents(first))
    assert "Weitergeleitete Nachricht ----------\nVon: Ann Archer" in draft.text
    assert "\nBetreff: " in draft.text


def test_a_reply_quotes_the_mail_below_the_words_and_joins_its_thread(desk, call, first):
    draft = drafts.begin(desk.bob, call, DraftKind.REPLY, answers=first, between=correspondents(first))
    assert draft.to == "Ann Archer <ann@customer.example>"
    assert draft.cc == ""
    assert "Ann Archer <ann@customer.example> wrote:\n> It no longer starts." in draft.text
    drafts.save(draft, {"text": "Charge it.\n" + draft.text}, version=draft.version)
    written = sending.send(draft)
    assert written.entry.text == "Charge it."
    assert "> It no longer starts." in written.entry.quoted_text
    sent = headers(render(written.message))
    assert sent["In-Reply-To"] == first.external_id
    plain, html = (sent.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert plain.index("Charge it.") < plain.index("Bob Baker") < plain.index("> It no longer starts.")
    assert "<blockquote" in html
    assert "&gt; It no longer" not in html


def test_a_reply_to_all_goes_to_all_but_the_desk_and_its_author(desk, call, first):
    desk.receive(
        mail(
            "ann@customer.example",
            f"Re: [Call {call.pk}] My laptop",
            to="support+detail@desk.example",
            cc=("bob@desk.example", "dan@customer.example"),
            headers="Reply-To: ann.new@customer.example\n",
        )
    )
    entry = TimelineEntry.objects.filter(kind=EntryKind.MAIL_IN).latest("pk")
    draft = drafts.begin(
        desk.bob, entry.call, DraftKind.REPLY_ALL, answers=entry, between=correspondents(entry)
    )
    assert draft.to == "ann.new@customer.example"
    assert draft.cc == "dan@customer.example"


def test_a_mail_of_ones_own_is_answered_to_whom_it_went(desk, call):
    entry = sending.send(typed(desk, call, to="ann@customer.example", cc="dan@customer.example")).entry
    between = correspondents(entry)
    draft = drafts.begin(desk.bob, call, DraftKind.REPLY_ALL, answers=entry, between=between)
    assert (draft.to, draft.cc) == ("ann@customer.example", "dan@customer.example")
    message = sending.send(drafts.save(draft, {"text": "One more thing."}, version=draft.version)).message
    assert message.in_reply_to == entry.messages.get().message_id


def test_a_forward_has_the_words_and_the_files(desk, call, first):
    drafts_file = drafts.begin(desk.bob, call)
    drafts.attach(drafts_file, [("photo.png", b"\x89PNG one"), ("../../etc/passwd", b"root")])
    entry = sending.send(drafts.save(drafts_file, {"text": "Here."}, version=drafts_file.version)).entry
    between = correspondents(entry)
    draft = drafts.begin(desk.bob, call, DraftKind.FORWARD, answers=entry, between=between)
    assert draft.subject == f"Fwd: [Call {call.pk}] My laptop is dead"
    assert draft.to == ""
    assert "Forwarded message" in draft.text
    assert [file.name for file in draft.files.all()] == ["photo.png", "passwd"]
    drafts.save(draft, {"to": "shop@vendor.example"}, version=draft.version)
    sent = headers(render(sending.send(draft).message))
    assert [part.get_filename() for part in sent.iter_attachments()] == ["photo.png", "passwd"]
    assert "Here." in sent.get_body(("plain",)).get_content()


def test_internal_entries_are_never_quoted_nor_their_files_offered(desk, call, first):
    note = add_note(call, actor=desk.bob, text="She is difficult.", channel=Channel.PAGE)
    for kind in (DraftKind.REPLY, DraftKind.FORWARD):
        with pytest.raises(Refused, match="not internal"):
            drafts.begin(desk.bob, call, kind, answers=note)
    own = typed(desk, call, to="ann@customer.example")
    drafts.attach(own, [("plan.txt", b"secret")])
    entry = sending.send(own).entry
    file = Attachment.objects.get(entry=entry)
    assert list(drafts.offered_files(call)) == [file]
    TimelineEntry.objects.filter(pk=entry.pk).update(internal=True)
    assert not drafts.offered_files(call).exists()
    other = drafts.begin(desk.bob, call)
    drafts.attach_from(other, [file.pk])
    assert not other.files.exists()


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        ("Re: [Call 5] Printer", "Re: [Call {}] Printer"),
        ("CLOSE CALL 5", "[Call {}] CLOSE CALL 5"),
        ("Hello\r\nBcc: eve@press.example", "[Call {}] Hello Bcc: eve@press.example"),
        ("  WG: AW: Zahlung ", "Fwd: [Call {}] Zahlung"),
    ],
)
def test_a_subject_has_its_tag_once_and_is_one_line(desk, call, subject, sent):
    message = sending.send(typed(desk, call, subject=subject)).message
    assert message.subject == sent.format(call.pk)
    parsed = headers(render(message))
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == message.subject


def test_names_of_readers_and_files_inject_nothing(desk, call):
    to = '"Evil\tBcc: eve@press.example" <ann@customer.example>'
    draft = typed(desk, call, to=to)
    drafts.attach(draft, [('a"\r\nX-Evil: yes.txt', b"x")])
    parsed = headers(render(sending.send(draft).message))
    assert parsed["Bcc"] is None
    assert parsed["X-Evil"] is None
    assert parsed["To"].addresses[0].addr_spec == "ann@customer.example"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"to": ""}, "Name at least one address."),
        ({"to": "ann@"}, "“ann@” is not an email address."),
        ({"text": " \n "}, "A mail needs some text."),
        ({"subject": " [Call 1] "}, "The mail needs a subject."),
        ({"sender": "own"}, "no mail may be sent from that address"),
        ({"sender": "nonsense"}, "nonsense"),
    ],
)
def test_what_can_t_be_sent_is_said_and_stays_a_draft(desk, call, fields, sentence):
    draft = typed(desk, call, **{"to": "ann@customer.example", **fields})
    with pytest.raises((Refused, ValueError), match=sentence):
        sending.send(draft)
    draft.refresh_from_db()
    assert draft.sent_at is None
    assert not Message.objects.filter(author=desk.bob).exists()


def test_files_beyond_the_limits_are_refused_and_the_others_stay(desk, call):
    draft = typed(desk, call)
    drafts.attach(draft, [("small.txt", b"x")])
    with pytest.raises(Refused, match=r"big\.bin is too big"):
        drafts.attach(draft, [("big.bin", b"\0" * (15 * 2**20 + 1))])
    with pytest.raises(Refused, match="At most 20 files"):
        drafts.attach(draft, [(f"{n}.txt", b"x") for n in range(20)])
    assert [file.name for file in draft.files.all()] == ["small.txt"]


# --- whose address --------------------------------------------------------------------------------------


def test_a_mail_from_ones_own_address_has_answers_come_back_to_the_desk(desk, call):
    desk.partition.allowed_senders = "own, group, partition"
    desk.partition.save()
    call.refresh_from_db()
    own = sending.send(typed(desk, call, sender="own", to="ann@customer.example")).message
    group = sending.send(typed(desk, call, sender="group", to="ann@customer.example")).message
    assert own.sender == ["Bob Baker", "bob@desk.example"]
    assert group.sender == ["Service Desk", "desk@desk.example"]
    leave(desk)
    for sent in desk.sent_to("ann@customer.example")[-2:]:
        to = headers(sent)["Reply-To"].addresses[0].addr_spec
        assert to.startswith("support+mc.c")
        desk.receive(mail("ann@customer.example", "Hello again", "Back.", to=to))
        assert call.timeline.order_by("pk").last().text.strip() == "Back."


def test_the_server_s_setting_has_mails_come_from_the_group(desk, call):
    desk.server.from_group = True
    desk.server.save()
    draft = typed(desk, call, to="ann@customer.example")
    assert draft.sender == "group"
    assert sending.send(draft).message.sender[1] == "desk@desk.example"


def test_the_default_group_of_who_is_in_several_is_the_one_on_record(desk, call):
    desk.server.from_group = True
    desk.server.save()
    night = Group.objects.create(name="Night", addresses="night@desk.example")
    desk.bob.default_group = night
    desk.bob.save()
    assert sending.send(typed(desk, call, to="ann@customer.example")).message.sender[1] == "desk@desk.example"
    night.members.add(desk.bob)  # who was not in it before
    assert (
        sending.send(typed(desk, call, to="ann@customer.example")).message.sender[1] == "night@desk.example"
    )


# --- drafts ---------------------------------------------------------------------------------------------


def test_a_draft_that_another_tab_changed_is_not_overwritten(desk, call):
    draft = drafts.begin(desk.bob, call)
    drafts.save(draft, {"text": "One"}, version=1, tab="a")
    drafts.save(draft, {"text": "One, two"}, version=1, tab="a")  # before it learned of the first
    with pytest.raises(Moved, match="another tab"):
        drafts.save(draft, {"text": "Three"}, version=1, tab="b")
    draft.refresh_from_db()
    assert draft.text == "One, two"
    copy = drafts.copy_of(draft, {"text": "Three"})
    assert (copy.text, draft.text) == ("Three", "One, two")
    assert drafts.save(draft, {"text": "Three"}, version=1, tab="b", anyway=True).text == "Three"


def test_a_mail_is_taken_back_with_all_it_had(desk, call):
    before = call.timeline.count()
    draft = typed(desk, call, to="dan@other.example", bcc="eve@press.example")
    drafts.attach(draft, [("plan.txt", b"the plan" * 10_000)])
    written = sending.send(draft)
    assert deliver(desk.server) == 0  # not before its time
    with pytest.raises(Refused, match="was sent"):
        sending.send(draft)
    back = sending.undo(draft)
    assert (back.text, back.to, back.bcc) == ("Try it now.", "dan@other.example", "eve@press.example")
    assert [file.content.read() for file in back.files.all()] == [b"the plan" * 10_000]
    assert {d.state for d in written.message.deliveries.all()} == {DeliveryState.CANCELLED}
    assert not Participant.objects.filter(address="dan@other.example").exists()
    entry = call.timeline.order_by("pk").last()
    assert call.timeline.count() == before + 1
    assert (entry.kind, entry.internal, "Try it" in entry.text) == (EntryKind.STATE, True, False)
    assert sending.undo(back).sent_at is None  # doing it again is no error
    assert sending.send(back).message.deliveries.count() == 2


def test_a_mail_that_has_left_is_not_taken_back(desk, call):
    draft = typed(desk, call, to="ann@customer.example")
    written = sending.send(draft)
    leave(desk)
    with pytest.raises(Refused, match="too late"):
        sending.undo(draft)
    assert written.message.deliveries.get().state == DeliveryState.SENT
    assert call.timeline.filter(kind=EntryKind.MAIL_OUT, internal=False).exists()


def test_a_mail_leaves_later_by_itself_and_is_dated_then(desk, call):
    draft = typed(desk, call, to="ann@customer.example")
    with pytest.raises(Refused, match="is past"):
        sending.schedule(draft, timezone.now() - dt.timedelta(minutes=1))
    with pytest.raises(Refused, match="year ahead"):
        sending.schedule(draft, timezone.now() + dt.timedelta(days=400))
    sending.schedule(draft, timezone.now() + dt.timedelta(hours=1))
    with pytest.raises(Refused, match="leaves by itself"):
        drafts.save(draft, {"text": "Other"}, version=draft.version)
    assert sending.send_due() == 0
    sending.schedule(draft, timezone.now() + dt.timedelta(hours=2))
    Draft.objects.update(send_at=timezone.now())
    assert sending.send_due() == 1
    assert sending.send_due() == 0
    message = Message.objects.get(author=desk.bob)
    assert timezone.now() - message.created_at < dt.timedelta(minutes=1)
    assert message.deliveries.get().due_at is None


def test_a_planned_mail_is_stopped(desk, call):
    draft = sending.schedule(
        typed(desk, call, to="ann@customer.example"), timezone.now() + dt.timedelta(hours=1)
    )
    sending.stop_sending(draft)
    Draft.objects.filter(send_at=None).update(updated_at=timezone.now())
    assert sending.send_due() == 0
    assert drafts.of_author(desk.bob).get().send_at is None


def test_a_planned_mail_of_who_left_is_not_sent_and_says_so(desk, call):
    draft = sending.schedule(
        typed(desk, call, to="ann@customer.example"), timezone.now() + dt.timedelta(hours=1)
    )
    Person.objects.filter(pk=desk.bob.pk).update(active=False)
    Draft.objects.update(send_at=timezone.now())
    assert sending.send_due() == 0
    draft.refresh_from_db()
    assert "has left" in draft.problem
    assert draft.send_at is None
    assert "had planned was not sent" in call.timeline.order_by("pk").last().text
    assert not Message.objects.filter(author=desk.bob).exists()


def test_what_is_of_no_more_use_is_thrown_away_with_its_bytes(desk, call):
    from mailcall.desk.models import Content

    untyped = drafts.begin(desk.bob, call)
    kept = typed(desk, call)
    gone = typed(desk, call)
    drafts.attach(gone, [("a.txt", b"only here")])
    assert drafts.forget(Draft.objects.filter(pk=gone.pk)) == 1
    assert not Content.objects.filter(size=9).exists()
    sent = typed(desk, call, to="ann@customer.example")
    drafts.attach(sent, [("b.txt", b"sent and kept")])
    entry = sending.send(sent).entry
    Draft.objects.filter(pk=sent.pk).update(sent_at=timezone.now() - dt.timedelta(hours=2))
    Draft.objects.update(created_at=timezone.now() - dt.timedelta(days=2))
    sending.send_due()
    assert set(Draft.objects.values_list("pk", flat=True)) == {kept.pk}
    assert untyped.pk != kept.pk
    assert entry.attachments.get().content.read() == b"sent and kept"
    assert not DraftFile.objects.exists()


# --- reading what is typed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mailboxes", "wrong"),
    [
        ("a@b.example, c@d.example;e@f.example\ng@h.example", 4, 0),
        ("a@b.example c@d.example\te@f.example", 3, 0),
        ('"Bell, Ann" <ann@b.example>, Bo <bo@b.example>', 2, 0),
        ("Ann Bell\nann@b.example\n- bo@b.example\n,,;;\n1) x", 1, 3),
        ("a@b.example, A@B.example", 1, 0),
        ('"never closed <a@b.example>\nc@d.example', 1, 1),
        ("mallory@bücher.example", 1, 0),
        ("@@@@ <> < > \x00 a@b", 0, 1),
    ],
)
def test_addresses_are_read_as_people_paste_them(text, mailboxes, wrong):
    read = read_typed(text)
    assert (len(read.mailboxes), len(read.wrong)) == (mailboxes, wrong)


def test_a_very_long_list_says_that_not_all_was_read():
    read = read_typed("a@b.example, " * MOST_TYPED + '"' * 50_000)
    assert len(read.mailboxes) == 1
    assert any("all after" in part for part in read.wrong)


@pytest.mark.parametrize("name", ["Bell, Ann", "Ann; Bell", 'Ann "A" Bell', "Ann <b>", "Änn", ""])
def test_what_is_offered_is_read_again(name):
    assert read_typed(as_typed(name, "ann@b.example")).mailboxes[0][1] == "ann@b.example"
    assert not read_typed(as_typed(name, "ann@b.example")).wrong


def test_a_quote_in_the_midst_stays_with_the_words():
    text = "Hello\n> You asked?\nYes.\n\n" + quoted("One\n> Two", who="Ann", when="Monday", language="en")
    own, quote = split_quote(text)
    assert own == "Hello\n> You asked?\nYes."
    assert quote == "On Monday, Ann wrote:\n> One\n>> Two"
    assert split_quote("Only words") == ("Only words", "")


def test_html_has_paragraphs_links_and_quotes_and_no_markup_of_others():
    html = html_of(
        "Hi <b>you</b>\nsee (https://desk.example/a?b=1&c=2).\n\nBye\n> Old\n>> Older\njavascript:alert(1)"
    )
    assert "&lt;b&gt;you&lt;/b&gt;<br>see (" in html
    assert '<a href="https://desk.example/a?b=1&amp;c=2">' in html
    assert html.count("<blockquote") == html.count("</blockquote>") == 2
    assert "<script" not in html_of("<script>x</script>")
    assert 'href="javascript' not in html
    assert html_of(">" * 100_000).count("<blockquote") == 10


def test_a_mail_of_which_one_copy_is_held_can_be_taken_back_and_one_that_was_begun_can_not(desk, call):
    draft = typed(desk, call, to="ann@customer.example", cc="dan@customer.example")
    sending.send(draft)
    Delivery.objects.filter(recipient="dan@customer.example").update(state=DeliveryState.HELD)
    draft = sending.undo(draft)
    assert set(Delivery.objects.filter(automatic=False).values_list("state", flat=True)) == {"cancelled"}
    sending.send(draft)
    Delivery.objects.filter(recipient="dan@customer.example", state="queued").update(
        state=DeliveryState.SENDING, attempts=1
    )
    with pytest.raises(Refused, match="too late"):
        sending.undo(draft)


def test_the_author_is_told_of_a_mail_that_was_given_up(desk, call):
    sending.send(typed(desk, call, to="ann@customer.example"))
    Delivery.objects.filter(automatic=False).update(
        created_at=timezone.now() - dt.timedelta(days=6), due_at=None
    )
    desk.server.path, desk.server.protocol, desk.server.server = "", "smtp", "localhost"
    desk.server.port, desk.server.security, desk.server.last_good_at = 1, "plain", None
    desk.server.save()
    deliver(desk.server)
    [notice] = Notice.objects.filter(person=desk.bob)
    assert notice.subject.startswith("Not delivered: ")
    assert "Given up after 5 days." in notice.text
