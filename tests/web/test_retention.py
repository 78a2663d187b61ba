"""Administrators see the rules and the audit, and everybody sees what was removed of a thing."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from mailcall.desk.models import RemovedCall
from mailcall.inbound.models import ReceivedMail
from mailcall.outbound.models import Message
from mailcall.retention.models import RetentionRule
from mailcall.retention.running import run_rule


@pytest.fixture
def administrator(client, db):
    login = get_user_model().objects.create_superuser("root", password="correct horse 9")
    client.force_login(login)
    return client


def test_an_administrator_sees_rules_and_runs(administrator, django_assert_max_num_queries):
    rule = RetentionRule.objects.create(name="Raw <b>", removes="raw_mail", after_days=9, active=True)
    assert "Waits for a preview" in administrator.get(reverse("web:retention")).content.decode()
    run_rule(rule, apply=False, by="somebody")
    with django_assert_max_num_queries(11):
        page = administrator.get(reverse("web:retention")).content.decode()
    assert "Rule “Raw &lt;b&gt;”" in page
    assert "Only shown" in page
    assert "somebody" in page
    assert "The source of received mail, removed after 9 days." in page


def test_an_analyst_does_not(analyst):
    response = analyst.get(reverse("web:retention"))
    assert response.status_code == 403
    assert "This page is for administrators" in response.content.decode()
    assert ">Retention<" not in analyst.get(reverse("web:calls")).content.decode()


def test_a_mail_without_its_source_says_since_when_and_why(analyst, received):
    ReceivedMail.objects.update(raw=None, raw_removed_at=timezone.now(), removed_by="the rule “R”")
    page = analyst.get(reverse("web:mail", args=[received.pk])).content.decode()
    assert "Its source was removed on" in page
    assert "by the rule “R”." in page
    assert "Restore it from a backup" not in page
    assert "log-a-call" in page
    assert analyst.get(reverse("web:mail-raw", args=[received.pk])).status_code == 404


def test_a_message_without_its_data_says_so(analyst, message):
    Message.objects.update(data={}, data_removed_at=timezone.now(), removed_by="the rule “R”")
    page = analyst.get(reverse("web:message", args=[message.pk])).content.decode()
    assert "What it said was removed on" in page
    assert analyst.get(reverse("web:message-raw", args=[message.pk])).status_code == 404


def test_a_deleted_call_is_gone_and_not_merely_unknown(analyst):
    RemovedCall.objects.create(number=77, how="deleted", by="the rule “R”")
    response = analyst.get("/calls/77/")
    assert response.status_code == 410
    assert "Call 77 was deleted on" in response.content.decode()
