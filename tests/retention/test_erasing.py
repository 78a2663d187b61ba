"""A person is erased from every place that is theirs; calls keep what counts, and the rest is listed."""

import datetime as dt

import pytest
from axes.models import AccessLog
from django.apps import apps
from django.utils import timezone

from desks import AUTHENTICATED, Desk, mail, put_in_state, reply_to
from mailcall.desk import people
from mailcall.desk.calls import add_note, close, write_reply
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Channel, Grant, Membership, Person, Role
from mailcall.desk.surveys import answer
from mailcall.inbound.models import MailState, ReceivedMail
from mailcall.outbound import drafts
from mailcall.outbound.digests import send_due
from mailcall.outbound.models import Delivery, Draft, NotificationSettings, PersonChoice, Wish
from mailcall.retention.erasing import Erasure, scrubber
from mailcall.retention.mentions import mentions
from mailcall.retention.models import Removal, Run
from mailcall.retention.people import Subject, refuse_what_must_wait, subject_of
from mailcall.retention.removing import Stamp
from mailcall.retention.running import Report, run
from mailcall.web.logins import set_password

ANN = "ann@customer.example"
CARL = "carl@customer.example"
APPS = ("desk", "inbound", "outbound", "retention", "web", "axes")


def erase(who: str, *, apply: bool = True, even_open: bool = False) -> Report:
    subject = subject_of(who)
    refuse_what_must_wait(subject, even_open=even_open)
    return run(Erasure(subject, Stamp(timezone.now(), "an erasure")), apply=apply, by="a test")


def tables() -> dict[str, list[dict[str, object]]]:
    """All rows of all our tables."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for label in APPS
        for model in apps.get_app_config(label).get_models()
    }


def where(word: str) -> list[str]:
    """The tables in which a word stands, in any case."""
    return [name for name, rows in tables().items() if word.casefold() in repr(rows).casefold()]


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """Ann logged a call, was answered, answered, and wrote to Carl's; both are closed."""
    first = desk.receive(mail(name="Ann Archer", subject="Ann's secret", text="It is secret.\n", cc=(CARL,)))
    call = first.call
    write_reply(
        call, author=desk.bob, text="Try it again.", to=[("Ann Archer", ANN)], cc=[], channel=Channel.PAGE
    )
    desk.run()
    desk.receive(reply_to(desk.sent_to(ANN)[-1], ANN, "Still secret.\n"))
    desk.receive(reply_to(desk.sent_to(ANN)[-1], CARL, "Carl's own words.\n"))
    other = desk.receive(mail(CARL, "Carl's call", "Carl's words.\n", cc=(ANN,))).call
    desk.receive(reply_to(desk.sent_to(CARL)[-1], ANN, "A secret on Carl's call.\n"))
    desk.receive(mail(headers="Auto-Submitted: auto-replied\n", subject="Ann is out", text="secret\n"))
    for each in (call, other):
        each.refresh_from_db()
        close(each, actor=desk.bob, channel=Channel.PAGE)
    desk.run()
    AccessLog.objects.create(username=ANN, ip_address="192.0.2.1")
    return desk


def test_nothing_of_an_erased_person_is_left_anywhere(busy: Desk) -> None:
    numbers = list(Call.objects.order_by("pk").values_list("pk", "state", "opened_at", "closed_at"))
    outcomes = list(ReceivedMail.objects.order_by("pk").values_list("outcome", "call"))
    erase(ANN)
    ReceivedMail.objects.filter(from_address=CARL).update(raw=b"")  # what others sent stays theirs
    assert where("secret") == []
    assert where("ann archer") == []
    left = {name: [row for row in rows if ANN in repr(row)] for name, rows in tables().items()}
    assert {name for name, rows in left.items() if rows} == set()
    assert numbers == list(Call.objects.order_by("pk").values_list("pk", "state", "opened_at", "closed_at"))
    assert outcomes == list(ReceivedMail.objects.order_by("pk").values_list("outcome", "call"))


def test_drafts_to_an_erased_person_and_about_their_calls_go_or_name_nobody(busy: Desk) -> None:
    own, others = Call.objects.filter(user=busy.ann).first(), Call.objects.exclude(user=busy.ann).first()
    for about in (own, others):
        draft = drafts.begin(busy.bob, about)
        drafts.save(draft, {"cc": f"Ann Archer <{ANN}>", "text": "What Ann Archer wants"}, version=1)
        drafts.attach(draft, [("words.txt", b"kept by nothing else" * 5_000)])
    erase(ANN)
    [left] = Draft.objects.all()
    assert left.call == others
    assert (ANN in left.cc, "Archer" in left.text) == (False, False)
    assert left.files.get().content.read().startswith(b"kept")
    erase(busy.bob.email, even_open=True)
    assert not Draft.objects.exists()


def test_others_on_the_same_calls_keep_what_they_said(busy: Desk) -> None:
    erase(ANN)
    texts = [entry.text for call in Call.objects.all() for entry in call.timeline.all()]
    assert {"Carl's own words.", "Carl's words.", "Try it again."} <= set(texts)
    assert Person.objects.filter(email=CARL).exists()
    assert Delivery.objects.filter(recipient=CARL).exists()


def test_the_call_is_then_of_a_stand_in_to_whom_no_mail_goes(busy: Desk) -> None:
    erase(ANN)
    person = Person.objects.get(pk=busy.ann.pk)
    assert (person.name, person.email, person.available_recipient) == (
        f"Erased person {person.pk}",
        "",
        False,
    )
    assert Call.objects.filter(user=person).exists()


def test_mail_of_an_erased_person_comes_as_from_a_stranger(busy: Desk) -> None:
    answer = busy.sent_to(ANN)[-1]
    erase(ANN)
    received = busy.receive(reply_to(answer, ANN))
    assert received.outcome == "logged"
    assert received.call.user.email == ANN
    assert received.call.user.pk != busy.ann.pk


def test_a_preview_counts_exactly_what_the_erasure_does(busy: Desk) -> None:
    before = tables()
    preview = erase(ANN, apply=False)
    after = tables()
    assert [name for name in before if repr(before[name]) != repr(after[name])] == ["Run"]
    real = erase(ANN)
    assert preview.counts == real.counts
    assert real.counts["calls"] == 2


def test_the_audit_has_numbers_and_no_name(busy: Desk) -> None:
    report = erase(ANN)
    assert report.run.title == f"Erasure of person {busy.ann.pk}"
    audit = repr(list(Run.objects.values()) + list(Removal.objects.values())).casefold()
    assert "ann" not in audit
    assert Removal.objects.filter(run=report.run, what="persons", keys=str(busy.ann.pk)).exists()


def test_an_address_of_nobody_is_erased_from_mails_and_participants(desk: Desk) -> None:
    call = desk.receive(mail(cc=(CARL,))).call
    desk.receive(reply_to(desk.sent_to(ANN)[-1], CARL, "Carl's words.\n"))
    close(Call.objects.get(pk=call.pk), actor=desk.bob, channel=Channel.PAGE)
    desk.run()
    assert not Person.objects.filter(email=CARL).exists()
    erase(CARL)
    assert where("Carl's words") == []
    assert not call.participants.exists()


def test_an_erasure_that_was_stopped_goes_on_where_it_was(busy: Desk) -> None:
    subject = subject_of(ANN)
    asked = iter([False])
    task = Erasure(subject, Stamp(timezone.now(), "an erasure"))
    assert run(task, apply=True, by="a test", stop=lambda: next(asked, True)).run.state == "stopped"
    assert Person.objects.filter(email=ANN).exists()
    erase(ANN)
    ReceivedMail.objects.filter(from_address=CARL).update(raw=b"")
    assert where("secret") == []


def test_an_analyst_who_can_sign_in_is_refused_until_that_is_taken_away(desk: Desk) -> None:
    login = set_password(desk.bob, "correct horse 9")
    with pytest.raises(Refused, match=r"Take that away first: mailcall password bob@desk\.example --off"):
        erase("bob@desk.example")
    login.is_active = False
    login.save()
    erase("bob@desk.example")
    assert not Membership.objects.exists()
    assert not type(login).objects.exists()
    desk.account.refresh_from_db()
    assert desk.account.default_logging_analyst is None


def test_what_an_analyst_said_for_the_desk_stays_without_the_name(desk: Desk) -> None:
    call = desk.receive(mail()).call
    add_note(call, actor=desk.bob, text="Ask the vendor.", channel=Channel.PAGE)
    desk.receive(reply_to(desk.sent_to(ANN)[0], "bob@desk.example", "It is mended.\n", headers=AUTHENTICATED))
    close(Call.objects.get(pk=call.pk), actor=desk.bob, channel=Channel.PAGE)
    desk.run()
    erase("bob@desk.example")
    entries = list(call.timeline.values_list("actor_name", "text"))
    assert ("Erased person", "Ask the vendor.") in entries
    assert ("Erased person", "It is mended.") in entries
    assert "Bob Baker" not in repr(entries)


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("nobody@nowhere.example", "Nobody has the address nobody@nowhere.example, and no mail came from it"),
        ("4711", "There is no person 4711."),
        ("Ann", "“Ann” is neither an address nor a person's number."),
        ("", "“” is neither an address nor a person's number."),
        ("support@desk.example", "support@desk.example is an address of this desk."),
    ],
)
def test_whom_nobody_knows_is_refused(busy: Desk, who: str, sentence: str) -> None:
    Person.objects.create(name="The desk", email="support@desk.example")
    with pytest.raises(Refused, match=sentence.replace("(", r"\(")):
        erase(who)


def test_persons_who_share_an_address_are_erased_by_it_together_or_not_at_all(busy: Desk) -> None:
    twin = Person.objects.create(name="Amy Archer", email=ANN)
    with pytest.raises(Refused, match=r"the address of Ann Archer \(\d+\), Amy Archer \(\d+\)"):
        erase(str(busy.ann.pk))
    erase(ANN)
    twin.refresh_from_db()
    assert twin.email == ""


def test_open_calls_are_refused_unless_said(desk: Desk) -> None:
    call = desk.receive(mail(text="Secret.\n")).call
    with pytest.raises(Refused, match=f"These calls of theirs are open: {call.pk}. Close them, or say"):
        erase(ANN)
    erase(ANN, even_open=True)
    call.refresh_from_db()
    assert call.state == "open"
    assert where("secret") == []


def test_mail_on_its_way_to_them_is_refused(busy: Desk) -> None:
    put_in_state(Delivery.objects.filter(recipient=ANN), "deferred")
    with pytest.raises(Refused, match="is on its way or held: messages"):
        erase(ANN, even_open=True)


def test_what_others_wrote_is_listed_with_its_place(busy: Desk) -> None:
    call = Call.objects.first()
    entry = add_note(call, actor=busy.bob, text=f"Called ANN Archer, {ANN}.", channel=Channel.PAGE)
    held = ReceivedMail.objects.create(
        account=busy.account, identity="h", size=1, raw=f"Cc: {ANN}".encode(), state=MailState.HELD
    )
    busy.group.addresses = ANN
    busy.group.save()
    words = subject_of(ANN).words
    erase(ANN)
    found = list(map(str, mentions(words)))
    assert f"entry {entry.pk} of call {call.pk}: text" in found
    assert f"group {busy.group.pk}: addresses" in found
    assert f"held mail {held.pk}: source" in found
    assert not [each for each in found if each.startswith(("person", "participant", "delivery"))]


def test_a_name_of_another_alphabet_is_found_in_journalled_data_too(desk: Desk) -> None:
    received = desk.receive(mail())
    ReceivedMail.objects.update(trace=[{"saw": "von Jörg Überall"}])
    assert [mention.key for mention in mentions(["Jörg Überall"])] == [received.pk]
    assert list(mentions(["100%", "_x_"])) == []


def test_only_whole_words_are_replaced() -> None:
    scrub = scrubber(["ann@x.example", "Ann Lee"])
    assert scrub("Ann Leeson joann@x.example") == "Ann Leeson joann@x.example"
    assert scrub({"to": [["ann lee", "ANN@x.example"]], "n": 1}) == {
        "to": [["Erased person", "Erased person"]],
        "n": 1,
    }
    assert scrubber([])("x") == "x"
    assert Subject([], "").words == []


def test_further_addresses_go_with_their_person(busy: Desk) -> None:
    role = Role.objects.create(name="Reader", rights=["view"])
    Grant.objects.create(role=role, person=busy.ann)
    home = people.add_address(busy.ann, "archer@home.example", by=None).address
    people.add_address(busy.bob, "bob@home.example", by=busy.ann)
    busy.receive(mail(home, "From home", "Secret at home.\n", headers="Auto-Submitted: auto-replied\n"))
    call = busy.receive(mail(CARL, "Another call", cc=(home,))).call
    close(call, actor=busy.bob, channel=Channel.PAGE)
    busy.run()
    erase(str(busy.ann.pk))
    assert where(home) == ["ReceivedMail"]  # the source of what Carl sent
    ReceivedMail.objects.filter(from_address=CARL).update(raw=b"")
    assert where(home) == []
    assert where("secret") == []
    assert not Grant.objects.exists()
    assert [change.by_name for change in busy.bob.changes.all()] == ["Erased person"]


def test_a_further_address_alone_erases_nobody(busy: Desk) -> None:
    people.add_address(busy.ann, "archer@home.example", by=None)
    with pytest.raises(Refused, match=f"a further address of Ann Archer. Give their number, {busy.ann.pk}"):
        subject_of("archer@home.example")


def test_who_shares_a_further_address_is_not_erased_while_they_do(busy: Desk) -> None:
    people.add_address(busy.ann, CARL, by=None)
    for who in (str(busy.ann.pk), ANN):
        with pytest.raises(Refused, match="can't be told apart"):
            subject_of(who)


def test_notices_and_digests_forget_them_too(desk: Desk) -> None:
    NotificationSettings.objects.create(partition=desk.partition, internal=True)
    PersonChoice.objects.create(person=desk.bob, type_code=1002, wish=Wish.DIGEST)
    call = desk.receive(mail(name="Ann Archer")).call
    Call.objects.filter(pk=call.pk).update(analyst=desk.bob)
    desk.receive(reply_to(desk.sent_to(ANN)[-1], ANN, "The first secret.\n"))
    assert send_due(timezone.now() + dt.timedelta(days=1)) == 1
    desk.receive(reply_to(desk.sent_to(ANN)[-1], ANN, "Another secret.\n"))
    desk.run()
    assert {"Notice", "DigestItem", "Message"} <= set(where("secret"))
    answer(call, desk.ann, 1, "A third secret.")
    add_note(Call.objects.get(), actor=None, text="A note of the desk's.", channel=Channel.SYSTEM)
    Call.objects.update(subject="The secret laptop")
    add_note(Call.objects.get(), actor=None, text="Another of these.", channel=Channel.SYSTEM)
    desk.run()
    erase(ANN, even_open=True)
    assert where("secret") == []
    erase(desk.bob.email, even_open=True)
    assert not PersonChoice.objects.exists()
    assert where("bob@desk.example") == []
