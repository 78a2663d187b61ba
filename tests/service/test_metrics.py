"""What Prometheus is shown: what was counted, and what the tables hold."""

import datetime as dt
import json
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
import yaml
from django.db import OperationalError
from django.utils import timezone
from prometheus_client import Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families

from desks import Desk, mail, put_in_state
from installations import Installation
from mailcall import measures
from mailcall.config import config
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from mailcall.outbound.models import Delivery, OutgoingServer
from mailcall.service import metrics, round_trip
from mailcall.service.models import RoundTrip
from servers.dovecot import Dovecot
from servers.process import free_ports

DEPLOY = Path(__file__).parents[2] / "deploy"


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
    put_in_state(ReceivedMail.objects.filter(pk=ReceivedMail.objects.latest("pk").pk), "held")
    found = gauges()
    assert found["mailcall_up"][0].value == 1
    assert [(s.labels, s.value) for s in found["mailcall_mails"]] == [({"state": "held"}, 1)]
    assert found["mailcall_oldest_mail_seconds"][0].value == 0
    assert found["mailcall_account_last_good_timestamp_seconds"][0].labels == {"account": "Support"}


def test_what_is_due_and_what_waits_for_its_time_are_told_apart(desk: Desk) -> None:
    desk.receive(mail())
    now, hour = timezone.now(), dt.timedelta(hours=1)
    put_in_state(ReceivedMail.objects.all(), "new", received_at=now - 2 * hour, due_at=now + hour)
    put_in_state(Delivery.objects.all(), "deferred", created_at=now - 2 * hour, due_at=now - hour)
    found = gauges()
    assert found["mailcall_oldest_mail_seconds"][0].value >= 7200
    assert found["mailcall_mail_overdue_seconds"][0].value == 0
    assert 3600 <= found["mailcall_delivery_overdue_seconds"][0].value < 3700
    assert found["mailcall_deliveries_open"][0].labels == {"state": "deferred", "server": "Out"}
    ReceivedMail.objects.update(due_at=None)
    assert gauges()["mailcall_mail_overdue_seconds"][0].value >= 7200


def test_how_long_an_account_may_go_unchecked_is_by_its_interval(desk: Desk) -> None:
    now = timezone.now()
    IncomingAccount.objects.update(check_interval=86400, last_good_at=now - dt.timedelta(hours=2))
    found = gauges()
    assert found["mailcall_account_late_after_seconds"][0].value == 3 * 86400
    assert found["mailcall_account_unchecked_seconds"][0].value == 0  # the service has not seen it yet
    IncomingAccount.objects.update(watched_since=now - dt.timedelta(days=9))
    assert 7200 <= gauges()["mailcall_account_unchecked_seconds"][0].value < 7300
    IncomingAccount.objects.update(watched_since=now - dt.timedelta(hours=1), last_good_at=None)
    assert 3600 <= gauges()["mailcall_account_unchecked_seconds"][0].value < 3700


def test_alert_rules_compare_with_what_the_settings_allow() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text())["groups"][0]["rules"]
    asked = {rule["alert"]: rule["expr"] for rule in rules}
    assert asked["MailcallMailboxNotChecked"].endswith(
        "> max by (account) (mailcall_account_late_after_seconds)"
    )
    assert asked["MailcallRoundTrip"].endswith("> max by (account) (mailcall_round_trip_limit_seconds)")


def test_certificates_are_shown_where_there_are_any(desk: Desk) -> None:
    ends = timezone.now()
    OutgoingServer.objects.update(certificate_ends_at=ends)
    [sample] = gauges()["mailcall_certificate_expiry_timestamp_seconds"]
    assert sample.labels == {"kind": "outgoing", "name": "Out"}
    assert sample.value == ends.timestamp()
    OutgoingServer.objects.update(security="plain")
    assert gauges()["mailcall_certificate_expiry_timestamp_seconds"] == []


def test_round_trips_are_shown_where_there_are_any(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gauges()["mailcall_round_trip_seconds"] == []
    changed = config().model_copy(update={"round_trip_account": "Support"})
    monkeypatch.setattr(round_trip, "config", lambda: changed)
    round_trip.look()
    found = gauges()
    assert found["mailcall_round_trip_seconds"] == []
    assert found["mailcall_round_trip_last_good_timestamp_seconds"][0].value == 0
    assert found["mailcall_round_trip_waiting_seconds"][0].value > 0
    assert found["mailcall_round_trip_limit_seconds"][0].value == config().round_trip_limit
    RoundTrip.objects.update(waiting_since=None, last_good_at=timezone.now(), seconds=1.5)
    found = gauges()
    assert found["mailcall_round_trip_seconds"][0].value == 1.5
    assert found["mailcall_round_trip_waiting_seconds"][0].value == 0


def test_without_the_database_only_that_is_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("no database")

    monkeypatch.setattr(metrics, "PARTS", (metrics._mails, refuse))
    found = gauges()
    assert list(found) == ["mailcall_up"]
    assert found["mailcall_up"][0].value == 0


def test_dashboard_and_alert_rules_ask_for_nothing_that_is_not_there(desk: Desk) -> None:
    rules, dashboard = (DEPLOY / "prometheus-alerts.yml", DEPLOY / "grafana-dashboard.json")
    assert all(
        rule["annotations"]["summary"] for rule in yaml.safe_load(rules.read_text())["groups"][0]["rules"]
    )
    assert len(json.loads(dashboard.read_text())["panels"]) == 14
    shown = {gauge.name for gauge in metrics.Tables().collect()}
    for measure in vars(measures).values():
        if isinstance(measure, Counter | Histogram):
            shown |= {sample.name for family in measure.collect() for sample in family.samples}
            shown |= {f"{measure._name}_{end}" for end in ("total", "bucket", "count", "sum")}
    for file in (rules, dashboard):
        assert set(re.findall(r"mailcall_\w+", file.read_text())) <= shown


def certificates_known(installed: Installation) -> int:
    tables = ("inbound_incomingaccount", "outbound_outgoingserver")
    return sum(
        installed.count(f"select count(*) from {table} where certificate_ends_at is not null")
        for table in tables
    )


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
    installed.wait(lambda: certificates_known(installed) == 2, "the certificates", seconds=30)
    for path in ("healthz", "readyz"):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
            assert (answer.status, answer.read()) == (200, b"ok\n")
    said = installed.cli("run", "--no-web", status=1)
    assert f"Port {port} of 127.0.0.1 can't be used" in said


@pytest.mark.long
def test_prometheus_itself_takes_the_alert_rules_and_what_the_dashboard_asks(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is missing: apt-get install prometheus")
    panels = json.loads((DEPLOY / "grafana-dashboard.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [{"record": f"asked_{number}", "expr": expr} for number, expr in enumerate(asked)]
    dashboard = tmp_path / "dashboard.yml"
    dashboard.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    for file in (DEPLOY / "prometheus-alerts.yml", dashboard):
        said = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stderr
        assert "SUCCESS" in said.stdout
