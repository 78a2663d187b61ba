"""The pages on which analysts write mails: what is shown before they send, and what is never lost."""

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from mailcall.desk import calls
from mailcall.desk.models import Channel, Grant, Group, Organisation, Person, Right, Role, TimelineEntry
from mailcall.outbound.models import Delivery, Draft, Message, Snippet, Template, TemplateRule
from mailcall.web.logins import set_password
from mailcall.web.models import Login

PASSWORD = "correct horse battery"


@pytest.fixture
def superuser(client, db):
    """A browser in which an administrator is signed in."""
    client.force_login(Login.objects.create(username="root@desk.example", is_superuser=True))
    return client


@pytest.fixture
def draft(analyst, call) -> Draft:
    """A draft to the User, with some words."""
    post(analyst, "write", "call", call.pk, to="uma@example.com", text="Try it now.", do="more")
    return Draft.objects.get()


def post(browser, page, *args, **data):
    return browser.post(reverse(f"web:{page}", args=args), data)


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    return re.findall(rf'name="{name}" value="([^"]*)"', page)[-1]


def readers_of(browser, call, **typed) -> str:
    """Whom the page of a call shows that a mail would go to."""
    return browser.get(reverse("web:write-readers", args=["call", call.pk]), typed).content.decode()


def send_at_once(browser, call, **typed):
    """Press Send below the few fields on the page of a call, having seen whom it goes to."""
    to_whom = {name: typed[name] for name in ("to", "cc") if name in typed}
    seen = field(readers_of(browser, call, **to_whom), "seen")
    return post(browser, "write", "call", call.pk, do="send", seen=seen, **typed)


def page_of(browser, draft) -> str:
    return browser.get(reverse("web:draft", args=[draft.pk])).content.decode()


def edit(browser, draft, do: str, **more):
    """Press a button of the page, with what its fields have."""
    page = page_of(browser, draft)
    draft.refresh_from_db()
    shown = {name: getattr(draft, name) for name in ("to", "cc", "bcc", "subject", "text")}
    hidden = {name: field(page, name) for name in ("version", "tab", "seen", "sender")}
    return post(browser, "draft", draft.pk, do=do, **{**hidden, **shown, **more})


def test_a_mail_is_written_from_the_page_of_a_call_and_can_be_taken_back(analyst, call):
    answer = send_at_once(analyst, call, to="uma@example.com", text="Try it now.")
    assert answer["Location"] == f"/calls/{call.pk}/#reply"
    message = Message.objects.get()
    assert message.subject == f"[Call {call.pk}] Printer jams"
    assert message.deliveries.get().due_at > timezone.now() + dt.timedelta(seconds=5)
    page = analyst.get(reverse("web:call", args=[call.pk])).content.decode()
    assert "Try it now." in page
    assert "The mail leaves in 15 seconds." in page
    draft = Draft.objects.get()
    answer = post(analyst, "draft-undo", draft.pk)
    assert answer["Location"] == reverse("web:draft", args=[draft.pk])
    assert "Try it now." in page_of(analyst, draft)
    page = analyst.get(reverse("web:call", args=[call.pk])).content.decode()
    assert "took it back before it left" in page
    assert "Your drafts" in page


@pytest.mark.parametrize(
    ("data", "sentence", "kept"),
    [
        ({"to": "uma@", "text": "Hello there"}, "“uma@” is not an email address.", "Hello there"),
        ({"to": "", "text": "Hello there"}, "Name at least one address.", "Hello there"),
        ({"to": "a@b.example", "text": "  "}, "A mail needs some text.", "a@b.example"),
        ({"to": "a@b.example", "cc": "x", "text": "Hi you"}, "“x” is not an email address.", "Hi you"),
        ({"to": "a@b.example", "text": "long " * 20_001}, "longer than a mail may be", "Subject"),
    ],
)
def test_bad_input_gives_a_sentence_and_loses_nothing(analyst, call, data, sentence, kept):
    answer = send_at_once(analyst, call, **data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert kept in page
    assert not Message.objects.exists()


def test_whom_it_leaves_to_is_shown_before_it_is_sent(analyst, draft):
    Person.objects.create(name="Lea Left", email="lea@example.com", active=False)
    page = edit(analyst, draft, "send", cc="new@example.com").content.decode()
    assert "Look at whom this mail goes to" in page  # it was changed since it was shown
    assert "not on record" in page
    assert not Message.objects.exists()
    page = edit(analyst, draft, "save", bcc="lea@example.com")
    page = page_of(analyst, draft)
    assert "They have left. No mail can go there." in page
    assert "Lea Left: They have left." in edit(analyst, draft, "send").content.decode()
    edit(analyst, draft, "save", bcc="")
    assert edit(analyst, draft, "send").status_code == 302
    assert Delivery.objects.count() == 2


def test_the_page_saves_by_itself_and_says_who_reads_it(analyst, draft):
    address = reverse("web:draft", args=[draft.pk])
    page = page_of(analyst, draft)
    data = {
        "version": field(page, "version"),
        "tab": field(page, "tab"),
        "text": "More words",
        "to": "x, uma@example.com",
    }
    answer = analyst.post(address, data, headers={"HX-Request": "true"})
    part = answer.content.decode()
    assert "Saved at" in part
    assert "Uma User" in part
    assert "“x” is not an email address." in part
    draft.refresh_from_db()
    assert (draft.text, draft.subject) == (
        "More words",
        "[Call 1] Printer jams".replace("1", str(draft.call_id)),
    )
    again = analyst.post(address, {**data, "text": "Still more"}, headers={"HX-Request": "true"})
    assert "Saved at" in again.content.decode()  # the same tab goes on, though it missed the answer


def test_another_tab_overwrites_nothing_unseen(analyst, draft):
    first, second = page_of(analyst, draft), page_of(analyst, draft)
    forms = [{name: field(page, name) for name in ("version", "tab", "seen")} for page in (first, second)]
    post(analyst, "draft", draft.pk, do="save", **forms[0], text="From the first")
    answer = post(analyst, "draft", draft.pk, do="send", **forms[1], text="From the second")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "changed in another tab" in page
    assert "From the second" in page
    draft.refresh_from_db()
    assert draft.text == "From the first"
    part = analyst.post(
        reverse("web:draft", args=[draft.pk]),
        {**forms[1], "text": "From the second"},
        headers={"HX-Request": "true"},
    )
    assert "Keep both" in part.content.decode()
    made = post(analyst, "draft", draft.pk, do="copy", **forms[1], text="From the second")
    other = Draft.objects.latest("pk")
    assert made["Location"] == reverse("web:draft", args=[other.pk])
    assert {d.text for d in Draft.objects.all()} == {"From the first", "From the second"}
    post(analyst, "draft", draft.pk, do="overwrite", **forms[1], text="From the second")
    draft.refresh_from_db()
    assert draft.text == "From the second"


def test_people_groups_and_organisations_are_found_and_put_in(analyst, draft, template):
    company = Organisation.objects.create(name="Vendor Inc")
    for name in ("Vera", "Vic"):
        Person.objects.create(name=name, email=f"{name.lower()}@vendor.example", organisation=company)
    Person.objects.create(name="Vanished", email="v@vendor.example", organisation=company, active=False)
    Group.objects.create(name="Vendors", addresses="vendors@desk.example; more@desk.example")
    page = edit(analyst, draft, "find", find="ven").content.decode()
    assert "an organisation, 2 addresses" in page
    assert "a group, 2 addresses" in page
    assert "Vanished" not in page
    edit(analyst, draft, "add:cc:Vera &lt;vera@vendor.example&gt;".replace("&lt;", "<").replace("&gt;", ">"))
    draft.refresh_from_db()
    assert draft.cc == "Vera <vera@vendor.example>"
    part = analyst.post(
        reverse("web:draft", args=[draft.pk]),
        {"version": draft.version, "find": "nobody at all", "do": "find"},
        headers={"HX-Request": "true"},
    )
    assert "Nobody is found" in part.content.decode()


def test_files_are_attached_from_disk_and_from_the_call(analyst, draft, attach, mail_in):
    offered = attach("photo.png", "image/png", b"\x89PNG")
    secret = attach("inside.png", "image/png", b"\x89PNG2", inline=True)
    edit(
        analyst,
        draft,
        "attach",
        files=[SimpleUploadedFile("plan.txt", b"one")],
        entity_file=[offered.pk, secret.pk],
    )
    assert sorted(file.name for file in draft.files.all()) == ["photo.png", "plan.txt"]
    answer = edit(analyst, draft, "attach", files=[SimpleUploadedFile("big.bin", b"\0" * (15 * 2**20 + 1))])
    assert answer.status_code == 422
    assert "15 MB is the most" in answer.content.decode()
    assert "Choose a file first." in edit(analyst, draft, "attach").content.decode()
    edit(analyst, draft, f"detach:{draft.files.get(name='plan.txt').pk}")
    edit(analyst, draft, "send", files=[SimpleUploadedFile("last.txt", b"two")])
    entry = Message.objects.get().entry
    assert [file.name for file in entry.attachments.all()] == ["photo.png", "last.txt"]


def test_a_text_is_put_in_above_the_quote(analyst, draft, partition):
    snippet = Snippet.objects.create(name="Restart", text="Please start it anew.", partition=partition)
    draft.text = "Hello,\n\nOn Monday, Uma wrote:\n> It jams."
    draft.save()
    edit(analyst, draft, "insert", snippet=snippet.pk)
    draft.refresh_from_db()
    assert draft.text == "Hello,\n\nPlease start it anew.\n\nOn Monday, Uma wrote:\n> It jams."
    assert "Choose a text" in edit(analyst, draft, "insert", snippet="99999").content.decode()


@pytest.fixture
def ready(db) -> Template:
    """A template for mails that are written by hand, in two languages."""
    made = Template.objects.create(name="Ask for more", type_code=1004)
    for language, hello in (("en", "Dear"), ("de", "Guten Tag")):
        made.versions.create(
            language=language,
            number=1,
            subject=f"{hello}: {{{{ subject }}}}",
            html=f"<p>{hello} {{{{ user }}}},</p><p>{{{{ thing }}}} {{{{ text }}}}</p>",
            made_by_name="Root",
        )
    return made


def test_a_template_is_put_in_filled_and_can_be_changed_before_it_is_sent(analyst, call, draft, ready):
    Draft.objects.update(text="It is this.\n\nOn Monday, Uma wrote:\n> It jams.")
    assert "Ask for more" in page_of(analyst, draft)
    edit(analyst, draft, "template", template=ready.pk)
    draft.refresh_from_db()
    said = f"Dear {call.user.name},\n\ncall {call.pk}"
    assert draft.text == f"It is this.\n\n{said}\n\nOn Monday, Uma wrote:\n> It jams."
    assert draft.subject == f"Dear: {call.subject}"
    edit(analyst, draft, "send", text=f"{said} waits.")
    assert Message.objects.get().data["text"] == f"{said} waits."
    assert Message.objects.get().subject == f"[{call}] Dear: {call.subject}"


def test_a_template_speaks_the_language_of_who_is_written_to(analyst, call, draft, ready):
    Person.objects.filter(pk=call.user.pk).update(language="de-AT")
    edit(analyst, draft, "template", template=ready.pk, subject="My own")
    draft.refresh_from_db()
    assert f"Guten Tag {call.user.name}" in draft.text
    assert f"Meldung {call.pk}" in draft.text
    assert draft.subject == "My own"


def test_a_template_that_stands_around_each_mail_or_is_for_others_is_not_offered(analyst, draft, ready):
    TemplateRule.objects.create(type_code=1004, template=ready, is_default=True)
    other = Template.objects.create(name="Goodbye", type_code=1006)
    other.versions.create(language="en", number=1, html="<p>Bye</p>", made_by_name="Root")
    page = page_of(analyst, draft)
    assert "Ask for more" not in page
    assert "Goodbye" not in page
    for wrong in (ready.pk, other.pk, 99_999, "x", ""):
        answer = edit(analyst, draft, "template", template=wrong)
        assert answer.status_code == 422
        assert "Choose a template." in answer.content.decode()


def test_a_template_that_fails_says_so_and_what_was_typed_is_kept(analyst, draft, ready):
    ready.versions.update(html="{% for a in (1..9000) %}{{ user }}{% endfor %}")
    answer = edit(analyst, draft, "template", template=ready.pk, text="Typed just now.")
    assert answer.status_code == 422
    assert "The template Ask for more can&#x27;t be put in" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.text == "Typed just now."
    ready.refresh_from_db()
    assert ready.trouble


def test_words_that_would_make_a_mail_too_long_are_not_put_in(analyst, draft, ready):
    ready.versions.update(html="<p>{{ user }} comes.</p>")
    answer = edit(analyst, draft, "template", template=ready.pk, text="x" * 99_995)
    assert "longer than 100,000 characters" in answer.content.decode()
    draft.refresh_from_db()
    assert len(draft.text) == 99_995


def test_a_template_tells_nothing_internal(analyst, call, draft, ready):
    calls.add_note(call, actor=None, text="SECRET", channel=Channel.SYSTEM)
    ready.versions.update(html="<p>x{{ text }}{{ quote }}{{ files }}{{ whom }}{{ call.timeline }}</p>")
    edit(analyst, draft, "template", template=ready.pk)
    draft.refresh_from_db()
    assert draft.text == "Try it now.\n\nx"


def test_a_text_is_filled_and_one_that_fails_says_so(analyst, call, draft):
    text = Snippet.objects.create(name="Restart", text="{{ user }}, {{ thing }}: {{ writer }} asks {{ due }}")
    edit(analyst, draft, "insert", snippet=text.pk)
    draft.refresh_from_db()
    assert draft.text.endswith(f"{call.user.name}, call {call.pk}: {draft.author.name} asks")
    Snippet.objects.update(text="{{ user")
    answer = edit(analyst, draft, "insert", snippet=text.pk)
    assert answer.status_code == 422
    assert "The text Restart can&#x27;t be put in" in answer.content.decode()


@pytest.mark.parametrize("text", ["Dear {{ user", "{% if %}", "{{ usr }}", "{{ user | shout }}"])
def test_a_text_that_could_not_be_filled_is_not_kept(superuser, text):
    answer = post(superuser, "snippet-new", name="Hello", text=text)
    assert answer.status_code == 422
    assert "Line 1" in answer.content.decode()
    assert not Snippet.objects.exists()


def test_a_text_may_have_what_only_mails_about_tasks_have(superuser):
    post(superuser, "snippet-new", name="Due", text="It is due {{ due }}.")
    assert Snippet.objects.get().name == "Due"


def test_a_mail_is_answered_and_forwarded_from_the_timeline(analyst, call, mail_in, received):
    page = analyst.get(reverse("web:call", args=[call.pk])).content.decode()
    assert "Reply to all" in page
    for kind in ("reply", "reply_all", "forward"):
        answer = post(analyst, "entry-answer", mail_in.pk, kind=kind)
        page = analyst.get(answer["Location"]).content.decode()
        assert "The printer jams." in page
    assert post(analyst, "entry-answer", mail_in.pk, kind="steal").status_code == 404
    TimelineEntry.objects.filter(pk=mail_in.pk).update(internal=True)
    post(analyst, "entry-answer", mail_in.pk, kind="reply")
    assert Draft.objects.count() == 3


def test_a_mail_leaves_later_by_its_author_s_clock(analyst, draft, ann):
    ann.time_zone = "Asia/Tokyo"
    ann.save()
    for wrong, sentence in (
        ("2020-01-01T09:00", "is past"),
        ("soon", "Give a day and a time"),
        ("", "Give a day"),
    ):
        answer = edit(analyst, draft, "later", send_at=wrong)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    day = (timezone.now() + dt.timedelta(days=3)).date()
    edit(analyst, draft, "later", send_at=f"{day}T09:00")
    draft.refresh_from_db()
    assert draft.send_at == dt.datetime.combine(day, dt.time(0), dt.UTC)
    page = page_of(analyst, draft)
    assert "at 09:00 JST" in page
    assert f'value="{day}T09:00"' in page
    post(analyst, "draft", draft.pk, do="later", send_at=f"{day}T10:00")
    assert "at 10:00 JST" in page_of(analyst, draft)
    assert "leaves " in analyst.get(reverse("web:drafts")).content.decode()
    post(analyst, "draft", draft.pk, do="stop")
    draft.refresh_from_db()
    assert draft.send_at is None
    assert not Message.objects.exists()


def test_drafts_are_for_their_author_only(analyst, draft, client, partition):
    assert "Printer jams" in analyst.get(reverse("web:drafts")).content.decode()
    other = Person.objects.create(name="Olaf", email="olaf@desk.example", is_analyst=True)
    client.force_login(set_password(other, PASSWORD), backend="django.contrib.auth.backends.ModelBackend")
    for page in ("draft", "draft-undo"):
        assert post(client, page, draft.pk, do="discard").status_code in {403, 404}
    assert "Printer jams" not in client.get(reverse("web:drafts")).content.decode()
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_who_may_only_view_writes_nothing(client, call, mail_in, partition):
    viewer = Person.objects.create(name="Vi", email="vi@desk.example", is_analyst=True)
    Grant.objects.filter(person=viewer).delete()
    role = Role.objects.create(name="Viewer", rights=[Right.VIEW])
    Grant.objects.create(role=role, person=viewer)
    client.force_login(set_password(viewer, PASSWORD), backend="django.contrib.auth.backends.ModelBackend")
    assert post(client, "write", "call", call.pk, to="a@b.example", text="x").status_code == 403
    assert post(client, "entry-answer", mail_in.pk, kind="reply").status_code == 403
    assert not Draft.objects.exists()


def test_a_draft_is_thrown_away(analyst, draft):
    assert edit(analyst, draft, "discard")["Location"] == f"/calls/{draft.call_id}/"
    assert not Draft.objects.exists()
    assert post(analyst, "draft", draft.pk, do="send").status_code == 404


def test_there_is_nothing_to_write_about_elsewhere(analyst, call):
    assert post(analyst, "write", "person", call.pk).status_code == 404
    assert post(analyst, "write", "call", 10**9).status_code == 404


def test_texts_are_written_by_administrators(analyst):
    Snippet.objects.create(name="Restart", text="Please start it anew.")
    assert "Please start it anew." in analyst.get(reverse("web:snippets")).content.decode()
    assert post(analyst, "snippet-new", name="Mine", text="x").status_code == 403


def test_a_text_needs_a_name_of_its_own(superuser):
    answer = post(superuser, "snippet-new", name="", language="klingon", text=" ")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "It needs a name" in page
    assert "is no language" in page
    assert "It needs some text." in page
    post(superuser, "snippet-new", name="Restart", language="de", text="Bitte neu starten.")
    snippet = Snippet.objects.get()
    assert (
        "There is a text with this name."
        in post(superuser, "snippet-new", name="Restart", text="x").content.decode()
    )
    post(superuser, "snippet", snippet.pk, name="Restart", text="Neu.")
    assert Snippet.objects.get().text == "Neu."
    post(superuser, "snippet-remove", snippet.pk)
    assert not Snippet.objects.exists()


def test_the_page_of_a_call_shows_whom_a_mail_goes_to_before_it_is_sent(analyst, call):
    Person.objects.create(name="Lea Left", email="lea@example.com", active=False)
    shown = readers_of(
        analyst, call, to="Uma User <uma@example.com>, x", cc="lea@example.com, new@example.com"
    )
    for words in ("the User", "They have left.", "not on record", "“x” is not an email address."):
        assert words in shown


def test_what_was_not_seen_is_not_sent_but_shown_with_its_readers(analyst, call):
    for seen in ("", field(readers_of(analyst, call, to="uma@example.com"), "seen")):
        answer = post(
            analyst, "write", "call", call.pk, to="uma@example.com", cc="new@example.com", text="Hello",
            do="send", seen=seen,
        )  # fmt: skip
        assert answer.status_code == 422
        assert "Look at whom this mail goes to" in answer.content.decode()
        assert "new@example.com" in answer.content.decode()
    assert not Message.objects.exists()


def test_readers_are_shown_to_whom_may_write(client, analyst, call):
    assert analyst.get(reverse("web:write-readers", args=["person", call.pk])).status_code == 404
    assert analyst.post(reverse("web:write-readers", args=["call", call.pk])).status_code == 405
    client.logout()
    assert client.get(reverse("web:write-readers", args=["call", call.pk])).status_code == 302


def test_a_form_that_is_sent_twice_sends_one_mail(analyst, call):
    mail = {"to": "uma@example.com", "text": "Try it now."}
    before = Message.objects.count()
    for _ in range(2):
        assert send_at_once(analyst, call, **mail).status_code == 302
    assert Message.objects.count() == before + 1
    assert "it is not sent once more" in analyst.get(reverse("web:call", args=[call.pk])).content.decode()
    send_at_once(analyst, call, **{**mail, "text": "And this."})
    assert Message.objects.count() == before + 2
