"""`mailcall mail` writes to the running demo as a customer would."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailcall.cli.mail import mail
from mailcall.message import read_mail
from mailcall.sandbox import maildirs, state
from mailcall.sandbox.smtp import SandboxServer


def run(data_dir: Path, *arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(mail, ["--data-dir", str(data_dir), *arguments], input=typed)


def newest(mail_dir: Path, address: str = "support@demo.example"):
    return read_mail(maildirs.mails(mail_dir, address)[0].path.read_bytes())


def test_without_options_it_is_a_call_for_support(
    server: SandboxServer, data_dir: Path, mail_dir: Path
) -> None:
    done = run(data_dir, "--subject", "Printer on fire")
    assert done.exit_code == 0, done.output
    read = newest(mail_dir)
    assert (read.subject, read.from_[0].address) == ("Printer on fire", "ann@customer.example")
    assert read.message_id in done.output
    assert "http://127.0.0.1:8025/sandbox/ann@customer.example/" in done.output


def test_everything_that_can_be_said_is_said(
    server: SandboxServer, data_dir: Path, mail_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "log.txt").write_text("a log")
    (tmp_path / "mail.html").write_text("<p>Größe</p>")
    done = run(
        data_dir,
        *("--from", "Jürgen Groß <j.gross@customer.example>", "--to", "hr@demo.example"),
        *("--cc", "bob@demo.example", "--subject", "Größe", "--body", "-"),
        *("--attach", str(tmp_path / "log.txt"), "--html", str(tmp_path / "mail.html")),
        typed="Von der Tastatur\n",
    )
    assert done.exit_code == 0, done.output
    read = newest(mail_dir, "hr@demo.example")
    assert read.subject == "Größe"
    assert read.from_[0].name == "Jürgen Groß"
    assert read.text.strip() == "Von der Tastatur"
    assert "<p>Größe</p>" in read.html
    assert [(each.name, each.data) for each in read.attachments] == [("log.txt", b"a log")]
    assert newest(mail_dir, "bob@demo.example").message_id == read.message_id


def test_a_reply_goes_into_the_thread(server: SandboxServer, data_dir: Path, mail_dir: Path) -> None:
    original = (
        b"From: IT Support <support@demo.example>\r\nReply-To: reply@demo.example\r\n"
        b"To: ann@customer.example\r\nSubject: [Call 7] Printer\r\n"
        b"Message-ID: <7@demo.example>\r\nReferences: <1@customer.example>\r\n"
        b"Date: Mon, 5 Jan 2026 10:00:00 +0000\r\n\r\nWhich floor?\r\n"
    )
    maildirs.deliver(mail_dir, "ann@customer.example", original)
    done = run(data_dir, "--reply-to-last", "--body", "The third.")
    assert done.exit_code == 0, done.output
    read = newest(mail_dir, "reply@demo.example")
    assert read.subject == "Re: [Call 7] Printer"
    assert read.in_reply_to == ("<7@demo.example>",)
    assert read.references == ("<1@customer.example>", "<7@demo.example>")
    assert "> Which floor?" in read.text
    assert read.reply_text.strip() == "The third."


def test_a_raw_mail_is_sent_unchanged(
    server: SandboxServer, data_dir: Path, mail_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "raw.eml").write_bytes(b"Subject: =?broken?\nX-Odd: \xff\n\n.dot\n")
    done = run(data_dir, "--raw", str(tmp_path / "raw.eml"), "--to", "x@y.example")
    assert done.exit_code == 0, done.output
    stored = maildirs.mails(mail_dir, "x@y.example")[0].path.read_bytes()
    assert stored.endswith(b"Subject: =?broken?\r\nX-Odd: \xff\r\n\r\n.dot\r\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--from", "nobody"], "`nobody` is no email address"),
        (["--to", "a@b.example\nBcc: all@c.example"], "is no email address"),
        (["--to", "../up@x.example"], "The sandbox refused ../up@x.example: 553"),
        (["--reply-to-last"], "There is no mail for ann@customer.example in the sandbox yet"),
        (["--attach", "/does/not/exist"], "does not exist"),
    ],
)
def test_what_cant_be_sent_is_told_in_a_sentence(
    server: SandboxServer, data_dir: Path, arguments: list[str], sentence: str
) -> None:
    done = run(data_dir, *arguments)
    assert done.exit_code != 0
    assert sentence in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_a_subject_of_several_lines_adds_no_header(
    server: SandboxServer, data_dir: Path, mail_dir: Path
) -> None:
    assert run(data_dir, "--subject", "Hi\r\nBcc: all@c.example").exit_code == 0
    assert newest(mail_dir).subject == "Hi Bcc: all@c.example"


def test_without_a_demo_it_says_so(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.exit_code == 1
    assert f"No demo runs on the data folder {tmp_path}; `mailcall demo` starts one." in done.output


def test_a_demo_that_was_killed_is_not_running(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    state.write(tmp_path, "127.0.0.1", 1, "http://127.0.0.1", ended.pid)
    assert "has ended" in run(tmp_path).output
    (tmp_path / "sandbox" / "state.json").write_text("{half")
    assert "can't be read" in run(tmp_path).output


def test_a_demo_that_takes_no_mail_is_told(tmp_path: Path) -> None:
    state.write(tmp_path, "127.0.0.1", 1, "http://127.0.0.1")
    assert "The sandbox on 127.0.0.1, port 1, did not take the mail" in run(tmp_path).output


def test_it_starts_without_django() -> None:
    code = "import sys, mailcall.cli.mail; sys.exit('django' in sys.modules)"
    source = Path(__file__).resolve().parents[2] / "src"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=source)
