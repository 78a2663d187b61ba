"""What is said among analysts never leaves: every route by which mail goes to others is tried."""

import datetime as dt
import json
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from desks import AUTHENTICATED, Desk, mail, reply_to, report
from mailcall.desk import call_handling, calls, closing, due, surveys
from mailcall.desk.approvals import decide
from mailcall.desk.call_relations import merge
from mailcall.desk.clocks import sync
from mailcall.desk.errors import Refused
from mailcall.desk.handling import forward, update
from mailcall.desk.models import (
    Agreement,
    Approval,
    Attachment,
    BusinessCalendar,
    Call,
    Channel,
    Content,
    EntryKind,
    Membership,
    Person,
    RequestType,
    Target,
    TaskKind,
)
from mailcall.desk.requests import log_request
from mailcall.desk.tasks import log_task
from mailcall.desk.work import by
from mailcall.desk.work_states import Verb
from mailcall.desk.workflows import Step, set_workflow
from mailcall.inbound.correspondents import correspondents
from mailcall.outbound import digests, drafts, sending, template_map, template_use
from mailcall.outbound.message_types import (
    CALL_CLOSED,
    CALL_LOGGED,
    CALL_REOPENED,
    CALL_REPLY,
    TYPES,
    Audience,
    MessageType,
)
from mailcall.outbound.models import (
    DigestItem,
    Message,
    Notice,
    NotificationSettings,
    OccasionSetting,
    PersonChoice,
    PersonNotices,
    Snippet,
    Template,
    TemplateRule,
    Wish,
)
from mailcall.outbound.readdressing import readdress
from mailcall.outbound.ready_words import put_into, words_of_snippet, words_of_template
from mailcall.outbound.render import render
from mailcall.outbound.template_saving import BadTemplate, save_rule, save_version
from mailcall.outbound.templating.checking import Sources
from mailcall.outbound.templating.data import data_of

ANN, SECRET = "ann@customer.example", "Zauberwort"
AMONG_US = {"bob@desk.example", "bob@pager.example", "desk@desk.example", "cy@desk.example"}

ALL_OF_A_REPLY = " ".join(
    f"{{{{ {datum.name} }}}}" for datum in data_of(CALL_REPLY) if datum.name not in ("text", "quote")
)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No template is kept in memory that a test rolls back."""
    monkeypatch.setattr(template_map, "LOOK_EVERY", 0)
    yield
    template_map.forget()
    template_use.forget()


@pytest.fixture
def call(desk: Desk) -> Call:
    """A call of Ann's with an internal note, a note by mail, and a file, all with the secret."""
    desk.receive(mail(name="Ann Archer", cc=("dan@customer.example",)))
    call = Call.objects.get()
    note = calls.add_note(call, actor=desk.bob, text=f"She must not read {SECRET}.", channel=Channel.PAGE)
    content = Content.objects.create(sha256="0" * 64, size=10, data=SECRET.encode())
    Attachment.objects.create(
        entry=note, content=content, name=f"{SECRET}.txt", content_type="text/plain", inline=False
    )
    headers = AUTHENTICATED
    desk.receive(mail("bob@desk.example", f"UPDATE CALL {call.pk}", f"{SECRET} again.\n", headers=headers))
    desk.group.addresses = "desk@desk.example"
    call.refresh_from_db()
    return call


def leaked() -> list[str]:
    """The mails to others than analysts and groups that have the secret, in words, data or files."""
    found = []
    for message in Message.objects.prefetch_related("deliveries"):
        readers = {delivery.recipient for delivery in message.deliveries.all()} - AMONG_US
        whole = json.dumps(message.data) + message.subject + message.why
        if readers and (SECRET in whole or SECRET.encode() in render(message)):
            found.append(f"{message.type_code} to {readers}")
    for row in (*Notice.objects.all(), *DigestItem.objects.exclude(person=None)):
        if not row.person.is_analyst and SECRET in row.subject + row.text:
            found.append(f"on the page of {row.person}")
    return found


def deed(actor: Person, text: str = "") -> object:
    return by(actor, Channel.PAGE, text)


def answered(desk: Desk, call: Call) -> None:
    desk.receive(reply_to(desk.sent_to(ANN)[0], "bob@desk.example", "Try it.\n", headers=AUTHENTICATED))
    desk.receive(reply_to(desk.sent_to(ANN)[-1], ANN, "No.\n"))


def asked_for_status(desk: Desk, call: Call) -> None:
    desk.receive(mail(subject=f"STATUS CALL {call.pk}", headers=AUTHENTICATED))
    desk.receive(mail(subject="CALL SUMMARY ALL", headers=AUTHENTICATED))
    desk.receive(mail(subject=f"CLOSE CALL {call.pk}", text="\n", headers=AUTHENTICATED))


def written_by_hand(desk: Desk, call: Call) -> None:
    first = call.timeline.filter(kind=EntryKind.MAIL_IN, internal=False).first()
    text = Snippet.objects.create(name="All", text=ALL_OF_A_REPLY)
    template = Template.objects.create(name="To begin with", type_code=CALL_REPLY.code)
    save_version(template, "en", Sources("", f"<p>{ALL_OF_A_REPLY}</p>", ALL_OF_A_REPLY), by=None, by_name="")
    for kind in ("reply", "reply_all", "forward"):
        draft = drafts.begin(desk.bob, call, kind, answers=first, between=correspondents(first))
        for words in (words_of_snippet(text, draft), words_of_template(template.pk, draft)):
            draft = drafts.save(draft, put_into(draft, words), version=draft.version)
        typed = {"to": "dan@customer.example", "text": draft.text}
        drafts.attach_from(draft, list(Attachment.objects.values_list("pk", flat=True)))
        draft.refresh_from_db()
        draft = drafts.save(draft, typed, version=draft.version)
        sending.send(draft)
    for internal in call.timeline.filter(internal=True):
        with pytest.raises(Refused):
            drafts.begin(desk.bob, call, "forward", answers=internal, between=correspondents(internal))


def closed_and_opened(desk: Desk, call: Call) -> None:
    OccasionSetting.objects.bulk_create(
        OccasionSetting(type_code=code, active=True) for code in (1014, 1015, 1017)
    )
    NotificationSettings.objects.create(partition=desk.partition, survey_after_hours=0)
    call_handling.suspend(call, deed(desk.bob, "Waiting."))
    call_handling.resume(call, deed(desk.bob))
    closing.resolve(call, deed(desk.bob, "Try now."))
    closing.reopen(call, deed(desk.bob, "Not yet."))
    closing.close(call, deed(desk.bob, "Done."))
    surveys.answer(call, call.user, 3, "")


def handed_on(desk: Desk, call: Call) -> None:
    cy = Person.objects.create(name="Cy", email="cy@desk.example", is_analyst=True, is_user=False)
    forward(call, deed(desk.bob, f"{SECRET} for you"), analyst=cy)
    calls.add_note(call, actor=cy, text=f"@bob {SECRET}", channel=Channel.PAGE)


def merged(desk: Desk, call: Call) -> None:
    desk.receive(mail("eve@customer.example", "The same"))
    merge(call, Call.objects.latest("pk"), deed(desk.bob, "The same."))


def digested(desk: Desk, call: Call) -> None:
    PersonChoice.objects.create(person=desk.bob, type_code=1003, wish=Wish.DIGEST)
    Person.objects.filter(pk=call.user_id).update(is_analyst=False)
    Call.objects.filter(pk=call.pk).update(analyst=desk.bob)
    call.refresh_from_db()
    calls.add_note(call, actor=None, text=SECRET, channel=Channel.SYSTEM)
    digests.send_due(timezone.now() + dt.timedelta(days=2))


def paged(desk: Desk, call: Call) -> None:
    """Also a User who is among the members of a group, as one who was an analyst once."""
    NotificationSettings.objects.create(partition=desk.partition, internal=True, pager=True)
    for person, pager in ((desk.bob, "bob@pager.example"), (desk.ann, "ann@pager.example")):
        PersonNotices.objects.create(person=person, pager=pager, digest_at=dt.time(8))
        Membership.objects.get_or_create(group=desk.group, person=person)
    desk.group.email_analysts = True
    desk.group.save()
    cy = Person.objects.create(name="Cy", email="cy@desk.example", is_analyst=True, is_user=False)
    for text in (f"@bob {SECRET}", f"@ann {SECRET}"):
        calls.add_note(call, actor=cy, text=text, channel=Channel.PAGE)
    forward(call, deed(cy, SECRET), analyst=desk.bob)
    assert Message.objects.filter(channel="pager").exists()
    assert Notice.objects.exists()


def escalated(desk: Desk, call: Call) -> None:
    """To people of an agreement, of whom one is the User."""
    calendar = BusinessCalendar.objects.create(name="Office")
    agreement = Agreement.objects.create(name="Gold", calendar=calendar, breach_tells="agreement, entity")
    agreement.people.add(desk.ann, desk.bob)
    Target.objects.create(agreement=agreement, priority=call.priority, resolution_minutes=1)
    sync(call, timezone.now())
    due.escalate(timezone.now() + dt.timedelta(days=9))


def reported(desk: Desk, call: Call) -> None:
    """A mail among analysts comes back, with what it said; then others write, and are written to."""
    Call.objects.filter(pk=call.pk).update(analyst=desk.bob)
    call.refresh_from_db()
    calls.add_note(call, actor=None, text=SECRET, channel=Channel.SYSTEM)
    lost = Message.objects.get(type_code=1003, call=call)
    for proved in (True, False):
        raw = report(lost.message_id, "bob@desk.example", proved=proved)
        desk.receive(raw.replace(b"Subject: about it", f"Subject: {SECRET}\r\n\r\n{SECRET}".encode()))
    answered(desk, call)
    asked_for_status(desk, call)


def asked_to_approve(desk: Desk, call: Call) -> None:
    kind = RequestType.objects.create(name="Laptop", partition=desk.partition)
    how = {"kind": TaskKind.USER_APPROVAL, "approvers": (desk.ann,), "reminder_hours": 1}
    set_workflow(kind, [Step("Say yes", "yes", **how)])
    request = log_request(kind, user=desk.ann, subject="A laptop", deed=deed(desk.ann))
    subject = f"UPDATE REQUEST {request.pk}"
    desk.receive(mail("bob@desk.example", subject, f"{SECRET}: too dear\n", headers=AUTHENTICATED))
    update(request, deed(desk.bob, f"{SECRET}: too dear"))
    assert request.timeline.filter(text__contains=SECRET, internal=True).count() == 2
    task = log_task(call, Step("Agree", "agree", after=(), **how), deed(desk.bob, "Do you agree?"))
    update(task, deed(desk.bob, SECRET))
    due.remind_due(timezone.now() + dt.timedelta(hours=2))
    desk.receive(mail(subject=f"STATUS REQUEST {request.pk}", headers=AUTHENTICATED))
    desk.receive(mail(subject="REQUEST SUMMARY", headers=AUTHENTICATED))
    decide(Approval.objects.get(task__request=request), Verb.REJECT, deed(desk.ann, "No."))


def written_by_templates(desk: Desk, call: Call) -> None:
    kinds = (CALL_LOGGED, CALL_CLOSED, CALL_REOPENED)
    for kind in kinds:
        _use_template_with_all(kind)
    before = Message.objects.latest("pk").pk
    desk.receive(mail("eve@customer.example", "A new one", name="Eve"))
    eves = Call.objects.latest("pk")
    for own in (call, eves):
        calls.add_note(own, actor=desk.bob, text=f"@bob {SECRET}", channel=Channel.PAGE)
        closing.close(own, deed(desk.bob, "Done."))
        calls.add_note(own, actor=desk.bob, text=SECRET, channel=Channel.PAGE)
        closing.reopen(own, deed(desk.bob, "Not yet."))
    made = Message.objects.filter(pk__gt=before, template_version__isnull=False)
    assert set(made.values_list("type_code", flat=True)) == {kind.code for kind in kinds}
    assert all(b"All: " in render(message) for message in made)
    assert not Template.objects.exclude(trouble="").exists()


def _use_template_with_all(kind: MessageType) -> None:
    """Have a template write these mails that uses all it may reach, in each of its parts."""
    template = Template.objects.create(name=f"All of {kind.code}", type_code=kind.code)
    names = sorted(datum.name for datum in data_of(kind))
    every = " ".join(f"{name}={{{{ {name} }}}}" for name in names)
    version = save_version(
        template, "en", Sources(f"All: {every}", f"<p>All: {every}</p>", f"All: {every}"), by=None, by_name=""
    )
    save_rule(TemplateRule(type_code=kind.code, template=version.template, is_default=True))


ROUTES: list[Callable[[Desk, Call], None]] = [
    answered,
    asked_for_status,
    written_by_hand,
    closed_and_opened,
    handed_on,
    merged,
    digested,
    paged,
    escalated,
    reported,
    asked_to_approve,
    written_by_templates,
]


@pytest.mark.parametrize("language", ["", "de"], ids=["English", "German"])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__)
def test_what_is_said_among_analysts_stays_there(
    desk: Desk, call: Call, route: Callable[[Desk, Call], None], language: str
) -> None:
    Person.objects.update(language=language)
    desk.ann.refresh_from_db()
    before = Message.objects.count()
    route(desk, call)
    assert Message.objects.count() > before
    assert leaked() == []


OWN = [kind for kind in TYPES.values() if kind.audience not in (Audience.STAFF, Audience.SERVICE)]


TO_OTHERS = [
    answered,
    asked_for_status,
    written_by_hand,
    closed_and_opened,
    merged,
    reported,
    asked_to_approve,
]


@pytest.mark.parametrize("route", TO_OTHERS, ids=lambda route: route.__name__)
def test_it_stays_there_too_where_templates_write_all_that_they_may(
    desk: Desk, call: Call, route: Callable[[Desk, Call], None]
) -> None:
    for kind in OWN:
        _use_template_with_all(kind)
    route(desk, call)
    assert Message.objects.filter(template_version__isnull=False).exists()
    assert leaked() == []
    assert not Template.objects.exclude(trouble="").exists()


def test_the_search_finds_what_leaks(desk: Desk, call: Call) -> None:
    """Or the others could not fail."""
    calls.write_reply(call, author=desk.bob, text=SECRET, to=[("Ann", ANN)], cc=[], channel=Channel.PAGE)
    assert leaked() == ["1004 to {'ann@customer.example'}"]


@pytest.mark.parametrize("kind", [CALL_LOGGED, CALL_CLOSED, CALL_REOPENED], ids=lambda kind: kind.code)
@pytest.mark.parametrize("place", ["subject", "html", "text"])
@pytest.mark.parametrize(
    "name", ["notes", "timeline", "entries", "internal", "last_note", "message", "analyst", "call.timeline"]
)
def test_a_template_can_not_ask_for_what_is_not_offered(
    db: None, kind: MessageType, place: str, name: str
) -> None:
    template = Template.objects.create(name="Curious", type_code=kind.code)
    sources = Sources(**{"html": "<p>x</p>", place: f"x {{{{ {name} }}}}"})
    with pytest.raises(BadTemplate, match=r"There is no “|“call” has no “timeline”"):
        save_version(template, "en", sources, by=None, by_name="")
    assert not template.versions.exists()


def test_a_mail_among_analysts_is_not_sent_to_another_address(desk: Desk, call: Call) -> None:
    Call.objects.filter(pk=call.pk).update(analyst=desk.bob)
    call.refresh_from_db()
    calls.add_note(call, actor=None, text=SECRET, channel=Channel.SYSTEM)
    delivery = Message.objects.get(type_code=1003, call=call).deliveries.get()
    with pytest.raises(Refused, match="meant for analysts alone"):
        readdress(delivery, ANN, "Bob")
    assert readdress(delivery, "desk@desk.example", "Bob").recipient == "desk@desk.example"
    assert leaked() == []
