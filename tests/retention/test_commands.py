"""`mailcall retention` and `mailcall erase`: nothing goes without --apply, and bad input gets a sentence."""

import json

import click
import pytest
from click.testing import CliRunner, Result

from desks import Desk, mail
from mailcall.cli import explain as explaining
from mailcall.cli import keys
from mailcall.cli import retention as commands
from mailcall.desk.models import Call, Person
from mailcall.inbound.models import ReceivedMail
from mailcall.retention.models import RetentionRule, Run
from mailcall.service.locks import alone
from mailcall.web.logins import set_password
from retention.conftest import applied, closed_call, grow_old, rule

ANN = "ann@customer.example"


@pytest.fixture(autouse=True)
def ready_already(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (commands, explaining, keys):
        monkeypatch.setattr(module, "ready", lambda: None)


def call(command: click.Command, *arguments: str, status: int = 0) -> str:
    done: Result = CliRunner().invoke(command, arguments)
    assert done.exit_code == status, done.output
    return done.output


def test_a_run_shows_what_would_go_and_changes_nothing(desk: Desk) -> None:
    received = desk.receive(mail())
    grow_old()
    rule("raw_mail")
    said = call(commands.retention, "run")
    assert f"1 sources would go: {received.pk}" in said
    assert "Nothing was changed; --apply removes it." in said
    assert ReceivedMail.objects.exclude(raw=None).exists()


def test_apply_asks_unless_told_not_to(desk: Desk) -> None:
    desk.receive(mail())
    grow_old()
    rule("raw_mail")
    assert "Say --yes to remove it without being asked." in call(
        commands.retention, "run", "--apply", status=1
    )
    assert ReceivedMail.objects.exclude(raw=None).exists()
    assert "1 sources gone" in call(commands.retention, "run", "Old raw_mail", "--apply", "--yes")
    assert not ReceivedMail.objects.exclude(raw=None).exists()


def test_rules_and_audit_are_shown_to_people_and_programs(desk: Desk) -> None:
    assert "everything is kept" in call(commands.retention, "rules")
    desk.receive(mail())
    grow_old()
    applied("raw_mail", active=True)
    assert "State: on" in call(commands.retention, "rules")
    assert json.loads(call(commands.retention, "rules", "--json"))["removes"] == "raw_mail"
    assert "by a test: done" in call(commands.retention, "audit")
    line = json.loads(call(commands.retention, "audit", "--json"))
    assert line["counts"]["sources"] == 1
    assert line["removed"][0]["keys"]


def test_a_rule_that_is_not_there_and_a_desk_without_rules_get_a_sentence(desk: Desk) -> None:
    assert "There are no rules: everything is kept." in call(commands.retention, "run", status=1)
    rule("raw_mail")
    said = call(commands.retention, "run", "Old row_mail", status=1)
    assert "There is no rule `Old row_mail`. Did you mean `Old raw_mail`?" in said


def test_while_the_service_is_at_it_nobody_else_is(desk: Desk) -> None:
    rule("raw_mail")
    with alone("retention"):
        assert "Another process is busy with this work" in call(commands.retention, "run", status=1)


def test_an_erasure_shows_then_erases_then_lists_where_the_name_still_stands(desk: Desk) -> None:
    closed_call(desk)
    said = call(commands.erase, ANN)
    assert "Ann Archer" in said
    assert "Nothing was changed; --apply erases it." in said
    assert Person.objects.filter(email=ANN).exists()
    said = call(commands.erase, ANN, "--apply", "--yes")
    assert "1 persons gone" in said
    assert f"entry {Call.objects.get().timeline.get(kind='state').pk} of call" in said  # Bob wrote of her
    assert not Person.objects.filter(email=ANN).exists()
    assert [run.preview for run in Run.objects.order_by("pk")] == [True, True, False]


@pytest.mark.parametrize("who", ["nobody@nowhere.example", "99999", "nobody", "-1", ""])
def test_an_unknown_person_gets_a_sentence(desk: Desk, who: str) -> None:
    said = call(commands.erase, "--", who, status=1)
    assert said.startswith("Error: ")
    assert "Traceback" not in said


def test_words_are_found_without_erasing_anybody(desk: Desk) -> None:
    desk.receive(mail(text="About Zaphod.\n"))
    assert "entry" in call(commands.retention, "find", "zaphod")
    assert "0 places" in call(commands.retention, "find", "nothing of that kind")


def test_explain_tells_what_was_decided_when_the_source_is_gone(desk: Desk) -> None:
    received = desk.receive(mail(subject="Old"))
    grow_old()
    applied("raw_mail")
    said = call(explaining.explain, str(received.pk))
    assert "What was decided: Logged a call" in said
    assert "by the retention rule “Old raw_mail”. How today's desk would decide it can't be told." in said
    told = json.loads(call(explaining.explain, str(received.pk), "--json"))
    assert told["removed"].startswith("Its source was removed on")


def test_a_sign_in_is_taken_away_and_given_back(desk: Desk) -> None:
    assert "can't sign in anyway" in call(keys.password, "bob@desk.example", "--off", status=1)
    login = set_password(desk.bob, "correct horse 9")
    assert "can't sign in any longer" in call(keys.password, "bob@desk.example", "--off")
    login.refresh_from_db()
    assert not login.is_active
    set_password(desk.bob, "correct horse 9")
    login.refresh_from_db()
    assert login.is_active
    assert not RetentionRule.objects.exists()
