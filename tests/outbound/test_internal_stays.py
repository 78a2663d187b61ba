"""What is said among analysts never leaves: every route by which mail goes to others is tried."""

import datetime as dt
import json
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from desks import AUTHENTICATED, Desk, mail, reply_to
from mailcall.desk import call_handling, calls, closing, surveys
from mailcall.desk.call_relations import merge
from mailcall.desk.errors import Refused
from mailcall.desk.handling import forward, update
from mailcall.desk.models import (
    Attachment,
    Call,
    Channel,
    Content,
    EntryKind,
    Person,
    RequestType,
    TaskKind,
    TimelineEntry,
)
from mailcall.desk.requests import log_request
from mailcall.desk.work import by
from mailcall.desk.workflows import Step, set_workflow
from mailcall.inbound.correspondents import correspondents
from mailcall.outbound import digests, drafts, sending, template_map, template_use
from mailcall.outbound.message_types import CALL_CLOSED, CALL_LOGGED, CALL_REOPENED, MessageType
from mailcall.outbound.models import (
    Message,
    NotificationSettings,
    OccasionSetting,
    PersonChoice,
    Template,
    TemplateRule,
    Wish,
)
from mailcall.outbound.readdressing import readdress
from mailcall.outbound.render import render
from mailcall.outbound.template_saving import BadTemplate, save_rule, save_version
from mailcall.outbound.templating.checking import Sources
from mailcall.outbound.templating.data import data_of

ANN, SECRET = "ann@customer.example", "Zauberwort"
AMONG_US = {"bob@desk.example", "desk@desk.example", "cy@desk.example"}


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
    for kind in ("reply", "reply_all", "forward"):
        draft = drafts.begin(desk.bob, call, kind, answers=first, between=correspondents(first))
        typed = {"to": "dan@customer.example", "text": draft.text + "\nHello"}
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


def asked_to_approve(desk: Desk, call: Call) -> None:
    kind = RequestType.objects.create(name="Laptop", partition=desk.partition)
    step = Step("Say yes", "yes", kind=TaskKind.USER_APPROVAL, approvers=(desk.ann,))
    set_workflow(kind, [step])
    request = log_request(kind, user=desk.ann, subject="A laptop", deed=deed(desk.ann))
    update(request, deed(desk.bob, f"{SECRET}: too dear"))
    TimelineEntry.objects.filter(request=request, text__contains=SECRET).update(internal=True)
    desk.receive(mail(subject=f"STATUS REQUEST {request.pk}", headers=AUTHENTICATED))
    desk.receive(mail(subject="REQUEST SUMMARY", headers=AUTHENTICATED))


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
    assert all(b"All: subject=" in render(message) for message in made)
    assert not Template.objects.exclude(trouble="").exists()


def _use_template_with_all(kind: MessageType) -> None:
    """Have a template write these mails that uses all it may reach, in each of its parts."""
    template = Template.objects.create(name=f"All of {kind.code}", type_code=kind.code)
    names = sorted(datum.name for datum in data_of(kind))
    every = " ".join(f"{name}={{{{ {name} }}}}" for name in ["subject", *names])
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
    asked_to_approve,
    written_by_templates,
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__)
def test_what_is_said_among_analysts_stays_there(
    desk: Desk, call: Call, route: Callable[[Desk, Call], None]
) -> None:
    before = Message.objects.count()
    route(desk, call)
    assert Message.objects.count() > before
    assert leaked() == []


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
