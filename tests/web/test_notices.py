"""The pages of who hears of what: notices, one's own choices, settings of partitions, and who was told."""

import pytest
from django.urls import reverse

from mailcall.desk import calls
from mailcall.desk.models import Call, Channel, Grant, Role
from mailcall.outbound.models import (
    Message,
    Notice,
    NotificationSettings,
    OccasionSetting,
    PersonChoice,
    PersonNotices,
)
from mailcall.web.models import Login


@pytest.fixture
def superuser(client, db):
    client.force_login(Login.objects.create(username="root@desk.example", is_superuser=True))
    return client


def text_of(answer):
    return answer.content.decode()


@pytest.fixture
def other(ann):
    return type(ann).objects.create(name="Bea", email="bea@desk.example", is_analyst=True)


@pytest.fixture
def told(call, ann, other):
    """A call of Ann's with a note of Bea's, told on Ann's page, too."""
    NotificationSettings.objects.create(partition=call.partition, internal=True)
    Call.objects.filter(pk=call.pk).update(analyst=ann)
    call.refresh_from_db()
    return calls.add_note(call, actor=other, text="It is the bulb.", channel=Channel.PAGE)


def test_a_notice_is_shown_counted_and_gone_once_seen(analyst, told):
    page = text_of(analyst.get(reverse("web:notices")))
    assert "It is the bulb." in page
    assert "not seen" in page
    [notice] = Notice.objects.all()
    answer = analyst.post(reverse("web:notice", args=[notice.pk]))
    assert answer.url == reverse("web:call", args=[told.call_id])
    assert "It is the bulb." not in text_of(analyst.get(reverse("web:notices")))
    assert "It is the bulb." in text_of(analyst.get(reverse("web:notices") + "?show=all"))


def test_all_that_the_page_showed_are_seen_and_no_later_ones(analyst, told):
    [first] = Notice.objects.all()
    Notice.objects.create(person=first.person, type_code=1003, partition=first.partition, subject="Later")
    analyst.post(reverse("web:notices-seen"), {"newest": first.pk})
    assert list(Notice.objects.filter(seen_at=None).values_list("subject", flat=True)) == ["Later"]


@pytest.mark.parametrize("newest", ["", "x", "-1", "9" * 30])
def test_a_strange_newest_marks_nothing_wrong(analyst, told, newest):
    assert analyst.post(reverse("web:notices-seen"), {"newest": newest}).status_code == 302


def test_nobody_opens_anothers_notice(analyst, told, other):
    Notice.objects.update(person=other)
    [notice] = Notice.objects.all()
    assert analyst.post(reverse("web:notice", args=[notice.pk])).status_code == 404
    assert "It is the bulb." not in text_of(analyst.get(reverse("web:notices")))


def choices(**values):
    """The form of one's own choices, as the page posts it."""
    from mailcall.outbound.message_types import choosable

    return {
        "digest_at": "07:30",
        **{f"type_{kind.code}": "at_once" for kind in choosable()},
        **values,
    }


def test_somebody_chooses_how_to_hear(analyst, ann):
    posted = choices(type_1003="digest", type_1005="off", quiet_from="22:00", quiet_until="07:00")
    assert analyst.post(reverse("web:my-notices"), posted).status_code == 302
    assert dict(PersonChoice.objects.values_list("type_code", "wish")) == {1003: "digest", 1005: "off"}
    assert str(PersonNotices.objects.get(person=ann).quiet_from) == "22:00:00"
    analyst.post(reverse("web:my-notices"), choices(type_1003="at_once", type_1005="off"))
    assert dict(PersonChoice.objects.values_list("type_code", "wish")) == {1005: "off"}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"quiet_from": "22:00"}, "Quiet hours need a beginning and an end"),
        ({"quiet_from": "late", "quiet_until": "07:00"}, "Enter a valid time"),
        ({"pager": "0170 12345"}, "Enter a valid email address"),
        ({"digest_at": ""}, "This field is required"),
        ({"type_1003": "sometimes"}, "Select a valid choice"),
        ({"all_call": "sometimes"}, "Select a valid choice"),
    ],
)
def test_a_wrong_choice_is_told_and_nothing_is_kept(analyst, wrong, sentence):
    answer = analyst.post(reverse("web:my-notices"), choices(**wrong))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not PersonNotices.objects.exists()
    assert not PersonChoice.objects.exists()


def test_nobody_turns_off_what_is_urgent_or_vital(analyst):
    page = text_of(analyst.get(reverse("web:my-notices")))
    assert ">Note Added<" in page
    for name in (">Opened<", ">Time Limit Passed<", ">Wanted<", ">Digest<"):
        assert name not in page


def test_one_choice_serves_all_that_happens_to_calls_and_what_is_chosen_apart_wins(analyst):
    def chosen():
        return dict(PersonChoice.objects.values_list("type_code", "wish"))

    analyst.post(reverse("web:my-notices"), choices(all_call="digest", type_1003="off"))
    calls = [code for code in chosen() if code // 1000 == 1]
    assert len(calls) > 5
    assert chosen() == {**dict.fromkeys(calls, "digest"), 1003: "off"}
    page = text_of(analyst.get(reverse("web:my-notices")))
    assert "As chosen for each" in page  # calls differ, requests don't
    as_shown = {f"type_{code}": wish for code, wish in chosen().items()}
    analyst.post(reverse("web:my-notices"), choices(**as_shown, all_call=""))
    assert chosen()[1003] == "off"
    analyst.post(reverse("web:my-notices"), choices(**as_shown, all_call="at_once"))
    assert not chosen()


def test_the_clock_of_quiet_hours_is_named(analyst, ann):
    assert "Your clock shows the time of UTC, as the desk's does." in text_of(
        analyst.get(reverse("web:my-notices"))
    )


def settings(**values):
    """The form of a partition's settings, as the page posts it."""
    from mailcall.outbound.message_types import switchable

    return {
        "most_notices": "20",
        "within_minutes": "10",
        "survey_after_hours": "24",
        **{f"type_{kind.code}": "usual" for kind in switchable()},
        **values,
    }


def test_an_administrator_changes_the_settings_of_a_partition(superuser, call):
    address = reverse("web:notice-settings-change", args=[call.partition_id])
    assert "Email at update via email in" in text_of(superuser.get(address))
    posted = settings(email="on", internal="on", type_1003="off")
    assert superuser.post(address, posted).status_code == 302
    row = NotificationSettings.objects.get()
    assert (row.email, row.internal, row.pager, row.email_at_update) == (True, True, False, True)
    assert list(OccasionSetting.objects.values_list("type_code", "partition", "active")) == [
        (1003, call.partition_id, False)
    ]
    assert superuser.post(address, settings(email="on")).status_code == 302
    assert not OccasionSetting.objects.exists()


def test_what_follows_from_email_is_kept_whatever_is_posted(superuser, call):
    address = reverse("web:notice-settings-change", args=[call.partition_id])
    superuser.post(address, settings(email_at_update="on"))
    assert NotificationSettings.objects.get().email_at_update is False
    superuser.post(address, settings(email="on", email_optional_at_forward="on"))
    assert NotificationSettings.objects.get().email_at_update is False
    superuser.post(address, settings(email="on"))
    assert NotificationSettings.objects.get().email_at_update is True


@pytest.mark.parametrize("wrong", [{"within_minutes": "0"}, {"most_notices": "-1"}, {"within_minutes": "x"}])
def test_wrong_settings_are_told_and_nothing_is_kept(superuser, call, wrong):
    address = reverse("web:notice-settings-change", args=[call.partition_id])
    assert superuser.post(address, settings(**wrong)).status_code == 422
    assert not NotificationSettings.objects.exists()


def test_message_types_are_switched_everywhere(superuser, db):
    address = reverse("web:notice-settings-everywhere")
    assert superuser.post(address, settings(type_1014="on")).status_code == 302
    assert OccasionSetting.objects.get().active is True


def test_only_administrators_change_settings(analyst, call):
    assert analyst.get(reverse("web:notice-settings")).status_code == 200
    address = reverse("web:notice-settings-change", args=[call.partition_id])
    assert analyst.post(address, settings()).status_code == 403
    assert analyst.post(reverse("web:notice-settings-everywhere"), settings()).status_code == 403


def test_an_entry_tells_who_was_told_and_who_was_not(analyst, told, ann):
    page = text_of(analyst.get(reverse("web:entry-told", args=[told.pk])))
    assert ann.email in page
    assert "(by mail, queued)" in page
    assert "(on their own page, not seen yet)" in page
    PersonChoice.objects.create(person=ann, type_code=1003, wish="off")
    quiet = calls.add_note(told.call, actor=None, text="Or the wire.", channel=Channel.SYSTEM)
    page = text_of(analyst.get(reverse("web:entry-told", args=[quiet.pk])))
    assert "They chose not to be told of this." in page


def test_who_forwards_is_asked_and_sees_to_whom_a_mail_would_go(analyst, told, other):
    NotificationSettings.objects.update(email_optional_at_forward=True)
    page = text_of(analyst.get(reverse("web:call", args=[told.call_id])))
    assert "Tell them by email" in page
    preview = text_of(analyst.get(reverse("web:notices-forwarding") + f"?analyst={other.pk}&group="))
    assert "Bea &lt;bea@desk.example&gt;" in preview
    role = Role.objects.create(name="Elsewhere", rights=[])
    grant = Grant.objects.create(role=role, person=other)
    asked = f"?partition={told.call.partition_id}&analyst={other.pk}"
    unseeing = text_of(analyst.get(reverse("web:notices-forwarding") + asked))
    assert "not Bea: Bea may not see what is in" in unseeing
    grant.delete()
    for strange in ("partition=x", "analyst=x", "analyst=999999", "group=" + "9" * 40, ""):
        assert analyst.get(reverse("web:notices-forwarding") + "?" + strange).status_code == 200
    Message.objects.all().delete()
    told.call.refresh_from_db()
    posted = {"analyst": other.pk, "text": "", "version": told.call.version}
    address = reverse("web:call-do", args=[told.call_id, "forward"])
    assert analyst.post(address, posted).status_code == 302
    assert not Message.objects.exists()
    told.call.refresh_from_db()
    posted = {"analyst": told.call.analyst_id, "text": "", "version": told.call.version}
    Call.objects.filter(pk=told.call_id).update(analyst=None)
    assert analyst.post(address, {**posted, "tell": "on"}).status_code == 302
    assert Message.objects.get().type_code == 1005
