"""`python bench/outbound.py [MAILS [ROUNDS]]`: how fast mail leaves, from the message table to smtp-sink.

Each round is one process as the service is: it finds acknowledgements waiting in the message table, makes
each from its template, hands it over and records what became of it; then as many by a template of an
administrator's. The floor is what any program would take for that: the same bytes over one pipelined
connection by a bare loop, with one durable commit for every twenty.
"""

import contextlib
import datetime as dt
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from servers.postgresql import PostgreSQL  # noqa: E402
from servers.process import answers, free_ports, wait_for  # noqa: E402

MAILS = 1_000
ROUNDS = 5
GROUP = 20  # of the floor, as the service's own


OWN = {
    "subject": "We have it: {{ subject }}",
    "html": """<h1>Thank you, {{ user }}</h1>
<p>We have your <b>call {{ call }}</b>, “{{ subject }}”. It is {{ state | downcase }}.</p>
{% if state == "Open" %}<blockquote>Somebody of {{ partition }} looks at it next.</blockquote>{% endif %}
<p><a href="{{ url }}">Look at it</a>, or answer this mail.</p>""",
    "text": "",  # made from the HTML
}


def main() -> None:
    """Print the medians on both databases; or play one round."""
    if sys.argv[1:2] == ["play"]:
        _play(*map(int, sys.argv[2:]))
        return
    for database in ("sqlite", "postgresql"):
        print(f"out, {database}: {json.dumps(measure(database, *map(int, sys.argv[1:])))}")


def measure(database: str, mails: int = MAILS, rounds: int = ROUNDS) -> dict[str, float]:
    """Medians of some rounds on `sqlite` or `postgresql`, both durable.

    `ratio_to_floor` is the service's mails in a second, divided by the floor's of the same round. `made` is
    what one process makes of the table, and sends to nobody; `own` is by the administrator's template.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp")))
        folder.chmod(0o755)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MAILCALL_")},
            "MAILCALL_DATA_DIR": str(folder / "data"),
            "MAILCALL_LOG_FORMAT": "json",
            "PYTHONPATH": str(ROOT / "src"),
        }
        if database == "postgresql":
            server = stack.enter_context(PostgreSQL(folder, durable=True))
            environment["MAILCALL_DATABASE_URL"] = server.new_database()
        port = stack.enter_context(sink())
        log = stack.enter_context((folder / "log").open("wb"))
        _run(["-m", "mailcall", "keys", "create"], environment, log)
        _run(["-m", "mailcall", "migrate"], environment, log)
        played = [
            json.loads(_run([__file__, "play", str(port), str(mails)], environment, log))
            for _ in range(rounds)
        ]
    return {name: round(statistics.median(one[name] for one in played), 2) for name in played[0]}


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """Postfix's smtp-sink, which takes all mail and keeps none; its port."""
    [port] = free_ports(1)
    process = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "200"])
    try:
        if not wait_for(lambda: answers(port), 10):
            raise SystemExit("smtp-sink does not start.")
        yield port
    finally:
        process.terminate()
        process.wait()


def _run(arguments: list[str], environment: dict[str, str], log: Any) -> bytes:
    """Run Python; what it printed. Its log goes to a file, as the service's may, and is shown if it fails."""
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=log, check=False
    )
    if done.returncode:
        raise SystemExit(Path(log.name).read_text()[-2_000:])
    return done.stdout


def _play(port: int, mails: int) -> None:
    """One round, in a process of its own; its figures as a line of JSON."""
    from mailcall.cli.ready import ready

    ready()
    from mailcall.outbound.deliver import deliver
    from mailcall.outbound.models import Delivery
    from mailcall.outbound.render import render

    server = _server(port)
    first = _fill(10)  # what only the first mails of a process cost
    deliver(server)
    queued = _fill(mails)
    seconds, cpu = _timed(lambda: deliver(server))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sent = Delivery.objects.filter(message__in=[message.pk for message in queued], state="sent")
    if sent.count() != mails:
        raise SystemExit(f"{sent.count()} of {mails} were sent.")
    rendered: list[tuple[str, bytes]] = []
    waiting = list(sent.select_related("message"))
    made, _ = _timed(lambda: rendered.extend((d.recipient, render(d.message)) for d in waiting))
    keys = [delivery.pk for delivery in waiting]
    floor, _ = _timed(lambda: _floor(port, first[0].sender[1], rendered, keys))
    own = _fill(mails, _own_template())
    own_seconds, _ = _timed(lambda: deliver(server))
    own_made, _ = _timed(lambda: [render(message) for message in own])
    if Delivery.objects.filter(message__in=[message.pk for message in own], state="sent").count() != mails:
        raise SystemExit("Not all that is made by the administrator's template was sent.")
    figures = {
        "mails_per_s": mails / seconds,
        "cpu_s_per_1000": cpu / mails * 1_000,
        "peak_rss_mb": peak,
        "ratio_to_floor": floor / seconds,
        "floor_mails_per_s": mails / floor,
        "made_per_s": mails / made,
        "own_mails_per_s": mails / own_seconds,
        "own_made_per_s": mails / own_made,
    }
    print(json.dumps(figures))


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU, that something took."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def _server(port: int) -> Any:
    from mailcall.outbound.models import OutgoingServer

    fields = {"server": "127.0.0.1", "port": port, "security": "plain"}
    return OutgoingServer.objects.update_or_create(name="Sink", defaults=fields)[0]


def _own_template() -> int:
    """The key of a version of a template that an administrator wrote."""
    from mailcall.outbound.message_types import CALL_LOGGED
    from mailcall.outbound.models import Template
    from mailcall.outbound.template_saving import save_version
    from mailcall.outbound.templating.checking import Sources

    template, _ = Template.objects.get_or_create(name="Own", type_code=CALL_LOGGED.code)
    return save_version(template, "en", Sources(**OWN), by=None, by_name="the benchmark").pk


def _fill(mails: int, template_version: int | None = None) -> list[Any]:
    """Put so many acknowledgements into the message table, each to somebody else."""
    from django.utils import timezone

    from mailcall.database.rows import insert_rows
    from mailcall.desk.models import Partition
    from mailcall.outbound.models import Delivery
    from mailcall.outbound.threads import signing_keys

    partition, _ = Partition.objects.get_or_create(
        name="IT", defaults={"address": "support@desk.example", "sender_name": "IT Support"}
    )
    keys, now = signing_keys(), timezone.now()
    messages = [_acknowledgement(partition, number, keys, now) for number in range(1, mails + 1)]
    for message in messages:
        message.template_version_id = template_version
    insert_rows(messages)
    insert_rows(
        Delivery(message=message, partition=partition, recipient=message.to[0][1], created_at=now)
        for message in messages
    )
    return messages


def _acknowledgement(partition: Any, number: int, keys: Any, now: dt.datetime) -> Any:
    from mailcall.outbound.message_types import CALL_LOGGED
    from mailcall.outbound.models import Message
    from mailcall.outbound.threads import new_message_id

    name, subject = f"Person {number}", f"Printer {number} on floor {number % 9} is out of paper"
    return Message(
        type_code=CALL_LOGGED.code,
        partition=partition,
        created_at=now,
        correlation_id=f"{number:032x}",
        message_id=new_message_id(number, partition.address, keys),
        in_reply_to=f"<{number}.first@customer.example>",
        references=f"<{number}.first@customer.example>",
        sender=[partition.sender_name, partition.address],
        to=[[name, f"person{number}@customer.example"]],
        subject=f"[Call {number}] {subject}",
        data={
            "call": number,
            "subject": subject,
            "state": "Open",
            "partition": partition.name,
            "user": name,
            "writer": name,
            "author": "",
            "text": "It has been out since Monday, and nobody has a key to the cupboard.\n" * 8,
            "url": f"https://desk.example/calls/{number}/",
            "reopened": False,
            "files": [],
        },
        why="The call was logged by mail, and its User is told.",
    )


def _floor(port: int, sender: str, mails: list[tuple[str, bytes]], keys: list[int]) -> None:
    """Send these, each with the next one's commands behind it, and mark every twenty in one commit."""
    from django.db import connection, transaction

    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        replies = sock.makefile("rb")
        _expect(replies, b"220")
        sock.sendall(b"EHLO bench.example\r\n")
        _expect(replies, b"250")
        for start in range(0, len(mails), GROUP):
            for recipient, mail in mails[start : start + GROUP]:
                sock.sendall(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
                for code in (b"250", b"250", b"354"):
                    _expect(replies, code)
                sock.sendall(mail.replace(b"\r\n.", b"\r\n..") + b".\r\n")
                _expect(replies, b"250")
            with transaction.atomic(), connection.cursor() as cursor:
                for key in keys[start : start + GROUP]:
                    cursor.execute("UPDATE outbound_delivery SET state = 'sent' WHERE id = %s", [key])


def _expect(replies: BinaryIO, code: bytes) -> None:
    while (line := replies.readline()).startswith(code + b"-"):
        pass
    if not line.startswith(code + b" "):
        raise SystemExit(f"smtp-sink says {line!r} instead of {code!r}.")


if __name__ == "__main__":
    main()
