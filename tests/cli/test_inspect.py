"""`mailcall inspect` as a script or a person uses it: any file, no desk, one answer for each mail."""

import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from fuzz.samples import SAMPLES
from installations import SOURCE
from mailcall.cli.inspecting.crew import Crew
from mailcall.cli.inspecting.form import Form
from mailcall.cli.inspecting.sources import Source, Unusable, sources

MAIL = b"From: Ann <ann@example.com>\r\nTo: it@desk.example\r\nSubject: %s\r\n\r\nHello.\r\n"
FROM = b"From ann@example.com Mon Nov  3 10:15:00 2025\n"
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if not k.startswith(("MAILCALL_", "DJANGO_", "PYTHON"))},
    "PYTHONPATH": str(SOURCE),
    "COLUMNS": "80",
}
COMMAND = [sys.executable, "-m", "mailcall", "inspect"]


def run(
    folder: Path, *arguments: str | bytes, status: int = 0, given: bytes = b"", **environment: str
) -> tuple[str, str]:
    """Inspect in a folder: what came on standard output and standard error."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env={**ENVIRONMENT, **environment},
        cwd=folder,
        input=given,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == status, done.stderr.decode()
    return done.stdout.decode(), done.stderr.decode()


def inspected(folder: Path, *arguments: str | bytes, **more: Any) -> list[dict[str, Any]]:
    """The objects that `inspect --json` gives."""
    return [json.loads(line) for line in run(folder, "--json", *arguments, **more)[0].splitlines()]


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    """A folder with three mails, one of them deeper."""
    folder = tmp_path / "mails"
    (folder / "b").mkdir(parents=True)
    (folder / "c.eml").write_bytes(MAIL % b"three")
    (folder / "a.eml").write_bytes(MAIL % b"one")
    (folder / "b" / "x").write_bytes(MAIL % b"two")
    return folder


def test_a_folder_is_read_in_order_and_nothing_else_is_needed(mails: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    found = inspected(empty, str(mails))
    assert [(Path(each["file"]).name, each["subject"]) for each in found] == [
        ("a.eml", "one"),
        ("x", "two"),
        ("c.eml", "three"),
    ]
    assert found[0]["from"] == [{"name": "Ann", "address": "ann@example.com"}]
    assert list(empty.iterdir()) == []


def test_django_and_the_settings_are_not_even_loaded(mails: Path) -> None:
    program = (
        "import sys; from mailcall.cli import cli; sys.argv[1:] = ['inspect', '--json', 'a.eml']\n"
        "try: cli()\n"
        "finally: print({'django', 'pydantic', 'mailcall.config'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**ENVIRONMENT, "MAILCALL_LISTEN": "not a setting"},
        cwd=mails,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b"set()\n"


def test_an_mbox_file_is_split_into_its_mails(tmp_path: Path) -> None:
    sentence = b"\nFrom here on it is 10:15, as in 2025 : no mail.\n\nFrom ann@example.com at 10:15:00\n"
    (tmp_path / "all.mbox").write_bytes(
        FROM + (MAIL % b"one") + sentence + b"\n" + FROM + (MAIL % b"two").replace(b"\r\n", b"\n")
    )
    (tmp_path / "single").write_bytes(FROM + MAIL % b"alone")
    found = inspected(tmp_path, "all.mbox", "single")
    assert [(each["file"], each["subject"]) for each in found] == [
        ("all.mbox#1", "one"),
        ("all.mbox#2", "two"),
        ("single", "alone"),
    ]
    assert "no mail." in found[0]["text"]


def test_folders_may_be_nested_as_deep_as_names_can_be(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    with os.fdopen(os.open("x", os.O_CREAT | os.O_WRONLY, dir_fd=here), "wb") as file:
        file.write(MAIL % b"deep")
    os.close(here)
    try:
        [found] = inspected(tmp_path, "d")
        assert found["subject"] == "deep"
    finally:
        subprocess.run(["rm", "-r", "d"], cwd=tmp_path, check=True)  # pytest can't go down so far


def test_no_file_beside_the_mails_is_run(mails: Path) -> None:
    for name in ("click.py", "email.py", "nh3.py"):
        (mails / name).write_text("raise SystemExit('run')")
    command = [
        sys.executable,
        "-P",
        "-m",
        "mailcall",
        "inspect",
        "--json",
        "a.eml",
    ]  # as the installed script
    done = subprocess.run(command, env=ENVIRONMENT, cwd=mails, capture_output=True, check=True)
    assert json.loads(done.stdout)["subject"] == "one"


def test_of_a_maildir_only_the_mails_are_read(tmp_path: Path) -> None:
    for name in ("cur/2:2,S", "new/1", "tmp/half", ".Sent/cur/3:2,", ".Sent/new/4", ".Sent/tmp/5"):
        file = tmp_path / "box" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(MAIL % name.encode())
    (tmp_path / "box" / "dovecot-uidlist").write_text("3 V1 N2")
    found = [each["subject"] for each in inspected(tmp_path, "box")]
    assert found == [".Sent/cur/3:2,", ".Sent/new/4", "cur/2:2,S", "new/1"]


def test_standard_input_is_a_mail_or_an_mbox(tmp_path: Path) -> None:
    [mail] = inspected(tmp_path, "-", given=MAIL % b"piped")
    assert (mail["file"], mail["subject"]) == ("-", "piped")
    two = FROM + MAIL % b"one" + b"\r\n" + FROM + MAIL % b"two"
    assert [each["file"] for each in inspected(tmp_path, "-", given=two)] == ["-#1", "-#2"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\0" * 10_000, bytes(range(256)) * 500, b"From ", b"\xff\xd8\xff\xe0JFIF", b"%PDF-1.7\n%"],
    ids=["empty", "one newline", "zeros", "junk", "From", "picture", "PDF"],
)  # fmt: skip
def test_what_is_no_mail_is_an_object_too(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    [found] = inspected(tmp_path, "x")
    assert found["file"] == "x"
    assert "x" in run(tmp_path, "x")[0]


def test_an_outlook_file_is_named_as_no_mail(tmp_path: Path) -> None:
    (tmp_path / "x.msg").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000))
    [found] = inspected(tmp_path, "x.msg")
    assert found["text"] == ""
    assert "Outlook" in found["defects"][0]
    page = run(tmp_path, "x.msg")[0].splitlines()
    assert "This is an Outlook file (.msg)" in page[1]
    assert "a mail" not in " ".join(page).replace("no mail", "")


def test_bytes_without_a_header_are_named_as_no_mail_and_shown_in_part(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(bytes(range(255, -1, -1)) * 80)
    (tmp_path / "empty").touch()
    (tmp_path / "note").write_text("Call Ann.\n")
    empty, junk, note = inspected(tmp_path, "empty", "junk", "note")
    assert empty["defects"][0] == "This is no mail: it is empty."
    assert junk["defects"][0] == note["defects"][0] == "This is no mail: it has no header."
    page = run(tmp_path, "junk")[0]
    assert "This is no mail: it has no header." in page.splitlines()[1]
    assert "more characters, shown by --full" in page
    assert len(page) < 2000 < len(run(tmp_path, "--full", "junk")[0])
    assert "Call Ann." in run(tmp_path, "note")[0]


def test_an_encrypted_mail_says_where_its_content_is(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(
        "From: ann@example.com\n"
        "Content-Type: multipart/encrypted; protocol=application/pgp-encrypted; boundary=b\n\n"
        "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
        "--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\nsecret\n--b--\n"
    )
    page = run(tmp_path, "x")[0]
    assert "[This mail is encrypted. Its content is in the attached file.]" in page
    assert "not verified" not in page
    assert "\n\n\n" not in page.rstrip("\n")


def test_a_part_of_a_mail_alone_is_read_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "winmail.dat").write_bytes(SAMPLES["winmail"][0])
    (tmp_path / "page.html").write_bytes(b"\n<!DOCTYPE html><p>Hello <b>you</b><script>alert(1)</script>")
    page, winmail = inspected(tmp_path, ".")
    assert (page["text"], page["html"].strip()) == ("Hello you", "<p>Hello <b>you</b></p>")
    assert "a.txt" in [each["name"] for each in winmail["attachments"]]
    assert "a part of one" in winmail["defects"][-1]


def test_a_folder_without_files_is_said(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    out, said = run(tmp_path, "--json", "none")
    assert out == ""
    assert said == "There is no file in none.\n"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    out, said = run(tmp_path, "--json", "nothing.eml", status=2)
    assert out == ""
    assert "'nothing.eml' does not exist" in said


def test_without_arguments_standard_input_is_read_unless_somebody_would_have_to_type_it(
    tmp_path: Path,
) -> None:
    [mail] = inspected(tmp_path, given=MAIL % b"piped")
    assert (mail["file"], mail["subject"]) == ("-", "piped")
    ours, theirs = pty.openpty()
    done = subprocess.run(COMMAND, env=ENVIRONMENT, stdin=theirs, capture_output=True, check=False)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert b"Error: Missing argument 'FILES...'" in done.stderr


def test_devices_are_refused_and_named_pipes_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(MAIL % b"piped"))
    writer.start()
    out, said = run(tmp_path, "--json", "/dev/zero", "pipe", status=1)
    writer.join()
    assert json.loads(out)["subject"] == "piped"
    assert said == "Error: Cannot read /dev/zero: it is a device, not a file.\n"


def test_a_pipe_is_copied_up_to_a_bound_and_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcall.cli.inspecting.sources.MAX_BYTES", 1000)
    (tmp_path / "endless").symlink_to("pipe")
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(MAIL % b"long" + b"x" * 5000))
    writer.start()
    said: list[Unusable] = []
    [found] = sources([str(tmp_path / "endless")], tmp_path, said.append)
    writer.join()
    assert Path(found.path).stat().st_size == 1000
    assert "came; what follows" in said[0].reason


def test_where_the_copy_does_not_fit_its_folder_is_named_and_left_empty(tmp_path: Path) -> None:
    shell = f"ulimit -f 100; {sys.executable} -m mailcall inspect - < /dev/zero"
    done = subprocess.run(
        ["bash", "-c", shell],
        env={**ENVIRONMENT, "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"its copy in {tmp_path}/mailcall-" in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_stays_in_the_temporary_folder_when_it_is_ended(number: int, tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "-"],
        env={**ENVIRONMENT, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        process.stdin.write(MAIL % b"x")
        process.stdin.flush()
        while not list(tmp_path.glob("mailcall-*/*")):
            time.sleep(0.05)
        process.send_signal(number)
        process.wait(timeout=60)
    assert process.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_what_can_not_be_read_is_said_and_the_rest_is_done(mails: Path) -> None:
    secret = mails / "b" / "x"
    secret.chmod(0)
    unreadable = str(secret) if os.geteuid() else "/proc/self/mem"  # nothing is closed to root but this
    out, said = run(mails, "--json", "a.eml", unreadable, "c.eml", status=1)
    assert [json.loads(line)["subject"] for line in out.splitlines()] == ["one", "three"]
    assert said.startswith(f"Error: Cannot read {unreadable}: ")
    assert "Traceback" not in said


def test_odd_names_are_printed_on_one_line_as_valid_text(tmp_path: Path) -> None:
    name = b"a\n\xff\x1b[31m\xe2\x80\xa8.eml"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(MAIL % b"odd")
    [found] = inspected(tmp_path, name)
    assert found["file"] == "a\\n\\xff\\x1b[31m\\u2028.eml"
    page = run(tmp_path, ".")[0]
    assert "\x1b" not in page
    assert "odd" in page


@pytest.mark.long
def test_a_file_of_100_megabytes_is_read(tmp_path: Path) -> None:
    with (tmp_path / "large.eml").open("wb") as file:
        file.write(MAIL % b"large")
        for _ in range(100):
            file.write(b"x" * 76 + b"\r\n" * 500_000)
    [found] = inspected(tmp_path, "large.eml")
    assert found["subject"] == "large"
    assert not found["unreadable"]


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number:03}").write_bytes(MAIL % b"x" + b"More.\r\n" * 1000)
    shell = f"{sys.executable} -m mailcall inspect --json . | head -n 1"
    done = subprocess.run(shell, shell=True, env=ENVIRONMENT, cwd=tmp_path, capture_output=True, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == b""


def test_a_full_disk_is_said_in_a_sentence(mails: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m mailcall inspect --json {mails} > /dev/full",
        shell=True,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == b"Error: Cannot write: No space left on device.\n"


def test_a_bound_on_memory_that_is_set_already_is_kept(mails: Path) -> None:
    shell = f"ulimit -v 3000000; {sys.executable} -m mailcall inspect --json {mails}"
    done = subprocess.run(["bash", "-c", shell], env=ENVIRONMENT, capture_output=True, check=True)
    assert [json.loads(line)["subject"] for line in done.stdout.splitlines()] == ["one", "two", "three"]


def test_a_link_to_nothing_is_said(mails: Path) -> None:
    (mails / "d").symlink_to("nowhere")
    out, said = run(mails, "--json", ".", status=1)
    assert len(out.splitlines()) == 3
    assert "d: No such file or directory." in said


def test_a_mail_without_text_has_no_empty_section(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"Subject: x\r\n\r\n")
    assert "  No text\n" in run(tmp_path, "x")[0]


def test_ctrl_c_ends_it_with_a_sentence(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number:03}").write_bytes(MAIL % b"x" + b"More.\r\n" * 1000)
    with subprocess.Popen(
        [*COMMAND, "--json", "."],
        env=ENVIRONMENT,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()  # it works now, and soon waits for us to read on
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 130
    assert said.startswith("mailcall: stopped after")
    assert "Traceback" not in said


def test_a_mail_that_takes_too_long_is_reported_and_the_others_are_done(mails: Path) -> None:
    endless = mails / "endless"
    os.mkfifo(endless)  # whoever opens it waits for ever
    places = [Source(name, str(mails / name)) for name in ("a.eml", "endless", "c.eml")]
    with closing(Crew(Form(as_json=True), seconds=2).answers(iter(places))) as answers:
        found = [json.loads(answer) for answer in answers if isinstance(answer, bytes)]
    assert [each["subject"] for each in found] == ["one", "", "three"]
    assert found[1]["defects"] == ["Reading this mail took more than 2 seconds."]


def test_a_mail_that_kills_its_reader_twice_is_reported_and_the_others_are_done(mails: Path) -> None:
    deadly = mails / "deadly"
    os.mkfifo(deadly)
    places = [Source(name, str(mails / name)) for name in ("a.eml", "deadly", "c.eml")]
    crew = Crew(Form(as_json=True))
    done = threading.Event()

    def kill() -> None:
        while not done.wait(0.2):
            for worker in list(crew._workers):
                if worker.in_hand and worker.in_hand[0][1].name == "deadly":
                    worker.process.kill()

    threading.Thread(target=kill).start()
    try:
        with closing(crew.answers(iter(places))) as answers:
            found = [json.loads(answer) for answer in answers if isinstance(answer, bytes)]
    finally:
        done.set()
    assert [each["subject"] for each in found] == ["one", "", "three"]
    assert found[1]["defects"] == ["Reading this mail ended the process that read it (signal 9)."]


def test_progress_is_told_on_a_terminal_only_while_the_mails_go_elsewhere(mails: Path) -> None:
    for number in range(600):
        (mails / f"more{number}").write_bytes(MAIL % b"x")
    ours, theirs = pty.openpty()
    with (mails.parent / "out").open("wb") as out:
        subprocess.run(
            [*COMMAND, "--json", "."], env=ENVIRONMENT, cwd=mails, stdout=out, stderr=theirs, check=True
        )
    os.close(theirs)
    said = os.read(ours, 65_536).decode()
    assert " of 603 mails" in said
    assert said.endswith("\r\x1b[K")  # and taken away again


REPLY = b"""From: "service@bank.example" <eve@evil.example>\r
To: it@desk.example\r
Subject: =?utf-8?q?Printer_=1B[31m_=E2=80=AE_=D8=9C_floor_3?=\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
\r
It still does \x1b[31mnot print.\r
\r
On Mon, 3 Nov 2025 at 09:00, IT <it@desk.example> wrote:\r
> one\r
> two\r
> three\r
> four\r
> five\r
> six\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename=invoice.pdf\r
\r
MZ not a PDF\r
--b--\r
"""


def test_a_person_sees_what_matters_and_nothing_that_a_terminal_would_obey(tmp_path: Path) -> None:
    (tmp_path / "x.eml").write_bytes(REPLY)
    page = run(tmp_path, "x.eml")[0]
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "[U+202E] [U+061C]" in page
    assert max(map(len, page.splitlines())) <= 80
    assert "The sender's name shows service@bank.example" in page
    assert "31mnot print." in page
    assert "more quoted lines, shown by --full" in page
    assert "> six" not in page
    assert "invoice.pdf" in page
    assert "> six" in run(tmp_path, "--full", "x.eml")[0]


@pytest.mark.parametrize(
    ("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_for_terminals(variables: dict[str, str], coloured: bool, tmp_path: Path) -> None:
    (tmp_path / "x.eml").write_bytes(MAIL % b"x")
    ours, theirs = pty.openpty()
    environment = {**ENVIRONMENT, "TERM": "xterm", **variables}
    subprocess.run([*COMMAND, "x.eml"], env=environment, cwd=tmp_path, stdout=theirs, check=True)
    os.close(theirs)
    time.sleep(0.1)
    assert (b"\x1b[" in os.read(ours, 65_536)) == coloured


FILES = (
    ("invoice.pdf", "application/pdf", b"MZ" + bytes(200) + b"PE"),
    (
        "Quarterly-report-of-the-whole-department-with-a-really-long-name.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        b"text",
    ),
    ("日本語のとても長いファイル名がここにあります日本語のとても長い.png", "image/png", b"GIF89a..."),
)
REPORT = """To: it@desk.example
From: MAILER-DAEMON@mx.example
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It failed.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; someone.with.a.rather.long.name@very.long.department.of.an.organisation.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User-unknown-in-virtual-mailbox-table-of-a-server-with-a-long-sentence.
--b--
"""


def unspaced(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_character_of_files_and_reports_is_lost_whatever_the_width(columns: int, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail.set_content("Files.")
    for name, kind, data in FILES:
        maintype, _, subtype = kind.partition("/")
        mail.add_attachment(data, maintype=maintype, subtype=subtype, filename=name)
    (tmp_path / "files").write_bytes(mail.as_bytes())
    (tmp_path / "report").write_text(REPORT)
    page = unspaced(run(tmp_path, "--full", "files", COLUMNS=str(columns))[0])
    for name, kind, data in FILES:
        assert unspaced(f"{name}{kind},") in page
        assert hashlib.sha256(data).hexdigest() in page
    assert "reallyimage/gif" in page
    report = unspaced(run(tmp_path, "report", COLUMNS=str(columns))[0])
    assert "organisation.examplefailedforgood5.1.1" in report
    assert "someone.with.a.rather.long.name@very.long.department" in report
    assert "User-unknown-in-virtual-mailbox-table-of-a-server-with-a-long-sentence." in report
