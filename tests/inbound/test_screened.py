"""Spam that the gateway marks, and viruses that the antivirus daemon finds."""

import base64
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from desks import Desk, mail, put_in_state
from mailcall.config import config
from mailcall.desk.models import Attachment, Call
from mailcall.inbound.antivirus import PAUSE, Daemon, Scan
from mailcall.inbound.models import IncomingAccount, MailState, Outcome, ReceivedMail, Unscanned
from mailcall.message import Trust, read_mail
from mailcall.message.evidence import Evidence, sender_evidence
from servers import clamd
from servers.clamd import EICAR, Clamd, daemon_that

RECEIVED = "Received: from mail.customer.example by mx.desk.example; Sun, 22 Nov 2026 09:00:00 +0000\n"
FROM_AFAR = "Received: from a.example by mail.customer.example; Sun, 22 Nov 2026 08:59:00 +0000\n"
FLAG = "X-Spam-Flag: YES\n"
STATUS = "X-Spam-Status: Yes, score=7.3 required=5.0\n"


def _spam(headers: str, *marks: tuple[str, str]) -> Evidence:
    raw = mail(headers=headers)
    trust = Trust(hosts=frozenset({"mx.desk.example"}), spam_marks=marks)
    return sender_evidence(read_mail(raw), trust, raw)


@pytest.mark.parametrize(
    ("header", "mark"),
    [
        (FLAG, ("X-Spam-Flag", "YES")),
        (FLAG, ("x-spam-flag", "yes")),
        (FLAG, ("X-Spam-Flag", "")),
        (STATUS, ("X-Spam-Status", "Yes")),
        (STATUS, ("X-Spam-Status", "Yes, score")),
        ("X-Spam-Level: *******\n", ("X-Spam-Level", "*****")),
    ],
)
def test_a_mark_is_the_beginning_of_what_the_field_says(header: str, mark: tuple[str, str]) -> None:
    assert _spam(RECEIVED + header + FROM_AFAR, mark).spam.lower() == header.strip().lower()


@pytest.mark.parametrize(
    ("header", "mark"),
    [
        ("X-Spam-Flag: NO\n", ("X-Spam-Flag", "YES")),
        ("X-MS-Exchange-Organization-SCL: 50\n", ("X-MS-Exchange-Organization-SCL", "5")),
        ("X-Spam-Status: Yesterday\n", ("X-Spam-Status", "Yes")),
        ("X-Spam-Flags: YES\n", ("X-Spam-Flag", "YES")),
        ("X-Spam-Flag:\n", ("X-Spam-Flag", "YES")),
    ],
)
def test_what_only_resembles_a_mark_is_none(header: str, mark: tuple[str, str]) -> None:
    assert not _spam(header, mark).spam


def test_a_mark_that_came_in_with_the_mail_is_somebody_elses_opinion() -> None:
    found = _spam(RECEIVED + FROM_AFAR + FLAG, ("X-Spam-Flag", "YES"))
    assert not found.spam
    assert any("stands below a Received of a host that is not trusted" in note for note in found.notes)


def test_a_sender_can_not_take_a_mark_away_by_a_better_one_of_their_own() -> None:
    found = _spam(FLAG + RECEIVED + FROM_AFAR + "X-Spam-Flag: NO\n", ("X-Spam-Flag", "YES"))
    assert found.spam == "X-Spam-Flag: YES"


def test_a_mail_that_nobody_sent_can_be_spam() -> None:
    raw = mail("", headers=FLAG)
    found = sender_evidence(read_mail(raw), Trust(spam_marks=(("X-Spam-Flag", "YES"),)), raw)
    assert found.problem
    assert found.spam


def test_evidence_of_spam_and_viruses_goes_through_the_journal() -> None:
    found = Evidence("a@b.example", spam="X: y", virus="Worm", unscanned="Away.", edited="by Bob")
    assert Evidence.from_dict(found.as_dict()) == found
    assert "spam" not in Evidence("a@b.example").as_dict()


@pytest.mark.parametrize("wrong", ["X Spam: yes", ": YES", "X-Spam:", "X-Spam-Flag: YES\nX Y"])
def test_a_mark_must_be_a_field_with_or_without_a_value(wrong: str) -> None:
    with pytest.raises(ValidationError, match="must look like"):
        IncomingAccount(spam_headers=wrong).clean()


def test_spam_changes_nothing_and_the_trace_says_why(desk: Desk) -> None:
    IncomingAccount.objects.update(spam_headers="X-Other\nX-Spam-Flag: YES")
    row = desk.receive(mail(headers=FLAG))
    assert (row.outcome, row.reason) == (Outcome.REJECTED, "The gateway marked it as spam: X-Spam-Flag: YES.")
    assert row.trace[-1]["rule"] == "spam mark"
    assert not Call.objects.exists()
    assert not desk.sent_to("ann@customer.example")


# The antivirus daemon


@pytest.fixture(scope="module")
def antivirus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    """A private clamd."""
    if clamd.PROGRAM is None:
        if os.environ.get("MAILCALL_REQUIRE_SERVERS") == "0":
            pytest.skip("clamd is not installed")
        pytest.fail("clamd is not installed; `make setup-test` installs it")
    with Clamd(tmp_path_factory.mktemp("clamd")) as started:
        yield started


def _asks(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    changed = config().model_copy(update={"antivirus_daemon": address})
    monkeypatch.setattr("mailcall.inbound.arrivals.config", lambda: changed)


def _infected() -> bytes:
    part = base64.b64encode(EICAR.encode()).decode()
    headers = "MIME-Version: 1.0\nContent-Type: application/octet-stream; name=bill.exe\n"
    headers += "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=bill.exe\n"
    head = b"\r\n".join(
        line for line in mail().partition(b"\r\n\r\n")[0].split(b"\r\n")
        if not line.startswith((b"MIME-", b"Content-"))
    )  # fmt: skip
    return head + b"\r\n" + f"{headers}\n{part}\n".replace("\n", "\r\n").encode()


def test_clamd_finds_a_virus_by_either_way_to_it(antivirus: Clamd) -> None:
    for address in (antivirus.address, antivirus.tcp_address):
        daemon = Daemon(address)
        assert daemon.scan(mail()) == Scan()
        assert daemon.scan(_infected()).virus == f"{clamd.VIRUS}.UNOFFICIAL"
        assert daemon.scan(mail()) == Scan()


def test_a_mail_above_what_clamd_takes_is_told_as_such(antivirus: Clamd) -> None:
    scan = Daemon(antivirus.address).scan(bytes(5_000_000))
    assert scan == Scan(unscanned="The antivirus daemon could not look at it: INSTREAM size limit exceeded.")


def test_a_mail_with_a_virus_is_rejected_and_its_files_go_nowhere(
    desk: Desk, antivirus: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    _asks(monkeypatch, antivirus.address)
    row = desk.receive(_infected())
    assert (row.outcome, row.call) == (Outcome.REJECTED, None)
    assert row.reason == f"It holds a virus: {clamd.VIRUS}.UNOFFICIAL."
    assert row.evidence["virus"] == f"{clamd.VIRUS}.UNOFFICIAL"
    assert not Attachment.objects.exists()
    assert desk.receive(mail()).outcome == Outcome.LOGGED


def test_mail_waits_while_the_daemon_is_away_and_no_attempt_counts(
    desk: Desk, antivirus: Clamd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _asks(monkeypatch, f"unix:{tmp_path}/nobody.ctl")
    row = desk.receive(mail())
    assert (row.state, row.attempts) == (MailState.NEW, 0)
    assert row.due_at
    assert "is away: No such file or directory." in row.error
    assert not Call.objects.exists()

    _asks(monkeypatch, antivirus.address)
    ReceivedMail.objects.update(due_at=None)
    desk.run()
    assert Call.objects.count() == 1


def test_an_account_may_go_on_without_the_daemon_and_its_files_carry_a_warning(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _asks(monkeypatch, f"unix:{tmp_path}/nobody.ctl")
    IncomingAccount.objects.update(unscanned=Unscanned.ACCEPT)
    row = desk.receive(_infected())
    assert row.outcome == Outcome.LOGGED
    assert "is away" in row.evidence["unscanned"]
    assert any(step["rule"] == "virus" and "is away" in step["saw"] for step in row.trace)
    assert "Nobody looked for viruses in it." in Attachment.objects.get().warning


def test_a_mail_that_the_daemon_can_not_look_at_is_held_in_the_end(
    desk: Desk, antivirus: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon_that(lambda _: b"stream: Can't allocate memory ERROR\0") as address:
        _asks(monkeypatch, address)
        row = desk.receive(mail())
        for _ in range(2):
            ReceivedMail.objects.update(due_at=None)
            desk.run()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (MailState.HELD, 3)
    assert row.error == "The antivirus daemon could not look at it: Can't allocate memory."

    _asks(monkeypatch, antivirus.address)
    put_in_state(ReceivedMail.objects, MailState.NEW, attempts=0)
    desk.run()
    assert Call.objects.count() == 1


def test_a_silent_daemon_is_asked_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcall.inbound.antivirus.SECONDS", 0.2)
    with daemon_that(lambda _: b"") as address:
        scan = Daemon(address).scan(b"Subject: bomb\r\n\r\n")
    assert not scan.away
    assert "took more than" in scan.unscanned


@pytest.mark.parametrize(
    ("answer", "scan"),
    [
        (b"stream: OK\0", Scan()),
        (b"stream: Worm.\x1b[31m FOUND\0", Scan(virus="Worm.?[31m")),
        (b"stream:  FOUND\0", Scan(virus="without a name")),
        (b"OK FOUND OK\0", Scan(unscanned="The antivirus daemon could not look at it: OK FOUND OK.")),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n\0", None),
        (b"\xff" * 5000, None),
    ],
)
def test_only_a_clear_word_counts_as_one(answer: bytes, scan: Scan | None) -> None:
    with daemon_that(lambda _: answer) as address:
        said = Daemon(address).scan(b"Subject: x\r\n\r\n")
    if scan is None:
        assert said.unscanned.startswith("The antivirus daemon could not look at it")
        assert len(said.unscanned) < 300
    else:
        assert said == scan


def test_a_daemon_that_hangs_up_in_the_midst_is_heard_all_the_same() -> None:
    limit = b"INSTREAM size limit exceeded. ERROR\0"
    with daemon_that(lambda _: limit, hears=100_000) as address:
        assert "size limit exceeded" in Daemon(address).scan(bytes(3_000_000)).unscanned


def test_one_that_is_away_is_let_alone_for_a_while() -> None:
    now = [0.0]
    daemon = Daemon("unix:/nowhere/clamd.ctl", lambda: now[0])
    assert daemon.scan(b"x").away
    asked: list[bytes] = []

    def answer(raw: bytes) -> bytes:
        asked.append(raw)
        return b"stream: OK\0"

    with daemon_that(answer) as address:
        daemon._address = address
        assert daemon.scan(b"x").away
        assert not asked
        now[0] += PAUSE
        assert daemon.scan(b"x") == Scan()
        assert asked == [b"x"]


def test_the_length_of_a_piece_is_as_clamd_reads_it() -> None:
    whole = bytes(range(256)) * 4096
    heard: list[bytes] = []

    def answer(raw: bytes) -> bytes:
        heard.append(raw)
        return b"stream: OK\0"

    with daemon_that(answer) as address:
        assert Daemon(address).scan(whole) == Scan()
    assert heard == [whole]
    assert struct.calcsize("!I") == 4
