"""What Prometheus is shown: what was counted, and what the tables hold."""

import json
import re
import urllib.request
from pathlib import Path

import pytest
import yaml
from django.db import OperationalError
from prometheus_client import Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families

from desks import Desk, mail
from installations import Installation
from mailcall import measures
from mailcall.inbound.models import ReceivedMail
from mailcall.service import metrics
from servers.dovecot import Dovecot
from servers.process import free_ports


def values(text: str) -> dict[tuple, float]:
    """Each sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def gauges() -> dict[str, list]:
    return {gauge.name: gauge.samples for gauge in metrics.Tables().collect()}


def test_the_tables_are_shown_as_gauges(desk: Desk) -> None:
    desk.receive(mail())
    desk.receive(mail())
    ReceivedMail.objects.filter(pk=ReceivedMail.objects.latest("pk").pk).update(state="held")
    found = gauges()
    assert found["mailcall_up"][0].value == 1
    assert [(s.labels, s.value) for s in found["mailcall_mails"]] == [({"state": "held"}, 1)]
    assert found["mailcall_oldest_mail_seconds"][0].value == 0
    assert found["mailcall_account_last_good_timestamp_seconds"][0].labels == {"account": "Support"}


def test_without_the_database_only_that_is_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("no database")

    monkeypatch.setattr(metrics, "_accounts", refuse)
    found = gauges()
    assert list(found) == ["mailcall_up"]
    assert found["mailcall_up"][0].value == 0


def test_dashboard_and_alert_rules_ask_for_nothing_that_is_not_there(desk: Desk) -> None:
    deploy = Path(__file__).parents[2] / "deploy"
    rules, dashboard = (deploy / "prometheus-alerts.yml", deploy / "grafana-dashboard.json")
    assert all(
        rule["annotations"]["summary"] for rule in yaml.safe_load(rules.read_text())["groups"][0]["rules"]
    )
    assert len(json.loads(dashboard.read_text())["panels"]) == 10
    shown = {gauge.name for gauge in metrics.Tables().collect()}
    for measure in vars(measures).values():
        if isinstance(measure, Counter | Histogram):
            shown |= {sample.name for family in measure.collect() for sample in family.samples}
            shown |= {f"{measure._name}_{end}" for end in ("total", "bucket", "count", "sum")}
    for file in (rules, dashboard):
        assert set(re.findall(r"mailcall_\w+", file.read_text())) <= shown


@pytest.mark.servers
def test_the_service_answers_prometheus(installed: Installation, dovecot: Dovecot) -> None:
    (port,) = free_ports(1)
    installed.environment["MAILCALL_METRICS_LISTEN"] = f"127.0.0.1:{port}"
    dovecot.deliver(installed.mailbox, mail("measured@k.example"))
    installed.start()
    installed.wait(lambda: installed.settled(1), "the mail")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        found = values(answer.read().decode())
    assert found["mailcall_mails_journalled_total", "Support"] == 1
    assert found["mailcall_mails_done_total", "logged"] == 1
    assert found["mailcall_mail_seconds_count",] == 1
    assert found["mailcall_deliveries_total", "Postfix", "sent"] >= 1
    assert found["mailcall_account_failing", "Support"] == 0
    said = installed.cli("run", "--no-web", status=1)
    assert f"Port {port} of 127.0.0.1 can't be used" in said
