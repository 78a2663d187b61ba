"""The pages of message types, templates and layouts."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mailcall.desk.models import Person
from mailcall.outbound import template_map, template_use
from mailcall.outbound.models import (
    Delivery,
    Layout,
    Message,
    Template,
    TemplateChannel,
    TemplateFile,
    TemplateRule,
    TemplateVersion,
    TypeName,
)
from mailcall.outbound.occasions import by_entity
from mailcall.outbound.render import render
from mailcall.web.models import Login


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(template_map, "LOOK_EVERY", 0)
    yield
    template_map.forget()
    template_use.forget()


@pytest.fixture
def administrator(client, db):
    person = Person.objects.create(name="Root", email="root@desk.example", is_analyst=True)
    client.force_login(Login.objects.create(username=person.email, is_superuser=True, person=person))
    return client


@pytest.fixture
def ours(db):
    return Template.objects.create(name="Ours", type_code=1006)


def text_of(answer):
    return answer.content.decode()


def save(client, ours, html="<p>Bye {{ user }}</p>", *, language="en", **more):
    address = reverse("web:template", args=[ours.pk])
    return client.post(address, {"language": language, "html": html, "subject": "", "text": "", **more})


def test_all_message_types_are_listed_with_what_writes_them(administrator, ours):
    save(administrator, ours)
    administrator.post(reverse("web:message-type", args=[1006]), rule(ours))
    page = text_of(administrator.get(reverse("web:message-types")))
    assert all(f"{kind.code} " in page for kinds in by_entity().values() for kind in kinds)
    assert "Ours" in page


def rule(ours, **more):
    empty = dict.fromkeys(("partition", "language", "priority", "group"), "")
    values = {"template": ours.pk, "order": 10, **empty}
    return {**values, **({} if more else {"is_default": "on"}), **more}


def test_only_administrators_see_templates(analyst, ours):
    for name, argument in (
        ("message-types", []),
        ("message-type", [1006]),
        ("template", [ours.pk]),
        ("layouts", []),
    ):
        assert analyst.get(reverse(f"web:{name}", args=argument)).status_code == 403
    assert save(analyst, ours).status_code == 403


def test_a_message_type_is_renamed_everywhere_and_called_as_before_again(administrator, call):
    address = reverse("web:message-type-name", args=[1006])
    administrator.post(address, {"name": "Bye"})
    assert "1006 Bye" in text_of(administrator.get(reverse("web:message-type", args=[1006])))
    assert template_map.name_of(1006) == "1006 Bye"
    administrator.post(address, {"name": "x" * 200})
    assert TypeName.objects.get().name == "Bye"
    administrator.post(address, {"name": ""})
    assert template_map.name_of(1006) == "1006 Call - Closed"


def test_a_template_begins_with_what_mailcall_says(administrator):
    address = reverse("web:template-new", args=[1006])
    answer = administrator.post(address, {"name": "Ours", "channel": "email", "layout": "", "language": "de"})
    page = text_of(administrator.get(answer.url))
    assert "Ihre Meldung ist abgeschlossen" in page
    assert (
        administrator.post(address, {"name": "Ours", "channel": "email", "language": "de"}).status_code == 422
    )
    bad = administrator.post(address, {"name": "Mine", "channel": "email", "language": "ä ö"})
    assert "is no language" in text_of(bad)


def test_what_is_saved_is_a_version_and_what_is_wrong_is_said_and_kept_typed(administrator, ours):
    assert save(administrator, ours).status_code == 302
    assert TemplateVersion.objects.get().made_by_name == "Root"
    answer = save(administrator, ours, "<p>{{ usr }}</p>")
    assert answer.status_code == 422
    assert "There is no “usr” in this message type. Did you mean “user”" in text_of(answer)
    assert "{{ usr }}" in text_of(answer)
    assert TemplateVersion.objects.count() == 1


def test_a_template_is_used_by_a_rule_and_taken_away(administrator, ours):
    page = administrator.post(reverse("web:message-type", args=[1006]), rule(ours))
    assert "says nothing yet" in text_of(page)
    save(administrator, ours)
    assert administrator.post(reverse("web:message-type", args=[1006]), rule(ours)).status_code == 302
    page = administrator.post(reverse("web:message-type", args=[1006]), rule(ours, order=3))
    assert "Give a condition" in text_of(page)
    page = administrator.post(
        reverse("web:message-type", args=[1006]), rule(ours, is_default="on", priority=1)
    )
    assert "leave those empty" in text_of(page)
    [made] = TemplateRule.objects.all()
    administrator.post(reverse("web:template-rule-remove", args=[made.pk]))
    assert not TemplateRule.objects.exists()


def preview(client, ours, html="<p>Bye {{ user }}</p>", **more):
    address = reverse("web:template-preview", args=[ours.pk])
    return client.post(address, {"language": "en", "html": html, "subject": "", "text": "", **more})


def test_a_preview_shows_a_real_call_wide_narrow_dark_and_as_text(administrator, ours, call):
    answer = preview(administrator, ours, "<p>Bye {{ user }}: {{ subject }}</p>", number=call.pk)
    page = text_of(answer)
    assert f"Bye {call.user}: {call.subject}" in page.replace("&lt;", "<")
    assert page.count("srcdoc=") == 3
    assert "sandbox" in page
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not TemplateVersion.objects.exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"number": "999999"}, "There is no call 999999."),
        ({"number": "x"}, "the number is none"),
        ({"number": "9" * 40}, "the number is none"),
        ({"html": "{% if"}, "does not end"),
        ({"html": "<p>x", "subject": "CLOSE CALL 1"}, "is a command"),
    ],
)
def test_a_preview_of_what_is_wrong_says_so(administrator, ours, values, sentence):
    assert sentence in text_of(preview(administrator, ours, **values))


def test_a_test_is_sent_to_whoever_is_signed_in(administrator, ours, call):
    address = reverse("web:template-test", args=[ours.pk])
    administrator.post(address, {"language": "en", "number": ""})
    assert not Message.objects.exists()
    save(administrator, ours, subject="Closed: {{ subject }}")
    administrator.post(address, {"language": "en", "number": call.pk})
    [delivery] = Delivery.objects.all()
    assert delivery.recipient == "root@desk.example"
    assert delivery.message.subject == f"Test: Closed: {call.subject}"
    assert f"Bye {call.user}" in render(delivery.message).decode()


def test_versions_are_compared_and_gone_back_to(administrator, ours):
    save(administrator, ours)
    save(administrator, ours, "<p>Ciao {{ user }}</p>")
    first, second = TemplateVersion.objects.order_by("number")
    page = text_of(administrator.get(reverse("web:template-version", args=[second.pk])))
    assert '<div class="gone">-&lt;p&gt;Bye' in page
    assert '<div class="added">+&lt;p&gt;Ciao' in page
    administrator.post(reverse("web:template-back", args=[first.pk]))
    assert TemplateVersion.objects.order_by("-number").first().html == first.html
    assert (
        administrator.get(reverse("web:template-version", args=[second.pk]), {"with": "x"}).status_code == 200
    )


def test_a_layout_is_made_used_and_refused_without_a_place_for_content(administrator, ours):
    save(administrator, ours)
    page = administrator.get(reverse("web:layout-new"))
    assert "{{ content }}" in text_of(page)
    bad = administrator.post(
        reverse("web:layout-new"), {"name": "House", "html": "<body></body>", "text": ""}
    )
    assert "write {{ content }}" in text_of(bad)
    good = {"name": "House", "html": "<body>Head {{ content }}</body>", "text": ""}
    assert administrator.post(reverse("web:layout-new"), good).status_code == 302
    layout = Layout.objects.get()
    administrator.post(reverse("web:template-layout", args=[ours.pk]), {"layout": layout.pk})
    assert TemplateVersion.objects.order_by("-number").first().layout_html == layout.html
    assert administrator.get(reverse("web:layout", args=[layout.pk])).status_code == 200


def test_an_image_is_added_shown_and_removed(administrator, ours):
    address = reverse("web:template-file-add", args=[ours.pk])
    pixel = SimpleUploadedFile("logo.png", b"\x89PNG" + b"0" * 50, "image/png")
    administrator.post(address, {"file": pixel, "cid": "logo"})
    [file] = TemplateFile.objects.all()
    page = text_of(preview(administrator, ours, "<p><img src='cid:logo' alt='Us'></p>"))
    assert "data:image/png;base64," in page
    administrator.post(address, {"file": SimpleUploadedFile("x.html", b"<script>"), "cid": "x"})
    administrator.post(address, {})
    assert TemplateFile.objects.count() == 1
    administrator.post(reverse("web:template-file-remove", args=[file.pk]))
    assert not TemplateFile.objects.exists()


def test_a_template_that_failed_says_so_on_its_page(administrator, ours):
    Template.objects.filter(pk=ours.pk).update(trouble="Line 1: Too much.", trouble_at="2026-11-23T10:00Z")
    page = text_of(administrator.get(reverse("web:template", args=[ours.pk])))
    assert "It could not be used" in page
    assert "Too much." in page


def test_a_short_text_is_written_without_html(administrator):
    short = Template.objects.create(name="Short", type_code=1003, channel=TemplateChannel.PAGER)
    page = text_of(administrator.get(reverse("web:template", args=[short.pk])))
    assert 'name="html"' not in page
    answer = administrator.post(
        reverse("web:template", args=[short.pk]), {"language": "en", "text": "Note: {{ subject }}"}
    )
    assert answer.status_code == 302
    assert "Note: Printer" in text_of(preview(administrator, short, "", text="Note: {{ subject }}"))


def test_a_template_is_removed_and_a_used_one_is_not(administrator, ours):
    save(administrator, ours)
    administrator.post(reverse("web:message-type", args=[1006]), rule(ours))
    administrator.post(reverse("web:template-remove", args=[ours.pk]))
    assert Template.objects.exists()
    TemplateRule.objects.all().delete()
    administrator.post(reverse("web:template-remove", args=[ours.pk]))
    assert not Template.objects.exists()


@pytest.mark.parametrize("name", ["message-type", "template", "template-version", "layout"])
def test_what_is_not_there_is_not_found(administrator, name):
    assert administrator.get(reverse(f"web:{name}", args=[4711])).status_code == 404


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 30, "²", "-1", "x", ""])
def test_a_number_that_is_none_changes_nothing(administrator, ours, number):
    save(administrator, ours)
    ours.refresh_from_db()
    before, version = ours.layout, ours.versions.get()
    compared = administrator.get(reverse("web:template-version", args=[version.pk]), {"with": number})
    assert compared.status_code == 200
    chosen = administrator.post(reverse("web:template-layout", args=[ours.pk]), {"layout": number})
    assert chosen.status_code == 302
    ours.refresh_from_db()
    assert (ours.layout, ours.versions.get()) == (before, version)
