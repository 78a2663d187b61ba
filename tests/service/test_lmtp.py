"""The LMTP listener as clients meet it: good ones, bad ones, and those that vanish."""

import os
import smtplib
import socket
import sqlite3
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from desks import mail
from feeding import fed_installation, raws
from installations import ON_POSTGRESQL, Installation
from servers.fixtures import server_folder
from servers.process import answers, free_ports

SUPPORT = "support@desk.example"


class Fed:
    """A running installation that takes mail by LMTP."""

    def __init__(self, installed: Installation, port: int) -> None:
        self.installed = installed
        self.port = port

    def client(self) -> smtplib.LMTP:
        return smtplib.LMTP("127.0.0.1", self.port, timeout=60)

    def talk(self) -> "Talk":
        return Talk(socket.create_connection(("127.0.0.1", self.port), timeout=60))

    def journalled(self) -> int:
        return self.installed.count("select count(*) from inbound_receivedmail")

    def of(self, message_id: str) -> list[bytes]:
        return [raw for raw in raws(self.installed) if message_id.encode() in raw]


class Talk:
    """Bytes to the listener and answers from it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.lines = connection.makefile("rb")
        assert self.heard().startswith("220 ")

    def heard(self) -> str:
        """The next line of an answer; '' when the listener has hung up."""
        return self.lines.readline().decode()

    def send(self, raw: bytes) -> None:
        self.connection.sendall(raw)

    def say(self, words: str) -> str:
        """Say a line; the last line of its answer."""
        self.send(words.encode() + b"\r\n")
        while (line := self.heard())[3:4] == "-":
            pass
        return line

    def begin(self, *recipients: str, sender: str = "ann@k.example") -> None:
        """Everything up to DATA, whose answer is 354."""
        assert self.say("LHLO client.example").startswith("250 ")
        assert self.say(f"MAIL FROM:<{sender}>").startswith("250 ")
        for recipient in recipients or (SUPPORT,):
            assert self.say(f"RCPT TO:<{recipient}>").startswith("250 ")
        assert self.say("DATA").startswith("354 ")


def start(installed: Installation, **how: str) -> Fed:
    """Start its service, with a listener on a free port."""
    if "MAILCALL_LMTP_LISTEN" not in installed.environment:
        installed.environment["MAILCALL_LMTP_LISTEN"] = f"127.0.0.1:{free_ports(1)[0]}"
    port = int(installed.environment["MAILCALL_LMTP_LISTEN"].rpartition(":")[2])
    installed.start(**how)
    installed.wait(lambda: answers(port), "the listener")
    return Fed(installed, port)


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    """One for all tests of this file that leave it whole."""
    with fed_installation(tmp_path_factory.mktemp("fed")) as installed:
        yield start(installed)
        assert "Traceback" not in installed.log.read_text()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Fed]:
    """One of a test's own."""
    with fed_installation(tmp_path / "own") as installed:
        yield start(installed)


def test_a_mail_is_taken_and_logged(fed: Fed) -> None:
    with fed.client() as client:
        assert client.sendmail("ann@k.example", [SUPPORT], mail(message_id="<taken@k.example>")) == {}
    [raw] = fed.of("<taken@k.example>")
    assert raw.startswith(b"Return-Path: <ann@k.example>\r\n")
    outcome = "select outcome from inbound_receivedmail where message_id = '<taken@k.example>'"
    fed.installed.wait(lambda: fed.installed.query(outcome) == [("logged",)], "the call")


def test_what_it_offers_is_what_it_does(fed: Fed) -> None:
    with fed.client() as client:
        client.ehlo_or_helo_if_needed()
        offered = set(client.esmtp_features)
        assert offered == {"pipelining", "8bitmime", "smtputf8", "enhancedstatuscodes", "size"}
        raw = mail(message_id="<utf8@k.example>", text="Grüße\n")
        options = ["SMTPUTF8", "BODY=8BITMIME", f"SIZE={len(raw)}"]
        assert client.sendmail("jürgen@müller.example", [SUPPORT], raw, options) == {}
    [raw] = fed.of("<utf8@k.example>")
    assert raw.startswith("Return-Path: <jürgen@müller.example>\r\n".encode())


def test_every_recipient_has_an_answer_of_its_own(fed: Fed) -> None:
    wanted = [
        SUPPORT,
        "nobody@desk.example",
        "support+tag@desk.example",
        "off@desk.example",
        "jobs@desk.example",
    ]
    talk = fed.talk()
    talk.say("LHLO c")
    talk.say("MAIL FROM:<>")
    said = [talk.say(f"RCPT TO:<{address}>")[:9] for address in wanted]
    assert said == ["250 2.1.5", "550 5.1.1", "250 2.1.5", "450 4.2.1", "250 2.1.5"]
    talk.say("DATA")
    talk.send(mail(message_id="<each@k.example>") + b"\r\n.\r\n")
    said = [talk.heard() for _ in range(3)]
    assert [line[:9] for line in said] == ["250 2.0.0"] * 3
    assert [line.rpartition("<")[2].strip() for line in said] == [f"{address}>" for address in wanted[::2]]
    assert talk.say("NOOP").startswith("250 ")
    assert len(fed.of("<each@k.example>")) == 2  # the tag leads to the same account
    assert all(raw.startswith(b"Return-Path: <>\r\n") for raw in fed.of("<each@k.example>"))


def test_a_partitions_address_leads_to_its_only_account(fed: Fed) -> None:
    talk = fed.talk()
    talk.say("LHLO c")
    talk.say("MAIL FROM:<a@k.example>")
    assert talk.say("RCPT TO:<people@desk.example>").startswith("250 ")
    assert talk.say("RCPT TO:<it@desk.example>").startswith("550 5.1.1 More than one account")


def test_a_mail_handed_over_again_is_one_mail(fed: Fed) -> None:
    raw = mail(message_id="<again@k.example>")
    for _ in range(2):
        with fed.client() as client:
            assert client.sendmail("ann@k.example", [SUPPORT], raw) == {}
    assert len(fed.of("<again@k.example>")) == 1


def test_the_same_mail_from_ten_clients_at_once_is_one_mail(fed: Fed) -> None:
    raw = mail(message_id="<crowd@k.example>")

    def hand_over(_: int) -> dict:
        with fed.client() as client:
            return client.sendmail("ann@k.example", [SUPPORT], raw)

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(hand_over, range(10))) == [{}] * 10
    assert len(fed.of("<crowd@k.example>")) == 1


def test_a_return_path_that_the_mail_server_wrote_is_not_doubled(fed: Fed) -> None:
    path = b"Return-Path: <ann@k.example>\r\n"
    for number, beginning in enumerate((path, path.lower(), b"Return-Path: <eve@k.example>\r\n")):
        talk = fed.talk()
        talk.begin()
        talk.send(beginning + mail(message_id=f"<path{number}@k.example>") + b"\r\n.\r\n")
        assert talk.heard().startswith("250 ")
    assert fed.of("<path0@k.example>")[0].count(path) == 1
    for number in (1, 2):  # the first is what counts, and that is ours
        assert fed.of(f"<path{number}@k.example>")[0].startswith(path)


def test_a_hundred_recipients_are_one_mail_for_each_account(fed: Fed) -> None:
    talk = fed.talk()
    recipients = [f"support+{number}@desk.example" for number in range(99)]
    talk.begin(*recipients, "printers@desk.example")
    talk.send(mail(message_id="<hundred@k.example>") + b"\r\n.\r\n")
    assert [talk.heard()[:4] for _ in range(100)] == ["250 "] * 100
    assert len(fed.of("<hundred@k.example>")) == 2


def test_commands_sent_together_are_answered_in_order(fed: Fed) -> None:
    talk = fed.talk()
    talk.send(
        b"LHLO c\r\nMAIL FROM:<a@k.example>\r\nRCPT TO:<nobody@desk.example>\r\n"
        b"RCPT TO:<support@desk.example>\r\nDATA\r\n"
    )
    codes = []
    while codes[-1:] != ["354 "]:
        codes.append(talk.heard()[:4])
    assert codes == [*["250-"] * 5, "250 ", "250 ", "550 ", "250 ", "354 "]
    talk.send(mail(message_id="<together@k.example>") + b"\r\n.\r\nNOOP\r\nQUIT\r\n")
    assert [talk.heard()[:4] for _ in range(4)] == ["250 ", "250 ", "221 ", ""]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("EHLO c", "500 5.5.1"),
        ("HELO c", "500 5.5.1"),
        ("LHLO", "501 5.5.4"),
        ("MAIL FROM:<a@k.example>", "503 5.5.1"),
        ("RCPT TO:<support@desk.example>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("RSET", "250 2.0.0"),
        ("NOOP what ever", "250 2.0.0"),
        ("VRFY support", "252 2.0.0"),
        ("GET / HTTP/1.1", "500 5.5.1"),
        ("", "500 5.5.1"),
        ("MAIL\tFROM:<a@k.example>", "500 5.5.2"),
        ("NOOP \0", "500 5.5.2"),
        ("NOOP \x1b[31m", "500 5.5.2"),
        ("NOOP " + "x" * 5000, "500 5.5.2"),
        ("QUIT", "221 2.0.0"),
    ],
)
def test_before_a_greeting(fed: Fed, words: str, code: str) -> None:
    assert fed.talk().say(words).startswith(code)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("mail from: <a@k.example> size=10 body=8bitmime", "250 2.1.0"),
        ("MAIL FROM:<@relay.example,@other.example:a@k.example>", "250 2.1.0"),
        ('MAIL FROM:<"a > b"@k.example>', "250 2.1.0"),
        ("MAIL FROM:a@k.example", "501 5.5.4"),
        ("MAIL TO:<a@k.example>", "501 5.5.4"),
        ("MAIL FROM:<" + "<" * 2000, "501 5.5.4"),
        ('MAIL FROM:<"' + '"a\\"' * 900, "501 5.5.4"),
        ("MAIL FROM:<a@k.example> SIZE=200000000", "552 5.3.4"),
        ("MAIL FROM:<a@k.example> SIZE=x", "555 5.5.4"),
        ("MAIL FROM:<a@k.example> SIZE=" + "9" * 400, "555 5.5.4"),
        ("MAIL FROM:<a@k.example> BODY=BINARYMIME", "555 5.5.4"),
        ("MAIL FROM:<a@k.example> RET=HDRS", "555 5.5.4"),
        ("DATA", "503 5.5.1"),
    ],
)
def test_after_a_greeting(fed: Fed, words: str, code: str) -> None:
    talk = fed.talk()
    talk.say("LHLO c")
    assert talk.say(words).startswith(code)


def test_a_second_sender_is_refused_and_the_first_stays(fed: Fed) -> None:
    talk = fed.talk()
    talk.say("LHLO c")
    talk.say("MAIL FROM:<first@k.example>")
    assert talk.say("MAIL FROM:<second@k.example>").startswith("503 ")
    assert talk.say("RCPT TO:<support@desk.example> NOTIFY=NEVER").startswith("555 ")
    talk.say("RCPT TO:<support@desk.example>")
    assert talk.say("DATA now").startswith("501 ")
    talk.say("DATA")
    talk.send(mail(message_id="<second@k.example>") + b"\r\n.\r\n")
    assert talk.heard().startswith("250 ")
    assert fed.of("<second@k.example>")[0].startswith(b"Return-Path: <first@k.example>\r\n")


def test_with_no_recipient_accepted_there_is_no_data(fed: Fed) -> None:
    talk = fed.talk()
    talk.say("LHLO c")
    talk.say("MAIL FROM:<a@k.example>")
    assert talk.say("DATA").startswith("503 ")
    assert talk.say("RCPT TO:<nobody@desk.example>").startswith("550 ")
    assert talk.say("DATA").startswith("503 ")
    talk.say("RSET")
    assert talk.say("RCPT TO:<support@desk.example>").startswith("503 ")


def test_nonsense_is_answered_and_then_the_line_is_cut(fed: Fed) -> None:
    talk = fed.talk()
    talk.send(os.urandom(200_000).replace(b"\n", b"x") + b"\r\n")
    assert talk.heard().startswith("500 5.5.2 ")
    said = [talk.say("\xff\xfe nonsense") for _ in range(19)]
    assert all(line.startswith("500 ") for line in said)
    assert talk.heard().startswith("421 4.7.0 ")
    assert talk.heard() == ""


def test_a_line_of_ten_megabytes_costs_no_memory(fed: Fed) -> None:
    assert fed.installed.process
    before = resident(fed.installed.process.pid)
    talk = fed.talk()
    for _ in range(10):
        talk.send(b"x" * 1_000_000)
    assert talk.say("").startswith("500 5.5.2 The line is too long.")
    talk.begin()
    for _ in range(10):
        talk.send(b"y" * 1_000_000)
    talk.send(b"\r\n.\r\n")
    assert talk.heard().startswith("250 ")
    assert resident(fed.installed.process.pid) - before < 40_000_000


def resident(pid: int) -> int:
    """Bytes of memory that a process has in use."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def test_the_bytes_are_kept_as_they_came(fed: Fed) -> None:
    content = b"X-Odd: kept\r\n\r\n\0\xff..\r\n.\r.\r\n.\n\n.\r\nMAIL FROM:<eve@k.example>\r\r\n\n.\n"
    talk = fed.talk()
    talk.begin()
    talk.send(content.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
    assert talk.heard().startswith("250 ")
    assert talk.say("NOOP").startswith("250 ")  # nothing of it was taken for a command
    assert fed.of("X-Odd: kept") == [b"Return-Path: <ann@k.example>\r\n" + content + b"\r\n"]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n"])
def test_only_a_dot_between_cr_lfs_ends_a_mail(fed: Fed, end: bytes) -> None:
    before = fed.journalled()
    talk = fed.talk()
    talk.begin()
    talk.send(
        b"Subject: smuggler"
        + end
        + b"MAIL FROM:<eve@k.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n"
    )
    talk.connection.settimeout(0.3)
    with pytest.raises(TimeoutError):
        talk.heard()
    talk.connection.close()
    assert fed.journalled() == before


def test_commands_with_bare_line_feeds_are_refused(fed: Fed) -> None:
    talk = fed.talk()
    talk.send(b"LHLO c\nMAIL FROM:<a@k.example>\n")
    assert [talk.heard()[:9] for _ in range(2)] == ["500 5.5.2", "500 5.5.2"]


def test_of_a_client_that_vanishes_nothing_is_kept(fed: Fed) -> None:
    before = fed.journalled()
    for size in (10, 1_000_000):
        talk = fed.talk()
        talk.begin()
        talk.send(mail() + b"x" * size)
        talk.lines.close()
        talk.connection.close()
    fed.installed.wait(lambda: not spooled(fed.installed), "an empty spool")
    assert fed.journalled() == before
    with fed.client() as client:
        assert client.noop()[0] == 250


def spooled(installed: Installation) -> list[Path]:
    return [path for path in (installed.data / "spool" / "fed").rglob("*") if path.is_file()]


def test_a_slow_client_is_waited_for_while_others_are_served(fed: Fed) -> None:
    slow = fed.talk()
    slow.begin()
    for byte in mail(message_id="<slow@k.example>")[:300]:
        slow.send(bytes([byte]))
    with fed.client() as client:
        assert client.sendmail("ann@k.example", [SUPPORT], mail(message_id="<quick@k.example>")) == {}
    slow.send(b"\r\n.")
    time.sleep(0.05)
    slow.send(b"\r")
    time.sleep(0.05)
    slow.send(b"\n")
    assert slow.heard().startswith("250 ")


def test_a_big_mail_goes_to_the_file_storage(fed: Fed) -> None:
    raw = mail(message_id="<big@k.example>", text="All work and no play.\n" * 100_000)
    talk = fed.talk()
    talk.begin(SUPPORT, "jobs@desk.example")
    talk.send(raw + b".\r\n")
    assert [talk.heard()[:4] for _ in range(2)] == ["250 ", "250 "]
    size = len(b"Return-Path: <ann@k.example>\r\n" + raw)
    rows = fed.installed.query(f"select raw, sha256 from inbound_receivedmail where size = {size}")
    assert [raw for raw, _ in rows] == [None, None]
    sha256 = rows[0][1]
    assert (fed.installed.data / "files" / sha256[:2] / sha256[2:4] / sha256).stat().st_size == size
    assert spooled(fed.installed) == []


def test_a_mail_above_the_limit_of_one_account_is_refused_for_that_one(fed: Fed) -> None:
    before, raw = fed.journalled(), mail(text="All work and no play.\n" * 60_000)
    talk = fed.talk()
    talk.begin("small@desk.example", SUPPORT)
    talk.send(raw + b".\r\n")
    assert [talk.heard()[:9] for _ in range(2)] == ["552 5.3.4", "250 2.0.0"]
    assert fed.journalled() == before + 1


def test_a_size_that_is_announced_is_held_against_each_account(fed: Fed) -> None:
    talk = fed.talk()
    talk.say("LHLO c")
    talk.say("MAIL FROM:<a@k.example> SIZE=1048577")
    assert "larger than 1048576 bytes" in talk.say("RCPT TO:<small@desk.example>")
    assert talk.say(f"RCPT TO:<{SUPPORT}>").startswith("250 ")
    talk.say("RSET")
    talk.say("MAIL FROM:<a@k.example> SIZE=1048576")
    assert talk.say("RCPT TO:<small@desk.example>").startswith("250 ")


def test_a_mail_that_is_too_large_is_refused_at_its_end(fed: Fed) -> None:
    before = fed.journalled()
    talk = fed.talk()
    talk.begin(SUPPORT, "jobs@desk.example")
    chunk = b"x" * 998 + b"\r\n"
    for _ in range(106):
        talk.send(chunk * 1000)
    talk.send(b".\r\n")
    assert [talk.heard()[:9] for _ in range(2)] == ["552 5.3.4"] * 2
    assert talk.say("NOOP").startswith("250 ")
    assert fed.journalled() == before
    assert spooled(fed.installed) == []


def test_beyond_fifty_connections_clients_are_asked_to_come_again(fed: Fed) -> None:
    time.sleep(0.5)  # sessions of other tests end
    talks = [fed.talk() for _ in range(50)]
    with closing(socket.create_connection(("127.0.0.1", fed.port), timeout=10)) as extra:
        assert extra.makefile("rb").readline().startswith(b"421 4.3.2 ")
    for talk in talks:
        talk.say("QUIT")
    fed.installed.wait(lambda: fed.client().noop()[0] == 250, "room")


def test_a_service_that_stops_finishes_the_mail_in_hand(own: Fed) -> None:
    idle, busy = own.talk(), own.talk()
    busy.begin()
    raw = mail(message_id="<in-hand@k.example>")
    busy.send(raw[:50])
    assert own.installed.process
    own.installed.process.terminate()
    assert idle.heard().startswith("421 4.3.2 ")
    assert idle.heard() == ""
    own.installed.wait(lambda: not answers(own.port), "the end of listening")
    busy.send(raw[50:] + b"\r\n.\r\n")
    assert busy.heard().startswith("250 ")
    assert busy.heard().startswith("421 4.3.2 ")
    assert own.installed.process.wait(20) == 0
    own.installed.process = None
    assert len(own.of("<in-hand@k.example>")) == 1
    assert '"finished": true' in own.installed.tail()


def test_a_database_that_fails_leaves_the_mail_with_the_mail_server(own: Fed) -> None:
    own.installed.change("alter table inbound_receivedmail rename to away")
    talk = own.talk()
    talk.begin(SUPPORT, "jobs@desk.example")
    raw = mail(message_id="<later@k.example>")
    talk.send(raw + b"\r\n.\r\n")
    said = [talk.heard() for _ in range(2)]
    assert all(line.startswith("451 4.3.0 ") and line.isascii() for line in said)
    own.installed.change("alter table inbound_incomingaccount rename to gone")
    talk.say("MAIL FROM:<ann@k.example>")
    assert talk.say(f"RCPT TO:<{SUPPORT}>").startswith("451 4.3.0 ")
    own.installed.change(
        "alter table away rename to inbound_receivedmail",
        "alter table gone rename to inbound_incomingaccount",
    )
    assert talk.say(f"RCPT TO:<{SUPPORT}>").startswith("250 ")
    talk.say("DATA")
    talk.send(raw + b"\r\n.\r\n")
    assert talk.heard().startswith("250 ")
    assert own.journalled() == 1


@pytest.mark.skipif(ON_POSTGRESQL, reason="only SQLite has one lock for the whole database")
def test_while_the_database_is_locked_the_mail_stays_with_the_mail_server(own: Fed) -> None:
    with closing(sqlite3.connect(own.installed.data / "mailcall.sqlite3", isolation_level=None)) as locking:
        locking.execute("BEGIN IMMEDIATE")
        talk = own.talk()
        talk.begin()
        talk.send(mail() + b"\r\n.\r\n")
        assert talk.heard().startswith(
            "451 4.3.0 The database is locked by another process. Try again later."
        )
    assert own.journalled() == 0


def test_a_unix_socket_is_for_its_user_and_group_and_replaces_a_dead_one(tmp_path: Path) -> None:
    with server_folder() as folder, fed_installation(tmp_path / "own") as installed:
        path = folder / "lmtp"
        with closing(socket.socket(socket.AF_UNIX)) as dead:
            dead.bind(str(path))
        installed.environment["MAILCALL_LMTP_LISTEN"] = f"unix:{path}"
        installed.start()
        installed.wait(lambda: "mail is taken by LMTP" in installed.tail(), "the listener")
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with smtplib.LMTP(str(path)) as client:
            assert client.sendmail("ann@k.example", [SUPPORT], mail()) == {}
        installed.end()
        assert not path.exists()


def test_a_port_that_is_taken_is_said_and_tried_again(tmp_path: Path) -> None:
    with (
        fed_installation(tmp_path / "own") as installed,
        closing(socket.create_server(("127.0.0.1", 0))) as taken,
    ):
        port = taken.getsockname()[1]
        installed.environment["MAILCALL_LMTP_LISTEN"] = f"127.0.0.1:{port}"
        installed.start()
        installed.wait(lambda: "mail can't be taken by LMTP" in installed.tail(), "the sentence")
        taken.close()
        installed.wait(lambda: answers(port), "the listener")
        assert "Traceback" not in installed.log.read_text()
