"""`mailcall subject`: for a person, for a script, and with what is wrong."""

# ruff: noqa: RUF001 - the colon of another script

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from installations import SOURCE
from mailcall.cli.subject import subject


def run(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(subject, list(arguments))
    assert done.exit_code == status, done.output
    return done.output


def test_a_script_gets_one_object_for_each_subject() -> None:
    lines = run("--json", "Re: CLOSE CALL #12, 13: works", "Fwd: x", "CLOSE COL 12", "").splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "action": "close", "object": "call", "refs": [12, 13], "text": "works",
            "reply": True, "forward": False, "suggestion": "",
        },
        {
            "action": "log", "object": "", "refs": [], "text": "x",
            "reply": False, "forward": True, "suggestion": "",
        },
        {
            "action": "unknown", "object": "", "refs": [], "text": "CLOSE COL 12",
            "reply": False, "forward": False, "suggestion": "CLOSE CALL 12",
        },
        {
            "action": "log", "object": "", "refs": [], "text": "",
            "reply": False, "forward": False, "suggestion": "",
        },
    ]  # fmt: skip


def test_a_subject_may_be_as_it_stands_in_the_header() -> None:
    [line] = run("--json", "=?utf-8?q?UPDATE_CALL_12:_Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?b?IQ==?=").splitlines()
    assert json.loads(line)["text"] == "Grüße!"


def test_a_person_gets_lines_with_what_was_read() -> None:
    shown = run(
        "LOG TASK ON REQUEST 77: order", "FORWARD CALL 12 TO Network", "LOG CALL Laptop: dead", "Hm\x1b[31m"
    )
    assert shown == (
        "LOG TASK ON REQUEST 77: order\n"
        "  action       log\n"
        "  object       task\n"
        "  numbers      77\n"
        "  on           request\n"
        "  text         order\n"
        "FORWARD CALL 12 TO Network\n"
        "  action       forward\n"
        "  object       call\n"
        "  numbers      12\n"
        "  to           Network\n"
        "LOG CALL Laptop: dead\n"
        "  action       log\n"
        "  object       call\n"
        "  template     Laptop, if there is one of that name\n"
        "  text         Laptop: dead\n"
        "Hm[31m\n"
        "  action       log: free text, which logs a call or goes where it belongs\n"
        "  text         Hm[31m\n"
    )
    near = run("Re: close col 12")
    assert "action       unknown: a near miss" in near
    assert "problem      “COL” should be CALL.\n  suggestion   CLOSE CALL 12\n" in near
    assert "prefix       reply" in near


def test_languages_and_gateway_tags_can_be_switched_on() -> None:
    text = "[EXTERNAL] AW: Schließe Meldung 12：läuft"
    found = json.loads(run("--json", "--language", "de", "--tag", "[external]", text))
    assert (found["action"], found["object"], found["refs"], found["reply"]) == ("close", "call", [12], True)
    assert json.loads(run("--json", text))["action"] == "log"


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--language", "xx", "HELP"], ["--nothing", "HELP"]])
def test_bad_arguments_are_told_in_a_sentence(arguments: list[str]) -> None:
    said = run(*arguments, status=2)
    assert "Error: " in said
    assert "Traceback" not in said


def test_a_subject_may_begin_with_a_dash_and_have_bytes_of_no_charset() -> None:
    assert json.loads(run("--json", "--", "--help"))["text"] == "--help"
    assert json.loads(run("--json", "CLOSE CALL 12: \udcff\udcc3\udcbc"))["text"] == "\ufffdü"


def test_it_needs_neither_desk_nor_django() -> None:
    code = (
        "import sys; from mailcall.cli import cli; cli(['subject', 'HELP'], standalone_mode=False); "
        "sys.exit('django' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE), "PATH": ""},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "action       help" in done.stdout
