"""The command line as a script or a person uses it, on Maildirs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from desks import mail
from installations import ON_POSTGRESQL, Installation, installation

DESK = """
partitions:
  - {{name: IT, address: support@desk.example}}
people:
  - {{name: Bob Baker, email: bob@desk.example, user: false, analyst: true}}
call_templates:
  - {{name: Mail, partition: IT}}
incoming_accounts:
  - {{name: Support, address: support@desk.example, protocol: maildir, path: {inbox}, template: Mail,
     default_logging_analyst: bob@desk.example}}
outgoing_servers:
  - {{name: Out, protocol: maildir, path: {out}}}
"""


@pytest.fixture
def maildirs(tmp_path: Path) -> Iterator[Installation]:
    """An installation that needs no server."""
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    for part in ("new", "cur", "tmp"):
        (inbox / part).mkdir(parents=True)
    out.mkdir()
    with installation(tmp_path / "installation") as made:
        made.load(DESK.format(inbox=inbox, out=out))
        yield made


def deliver(made: Installation, name: str, raw: bytes) -> None:
    (made.folder.parent / "inbox" / "new" / name).write_bytes(raw)


def test_collect_deliver_and_the_tables_by_hand(maildirs: Installation) -> None:
    deliver(maildirs, "1", mail("ann@k.example", "Broken \x1b[31m chair", message_id="<one@k.example>"))
    said = maildirs.cli("collect", "--once")
    assert "Support: 1 new" in said
    assert "acted on 1" in said
    assert "Out: 1 tried" in maildirs.cli("deliver", "--once")

    [call] = maildirs.rows("calls")
    assert (call["number"], call["user"], call["logged_by"]) == (1, "ann@k.example", "bob@desk.example")
    [received] = maildirs.rows("mails")
    assert (received["outcome"], received["call"], received["message_id"]) == ("logged", 1, "<one@k.example>")
    [message] = maildirs.rows("messages")
    assert message["deliveries"][0]["state"] == "sent"
    assert "\x1b" not in maildirs.cli("calls")
    assert "Support: 0 new" in maildirs.cli("collect", "--once", "--account", "Support")


def test_explain_gives_the_stored_trace_and_todays_decision_and_changes_nothing(
    maildirs: Installation, tmp_path: Path
) -> None:
    deliver(maildirs, "1", mail("ann@k.example", "Broken chair", message_id="<one@k.example>"))
    maildirs.cli("collect", "--once")
    by_number = json.loads(maildirs.cli("explain", "1", "--json"))
    assert by_number["decided"]["outcome"] == "logged"
    assert by_number["decided"]["trace"][-1] | {"saw": ""} == {
        "letter": "e", "rule": "log a call", "fired": True, "saw": "",
    }  # fmt: skip
    assert json.loads(maildirs.cli("explain", "<one@k.example>", "--json")) == by_number
    told = {one["what"]: (one["who"], one["way"]) for one in by_number["decided"]["told"]}
    assert told["1001 Call - Logged"] == ("ann@k.example", "by mail")
    assert "told 1001 Call - Logged: ann@k.example (by mail, " in maildirs.cli("explain", "1")

    file = tmp_path / "reply.eml"
    file.write_bytes(mail("ann@k.example", "Re: Broken chair", in_reply_to="<one@k.example>"))
    today = json.loads(maildirs.cli("explain", str(file), "--json"))["today"]
    assert (today["action"], today["call"]) == ("update", 1)
    text = maildirs.cli("explain", str(file))
    assert "It updates call 1" in text
    assert "How today's desk would decide it: Updated a call" in text
    file.write_bytes(mail("ann@k.example", "CLOSE CALL 99"))
    assert "How today's desk would decide it: Refused" in maildirs.cli("explain", str(file))
    assert len(maildirs.rows("mails")) == 1
    assert len(maildirs.rows("calls")) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("explain", "17"), "17 is neither a received mail nor a file."),
        (("explain", "9" * 40), "is neither a received mail nor a file."),
        (("collect",), "say --once"),
        (("collect", "--once", "--account", "Nobody"), "There is no active account named Nobody."),
        (("retry", "4"), "There is no mail 4."),
        (("retry",), "Name a mail, or say --all."),
        (("mails", "--state", "lost"), "'lost' is not one of"),
        (("password", "nobody@k.example", "--password", "long enough 1"), "Nobody has the address"),
        (("password", "bob@desk.example", "--password", "short"), "too short"),
        (("keys", "create"), "exists already"),
        (("nonsense",), "No such command"),
    ],
    ids=lambda value: "-".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_bad_input_gets_one_clear_sentence(
    arguments: tuple[str, ...], sentence: str, maildirs: Installation
) -> None:
    status = 2 if arguments in {("collect",), ("retry",), ("nonsense",)} or "lost" in arguments else 1
    said = maildirs.cli(*arguments, status=status)
    assert sentence in said
    assert "Traceback" not in said


def test_keys_rotate_and_secrets_stay_readable(maildirs: Installation) -> None:
    text = (maildirs.folder / "desk.yaml").read_text()
    maildirs.load(
        text.replace("protocol: maildir, path: " + str(maildirs.folder.parent / "out"),
                     "protocol: smtp, server: localhost, port: 1, login: me, password: {env: SMTP_PASSWORD}"),
        SMTP_PASSWORD="a very secret word",
    )  # fmt: skip
    column = "select password from outbound_outgoingserver"
    before = maildirs.query(column)
    assert "a very secret word" not in before[0][0]
    assert "1 secrets are encrypted" in maildirs.cli("keys", "rotate")
    after = maildirs.query(column)
    assert before != after
    key_file = maildirs.data / "keys"
    newest = key_file.read_text().splitlines()[0]
    key_file.write_text(newest + "\n")
    assert "a very secret word" not in maildirs.cli("dump")
    assert "connect" in maildirs.cli("check", status=1)  # so far only with a secret that is readable
    key_file.write_text("not a key\n")
    said = maildirs.cli("calls", status=1)
    assert "Key 1 of" in said
    assert "Traceback" not in said


@pytest.mark.skipif(ON_POSTGRESQL, reason="the database that is missing is a file")
def test_a_database_of_another_version_and_bad_settings_are_said(tmp_path: Path) -> None:
    with installation(tmp_path / "fresh") as fresh:
        said = fresh.cli("calls", status=1)
        assert "There is no desk in" in said
        assert not fresh.data.exists()
        assert "there is no setting `colour`" in fresh.cli(
            "calls", status=1, MAILCALL_CONFIG=config_file(tmp_path)
        )
        assert "`listen` must look like" in fresh.cli("calls", status=1, MAILCALL_LISTEN="everywhere")
        if os.geteuid() != 0:
            fresh.data.chmod(0o500)
            assert "can't be used" in fresh.cli("calls", status=1)


def config_file(folder: Path) -> str:
    file = folder / "mailcall.toml"
    file.write_text('colour = "blue"\n')
    return str(file)


def test_a_lost_key_ring_is_said_and_never_replaced(maildirs: Installation) -> None:
    (maildirs.data / "keys").unlink()
    for command in ("check", "calls"):
        said = maildirs.cli(command, status=1)
        assert "Restore it from your backup" in said
        assert not (maildirs.data / "keys").exists()


def test_a_second_service_on_the_same_data_folder_is_refused(maildirs: Installation) -> None:
    maildirs.start()
    maildirs.wait(lambda: "service started" in maildirs.tail(), "the start")
    for command in (["run", "--no-web"], ["demo", "--port", "1", "--smtp-port", "2"]):
        said = maildirs.cli(*command, status=1)
        assert "already" in said or "can't be used" in said
        assert "Traceback" not in said


@pytest.mark.parametrize(
    "arguments",
    [("demo", "--port", "99999"), ("demo", "--data-dir", "/etc/passwd"), ("calls", "--limit", "-3")],
    ids=" ".join,
)
def test_values_out_of_range_are_refused(arguments: tuple[str, ...], maildirs: Installation) -> None:
    said = maildirs.cli(*arguments, status=2)
    assert "Invalid value" in said
    assert "Traceback" not in said


def test_a_corrected_server_is_tried_at_once(maildirs: Installation) -> None:
    text = (maildirs.folder / "desk.yaml").read_text()
    out = f"protocol: maildir, path: {maildirs.folder.parent / 'out'}"
    dead = text.replace(out, "protocol: smtp, security: plain, server: localhost, port: 1")
    maildirs.load(dead)
    deliver(maildirs, "1", mail("ann@k.example", "Broken chair"))
    maildirs.cli("collect", "--once")
    assert "localhost:1" in maildirs.cli("deliver", "--once", status=1)
    maildirs.load(text)
    said = maildirs.cli("deliver", "--once")
    assert "Out: 1 tried" in said
    assert "localhost:1" not in said


def test_other_rules_are_tried_and_change_nothing(maildirs: Installation) -> None:
    deliver(maildirs, "1.test", mail(subject="Casino night"))
    deliver(maildirs, "2.test", mail(subject="My laptop"))
    maildirs.cli("collect", "--once")
    tried = json.loads(maildirs.cli("trial", "Support", "--reject", "casino", "--json"))
    assert [one["subject"] for one in tried["otherwise"]] == ["Casino night"]
    assert (tried["looked"], tried["below"]) == (2, None)
    said = maildirs.cli("trial", "Support", "--reject", "casino")
    assert "1 of 2 mails of Support would be decided otherwise" in said
    assert "by the rule “rejected subject”" in said


def test_rules_that_can_not_be_tried_are_refused(maildirs: Installation) -> None:
    assert "There is no account named Nowhere." in maildirs.cli("trial", "Nowhere", "--reject", "x", status=1)
    assert "Say what is to be changed" in maildirs.cli("trial", "Support", status=2)
    said = maildirs.cli("trial", "Support", "--proof", "close", status=2)
    assert "must look like close=authenticated" in " ".join(said.split())
    assert "“nothing” is no proof" in maildirs.cli("trial", "Support", "--proof", "close=nothing", status=1)
