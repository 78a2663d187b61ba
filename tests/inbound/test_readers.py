"""Mails are read by processes of their own: what a mail does to its reader harms nothing else."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desks import mail
from harm import harming
from mailcall.inbound import reader_process, readers
from mailcall.inbound.orders import NUMBER
from mailcall.inbound.readers import Readers, Unread, order_for
from mailcall.inbound.reading import Reading
from mailcall.inbound.spool import BIG, MOST_AT_HAND
from mailcall.message import Trust


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Readers]:
    """Two readers that do what mails tell them to."""
    monkeypatch.setenv("PYTHONPATH", harming(tmp_path))
    monkeypatch.setattr(readers, "SECONDS", 1.0)
    spool = tmp_path / "spool"
    spool.mkdir()
    made = Readers(2, spool)
    yield made
    made.close()


def saying(*texts: str) -> list:
    """An order for a mail with each of these texts, which is its subject too."""
    raws = [mail(subject=text, text=text + "\n") for text in texts]
    return [order_for(raw, len(raw), Trust(), [b"k" * 32], None) for raw in raws]


def told(results: list) -> list[str]:
    """What came of each: the subject, or why it was not read."""
    return [result.mail.subject if isinstance(result, Reading) else result.why for _, result in results]


def pids(pool: Readers) -> list[int]:
    return [process.pid for process in pool._processes]


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second: it went between opening and reading
        return True


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_mails_come_back_read_in_their_order(pool: Readers) -> None:
    texts = [f"Matter {number}" for number in range(50)]
    [results] = pool.read(saying(*texts))
    assert [position for position, _ in results] == list(range(50))
    assert told(results) == texts


def test_readers_are_kept_for_the_next_mails(pool: Readers) -> None:
    list(pool.read(saying("One", "Two")))
    before = pids(pool)
    list(pool.read(saying("Three", "Four")))
    assert pids(pool) == before
    assert len(before) == 2


def test_one_mail_starts_one_reader(pool: Readers) -> None:
    list(pool.read(saying("One")))
    assert len(pids(pool)) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Die, reader", "Reading it ended the process that read it (signal 11)."),
        ("Leave, reader", "Reading it ended the process that read it (exit status 3)."),
        ("Compute, reader", "Reading it took more than 1 seconds."),
    ],
)
def test_a_mail_that_ends_its_reader_is_told_apart_and_the_others_come_first(
    pool: Readers, text: str, why: str
) -> None:
    others = [f"Matter {number}" for number in range(20)]
    first, last = pool.read(saying(*others[:10], text, *others[10:]))
    assert told(first) == others
    assert last == [(10, Unread(why, deadly=True))]


def test_a_mail_that_sleeps_is_ended_by_the_clock(pool: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "SECONDS", 0.5)
    first, last = pool.read(saying("Sleep, reader", *"abcdefghijklmnopqrst"))
    assert "".join(told(first)) == "abcdefghijklmnopqrst"
    assert last == [(0, Unread("Reading it took more than 3 seconds.", deadly=True))]


def test_a_mail_whose_reader_was_killed_by_somebody_else_is_read_after_all(pool: Readers) -> None:
    first, last = pool.read(saying("Die once, reader", "One", "Two"))
    assert told(first) == ["One", "Two"]
    assert told(last) == ["Die once, reader"]


def test_many_mails_that_end_their_readers_are_each_found_out(pool: Readers) -> None:
    texts = ["Die, reader" if number % 3 else f"Matter {number}" for number in range(6)]
    results = [result for batch in pool.read(saying(*texts)) for result in batch]
    assert sorted(position for position, _ in results) == list(range(6))
    assert {position for position, result in results if isinstance(result, Unread)} == {
        position for position, text in enumerate(texts) if text == "Die, reader"
    }


def test_a_reader_that_died_between_two_chunks_is_replaced(pool: Readers) -> None:
    list(pool.read(saying("One")))
    [pid] = pids(pool)
    os.kill(pid, signal.SIGKILL)
    until(lambda: ended(pid))
    [results] = pool.read(saying("Two", "Three", "Four"))
    assert told(results) == ["Two", "Three", "Four"]


def test_readers_are_forked_anew_when_the_process_that_forks_them_was_killed(pool: Readers) -> None:
    pool.warm()
    list(pool.read(saying("One")))
    [pid] = pids(pool)
    pool._server._process.kill()
    until(lambda: ended(pid))
    [results] = pool.read(saying("Two", "Three"))
    assert told(results) == ["Two", "Three"]


def test_what_forks_readers_ends_with_them(pool: Readers) -> None:
    list(pool.read(saying("One")))
    left = [*pids(pool), pool._server._process.pid]
    pool.close()
    assert all(map(ended, left))


def test_a_mail_that_takes_too_much_memory_is_not_read_and_its_reader_lives(pool: Readers) -> None:
    [results] = pool.read(saying("Swell, reader", "One"))
    assert "MemoryError" in told(results)[0]
    assert told(results)[1] == "One"


def test_an_error_of_our_reader_is_no_deadly_one(pool: Readers) -> None:
    [[(_, result)]] = pool.read(saying("Fail, reader"))
    assert result == Unread("RecursionError: too deep")


def test_a_reader_whose_memory_grew_is_replaced_and_what_it_had_in_hand_is_read(pool: Readers) -> None:
    pool._most = 1
    [results] = pool.read(saying("One", "Grow, reader", "Two", "Three"))
    assert told(results) == ["One", "Grow, reader", "Two", "Three"]


def test_a_stop_ends_the_reading_at_once_and_the_readers_with_it(pool: Readers) -> None:
    begun = time.monotonic()
    assert list(pool.read(saying("Sleep, reader"), lambda: time.monotonic() - begun > 0.2)) == []
    assert pids(pool) == []


def test_readers_that_cannot_be_started_are_no_mails_fault(
    pool: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_process.sys, "executable", "/bin/false")
    with pytest.raises(ChildProcessError, match="could not be started"):
        list(pool.read(saying("One")))
    monkeypatch.undo()


def test_a_big_attachment_comes_as_a_file_until_the_next_is_asked_for(pool: Readers, tmp_path: Path) -> None:
    big, small = b"b" * (BIG + 1), b"s" * BIG
    run = pool.read([*attached(big, small), *saying("Die once, reader")])
    [(_, result)] = next(run)
    first, second = result.mail.attachments
    assert (first.data, first.file.read_bytes(), first.size) == (b"", big, len(big))
    assert (second.data, second.file) == (small, None)
    next(run)
    assert list((tmp_path / "spool").iterdir()) == []


def test_many_small_attachments_are_not_all_held_in_memory(pool: Readers) -> None:
    [[(_, result)]] = pool.read(attached(*[bytes([n]) * BIG for n in range(80)]))
    assert sum(len(a.data) for a in result.mail.attachments) <= MOST_AT_HAND
    assert all(a.file or a.data for a in result.mail.attachments)


def test_a_spool_that_is_full_is_no_mails_fault(pool: Readers, tmp_path: Path) -> None:
    (tmp_path / "spool").rmdir()
    with pytest.raises(FileNotFoundError):
        list(pool.read(attached(b"b" * (BIG + 1))))
    (tmp_path / "spool").mkdir()


def test_a_mail_kept_as_a_file_is_read_from_there(pool: Readers, tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(mail(subject="From a file"))
    order = order_for(path, path.stat().st_size, Trust(), [b"k" * 32], None)
    missing = order_for(tmp_path / "missing.eml", 100, Trust(), [b"k" * 32], None)
    [results] = pool.read([order, missing])
    assert told(results)[0] == "From a file"
    assert "No such file" in told(results)[1]


SERVICE = """
import sys
from pathlib import Path
from mailcall.inbound.readers import Readers, order_for
from mailcall.message import Trust

pool = Readers(1, Path(sys.argv[1]))

def tell():
    if any(process.started for process in pool._processes):
        print(*[process.pid for process in pool._processes], flush=True)

list(pool.read([order_for(b"Sleep, reader", 13, Trust(), [], None)], tell))
"""


def test_readers_end_when_the_service_is_killed_while_they_read(tmp_path: Path) -> None:
    service = subprocess.Popen(
        [sys.executable, "-c", SERVICE, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": harming(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert service.stdout
    pid = int(service.stdout.readline())
    service.kill()
    service.wait()
    until(lambda: ended(pid))


def test_a_reader_whose_service_is_gone_ends_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server = reader_process.ForkServer(tmp_path)
    orders, lifeline = server.fork()
    lifeline.settimeout(30)
    assert NUMBER.unpack(lifeline.recv(NUMBER.size)) > (0,)
    until(lambda: bool(orders.recv(1, socket.MSG_PEEK)))
    orders.close()  # before what the reader said was heard, which resets the connection
    assert NUMBER.unpack(lifeline.recv(NUMBER.size)) == (0,)
    server.end()
    assert capfd.readouterr().err == ""


def test_a_reader_knows_no_django() -> None:
    program = "import sys, mailcall.inbound.reader; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def attached(*files: bytes) -> list:
    """An order for a mail with these attachments."""
    parts = b"".join(
        b"--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n" + data + b"\r\n"
        for data in files
    )
    raw = (
        b"From: ann@customer.example\r\nSubject: Files\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n"
    )
    return [order_for(raw, len(raw), Trust(), [b"k" * 32], None)]
