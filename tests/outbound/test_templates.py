"""Templates that administrators write: kept, chosen, gone back to, and what happens when one fails."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from types import SimpleNamespace

import pytest

from desks import Desk
from mailcall.desk.errors import Refused
from mailcall.desk.events import Origin, StateChanged
from mailcall.desk.models import Call, Channel, EntryKind, Partition, Person, TimelineEntry
from mailcall.outbound import template_map, template_use
from mailcall.outbound.message_types import CALL_CLOSED, CALL_LOGGED, CALL_NOTE_ADDED, CALL_RESOLVED
from mailcall.outbound.models import (
    Layout,
    Message,
    Template,
    TemplateChannel,
    TemplateRule,
    TemplateVersion,
)
from mailcall.outbound.notify import on_events
from mailcall.outbound.render import render
from mailcall.outbound.template_map import chosen
from mailcall.outbound.template_saving import (
    BadTemplate,
    add_file,
    go_back,
    lay_out,
    newest,
    remove_file,
    remove_rule,
    remove_template,
    save_layout,
    save_rule,
    save_version,
)
from mailcall.outbound.templating.checking import Sources
from mailcall.outbound.threads import new_message_id, signing_keys

pytestmark = pytest.mark.django_db(transaction=False)

BY = {"by": None, "by_name": "Ann"}
PIXEL = b"\x89PNG\r\n\x1a\n" + b"0" * 60


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is kept in memory that a test rolls back."""
    monkeypatch.setattr(template_map, "LOOK_EVERY", 0)
    yield
    template_map.forget()
    template_use.forget()


def template(code: int = CALL_CLOSED.code, name: str = "Ours", **more: object) -> Template:
    return Template.objects.create(name=name, type_code=code, **more)


def written(
    html: str = "<p>Bye {{ user }}</p>", *, subject: str = "", language: str = "en", **more: object
) -> TemplateVersion:
    own = more.pop("template", None) or template(**more)
    return save_version(own, language, Sources(subject, html), **BY)


def used(version: TemplateVersion, **conditions: object) -> TemplateRule:
    default = {"is_default": True} if not conditions else {}
    rule = TemplateRule(
        type_code=version.template.type_code, template=version.template, **default, **conditions
    )
    save_rule(rule)
    return rule


def message(desk: Desk, version: TemplateVersion | None = None, **more: object) -> Message:
    call = Call.objects.create(partition=desk.partition, subject="Ink", user=desk.user)
    return Message.objects.create(
        **{
            "type_code": CALL_CLOSED.code,
            "partition": desk.partition,
            "call": call,
            "correlation_id": "0" * 32,
            "message_id": new_message_id(call.pk, desk.partition.address, signing_keys()),
            "sender": ["IT", desk.partition.address],
            "to": [["Uma", "uma@customer.example"]],
            "subject": "[Call 1] Ink",
            "template_version": version,
            "data": {"call": 1, "thing": "call 1", "subject": "Ink", "user": "Uma", "partition": "IT"},
            **more,
        }
    )


@pytest.fixture
def desk(desk: Desk) -> SimpleNamespace:
    user = Person.objects.create(name="Uma", email="uma@customer.example", is_user=True)
    return SimpleNamespace(partition=desk.partition, user=user)


def html_of(message: Message) -> str:
    mail = message_from_bytes(render(message), policy=policy.default)
    return mail.get_body(("html",)).get_content()


def test_each_save_is_a_version_and_the_same_again_is_none() -> None:
    first = written()
    assert (first.number, first.made_by_name) == (1, "Ann")
    assert save_version(first.template, "en", Sources("", "<p>Bye {{ user }}</p>"), **BY) == first
    second = save_version(first.template, "en", Sources("", "<p>Ciao {{ user }}</p>"), **BY)
    assert second.number == 2
    first.refresh_from_db()
    assert first.html == "<p>Bye {{ user }}</p>"


def test_going_back_makes_a_new_version() -> None:
    first = written()
    save_version(first.template, "en", Sources("", "<p>Ciao</p>"), **BY)
    third = go_back(first, **BY)
    assert (third.number, third.html, third.why) == (3, first.html, "Back to version 1.")
    assert newest(first.template, "en") == third


def test_a_broken_template_is_not_kept() -> None:
    with pytest.raises(BadTemplate, match=r"HTML, line 1: There is no “usr”"):
        written("<p>{{ usr }}")
    assert TemplateVersion.objects.count() == 0


def test_a_template_that_is_used_is_chosen_at_once_and_no_more_when_it_is_taken_away(desk: Desk) -> None:
    version = written()
    assert chosen(CALL_CLOSED, desk.partition.pk).version_id is None
    rule = used(version)
    assert chosen(CALL_CLOSED, desk.partition.pk).version_id == version.pk
    remove_rule(rule)
    assert chosen(CALL_CLOSED, desk.partition.pk).version_id is None


def test_the_first_rule_that_fits_counts_and_the_default_last(desk: Desk) -> None:
    other = Partition.objects.create(name="HR", address="hr@desk.example")
    default = written(name="All")
    urgent, own = written(name="Urgent"), written(name="HR")
    used(default)
    used(urgent, priority=1, order=1)
    used(own, partition=other, order=2)
    assert chosen(CALL_CLOSED, desk.partition.pk, priority=1).version_id == urgent.pk
    assert chosen(CALL_CLOSED, other.pk, priority=1).version_id == urgent.pk
    assert chosen(CALL_CLOSED, other.pk, priority=3).version_id == own.pk
    assert chosen(CALL_CLOSED, desk.partition.pk, priority=3).version_id == default.pk


def test_a_rule_for_a_language_counts_for_what_is_more_particular(desk: Desk) -> None:
    german = written(language="de")
    used(german, language="de")
    assert chosen(CALL_CLOSED, desk.partition.pk, "de-AT").version_id == german.pk
    assert chosen(CALL_CLOSED, desk.partition.pk, "nl").version_id is None


@pytest.mark.parametrize(
    ("reader", "desks", "expected"),
    [
        ("de-AT", "en", "de"),
        ("de-CH", "en", "de-CH"),
        ("nl", "fr", "fr"),
        ("nl", "it", "en"),
        ("", "de", "de"),
    ],
)
def test_a_language_falls_back_to_the_desks_and_then_english(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, reader: str, desks: str, expected: str
) -> None:
    monkeypatch.setattr(template_map, "config", lambda: SimpleNamespace(language=desks))
    own = template()
    for language in ("en", "de", "de-CH", "fr"):
        save_version(own, language, Sources("", "<p>x"), **BY)
    used(newest(own, "en"))
    assert chosen(CALL_CLOSED, desk.partition.pk, reader).language == expected


def test_a_subject_of_ones_own_stands_behind_the_tag_and_is_no_command(desk: Desk) -> None:
    version = written(subject="{{ subject }}")
    used(version)
    choice = chosen(CALL_CLOSED, desk.partition.pk)
    as_usual = {"otherwise": "[Call 1] As usual", "tag": "[Call 1]"}
    assert choice.subject_for(CALL_CLOSED, {"subject": "Ink"}, **as_usual) == "[Call 1] Ink"
    assert choice.subject_for(CALL_CLOSED, {"subject": "CLOSE CALL 3"}, **as_usual) == "[Call 1] As usual"
    assert choice.subject_for(CALL_CLOSED, {}, **as_usual) == "[Call 1] As usual"


def test_a_mail_is_made_by_the_version_that_it_was_put_into_the_table_with(desk: Desk) -> None:
    first = written("<p>One {{ user }}</p>")
    mail = message(desk, first)
    before = render(mail)
    save_version(first.template, "en", Sources("", "<p>Two</p>"), **BY)
    assert render(mail) == before
    assert "One Uma" in html_of(mail)


def test_a_template_that_fails_later_has_the_built_in_one_sent_and_is_told_of(desk: Desk) -> None:
    version = written()
    TemplateVersion.objects.filter(pk=version.pk).update(html="{% for f in nothing %}")
    assert "your call is closed" in html_of(message(desk, version))
    own = version.template
    own.refresh_from_db()
    assert own.trouble.startswith("Expected tag endfor")
    assert own.trouble_at
    save_version(own, "en", Sources("", "<p>Mended</p>"), **BY)
    own.refresh_from_db()
    assert own.trouble == ""


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [("{{ subject", "What {{ begins"), ("{{ user | divided_by: 0 }}", "can't divide by 0")],
)
def test_a_subject_that_fails_later_is_told_of_and_the_usual_one_sent(
    desk: Desk, subject: str, sentence: str
) -> None:
    version = written(subject="{{ subject }}")
    used(version)
    TemplateVersion.objects.filter(pk=version.pk).update(subject=subject)
    template_map.forget()
    choice = chosen(CALL_CLOSED, desk.partition.pk)
    assert choice.subject_for(CALL_CLOSED, {"user": "Uma"}, otherwise="As usual") == "As usual"
    own = version.template
    own.refresh_from_db()
    assert sentence in own.trouble
    assert own.trouble_at


def test_an_image_goes_with_the_mail_that_shows_it(desk: Desk) -> None:
    own = template()
    with pytest.raises(BadTemplate, match="There is no image “logo” here"):
        written("<p><img src='cid:logo' alt='Us'>", template=own)
    file = add_file(own, "logo.png", PIXEL, cid="logo")
    version = written("<p><img src='cid:logo' alt='Us'>", template=own)
    mail = message_from_bytes(render(message(desk, version)), policy=policy.default)
    [image] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert (image["Content-ID"], image.get_content()) == ("<logo>", PIXEL)
    with pytest.raises(Refused, match="“logo” is shown in the en version"):
        remove_file(file)


@pytest.mark.parametrize(
    ("name", "data", "cid", "sentence"),
    [
        ("a.png", b"", "", "a.png is empty."),
        ("a.pdf", b"1" * (1024 * 1024 + 1), "", "a.pdf is too big"),
        ("a.exe", b"1", "logo", "no image that mail programs show"),
        ("a.png", b"1", "a b", "The name of an image is of letters"),
    ],
)
def test_a_file_that_can_not_go_along_is_refused(name: str, data: bytes, cid: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        add_file(template(), name, data, cid=cid)


def test_a_layout_stands_around_its_templates_and_a_change_makes_new_versions(desk: Desk) -> None:
    layout = Layout(name="House", html="<body>Head{{ content }}</body>", text="Head {{ content }}")
    save_layout(layout, **BY)
    first = written(template=template(layout=layout))
    assert "Head<p" in html_of(message(desk, first))
    layout.html = "<body>New head{{ content }}</body>"
    save_layout(layout, **BY)
    second = newest(first.template, "en")
    assert (second.number, second.why) == (2, "Layout: House.")
    assert "New head<p" in html_of(message(desk, second))
    lay_out(first.template, None, **BY)
    assert "prefers-color-scheme" in html_of(message(desk, newest(first.template, "en")))


def test_a_layout_that_would_break_a_template_changes_nothing() -> None:
    layout = Layout(name="House", html="<body>{{ content }}</body>")
    save_layout(layout, **BY)
    written(template=template(layout=layout))
    layout.html = "<body>{{ content }}{{ hours }}</body>"  # of another message type
    with pytest.raises(BadTemplate, match="HTML of the layout, line 1: There is no “hours”"):
        save_layout(layout, **BY)
    layout.refresh_from_db()
    assert "hours" not in layout.html


def test_a_template_is_only_used_for_types_that_have_its_data() -> None:
    version = written("<p>{{ hours }}</p>", code=CALL_RESOLVED.code)
    with pytest.raises(BadTemplate, match="There is no “hours”"):
        save_rule(TemplateRule(type_code=CALL_LOGGED.code, template=version.template))
    with pytest.raises(Refused, match="There is no message type 4711"):
        save_rule(TemplateRule(type_code=4711, template=version.template))
    with pytest.raises(Refused, match="says nothing yet"):
        save_rule(TemplateRule(type_code=CALL_LOGGED.code, template=template(name="Empty")))


def test_there_is_one_default_of_a_type_and_channel() -> None:
    used(written(name="One"))
    used(written(name="Two"))
    short = template(name="Short", channel=TemplateChannel.PAGER)
    used(save_version(short, "en", Sources(text="Closed: {{ subject }}"), **BY))
    assert [rule.template.name for rule in TemplateRule.objects.order_by("pk")] == ["Two", "Short"]


def test_a_template_by_which_mails_were_made_stays(desk: Desk) -> None:
    version = written()
    rule = used(version)
    with pytest.raises(Refused, match="is in use"):
        remove_template(version.template)
    remove_rule(rule)
    mail = message(desk, version)
    with pytest.raises(Refused, match="Mails were made by"):
        remove_template(version.template)
    mail.delete()
    remove_template(version.template)
    assert not Template.objects.exists()


def test_a_short_text_for_a_pager_is_one_line(desk: Desk) -> None:
    short = template(CALL_NOTE_ADDED.code, channel=TemplateChannel.PAGER)
    version = save_version(short, "en", Sources(text="Note:\n{{ subject }}"), **BY)
    mail = message(desk, version, channel="pager")
    assert template_use.short_text(mail, CALL_NOTE_ADDED, mail.data) == "Note: Ink"


@pytest.mark.parametrize(("own", "said"), [("", "de"), ("en", "en"), ("fr", "en")])
def test_a_reader_without_a_language_has_that_of_the_partition(
    desk: SimpleNamespace, own: str, said: str
) -> None:
    Partition.objects.filter(pk=desk.partition.pk).update(language="de-CH")
    Person.objects.filter(pk=desk.user.pk).update(language=own)
    call = Call.objects.create(
        partition_id=desk.partition.pk, subject="Ink", user=Person.objects.get(pk=desk.user.pk)
    )
    entry = TimelineEntry.objects.create(call=call, kind=EntryKind.STATE, channel=Channel.PAGE, text="Closed")
    on_events([StateChanged(call, entry, Origin("0" * 32, None))])
    assert Message.objects.get().language == said


def test_a_user_who_reads_german_is_written_to_in_german(desk: SimpleNamespace) -> None:
    Person.objects.filter(pk=desk.user.pk).update(language="de-AT")
    call = Call.objects.create(
        partition=desk.partition, subject="Ink", user=Person.objects.get(pk=desk.user.pk)
    )
    entry = TimelineEntry.objects.create(call=call, kind=EntryKind.STATE, channel=Channel.PAGE, text="Closed")
    on_events([StateChanged(call, entry, Origin("0" * 32, None))])
    mail = Message.objects.get()
    assert (mail.language, mail.template_version) == ("de", None)
    assert "Guten Tag Uma" in html_of(mail)
