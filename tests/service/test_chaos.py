"""Everything fails at once, for ten minutes, while 5,000 mails come: each has exactly one outcome."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from installations import ON_POSTGRESQL, Installation, installation
from servers.dovecot import Dovecot
from servers.fixtures import missing, server_folder
from servers.postfix import Postfix
from servers.postgresql import BIN, PostgreSQL
from servers.process import free_ports
from servers.proxy import Proxy
from service.balance import Balance, balance, longest_pause
from service.chaos import Chaos, Tally, brought
from service.desk_text import desk_file, mailbox, smtp
from service.flows import ByLmtp, Flow, IntoMailbox
from service.killing import start_all, workers

MINUTES = float(os.environ.get("CHAOS_MINUTES", "10"))
MAILS_A_MINUTE = {"imap": 180, "pop3": 120, "lmtp-1": 50, "lmtp-2": 50, "lmtp-3": 50, "lmtp-4": 50}
SETTLE_SECONDS = 300.0

pytestmark = [
    pytest.mark.servers,
    pytest.mark.long,
    pytest.mark.timeout(MINUTES * 60 + 1200),
    pytest.mark.skipif(ON_POSTGRESQL, reason="it brings a PostgreSQL of its own, and once is enough"),
]


@contextmanager
def proxied(dovecot: Dovecot, postfix: Postfix, listeners: list[int]) -> Iterator[dict[str, list[Proxy]]]:
    """A proxy before each server, by protocol: two before Postfix, and one before each worker's listener."""
    with ExitStack() as stack:
        made = {
            "imap": [Proxy("imap", dovecot.imap_port, certificates=dovecot.certificates, tls=True)],
            "pop3": [Proxy("pop3", dovecot.pop3_port, certificates=dovecot.certificates, tls=True)],
            "smtp": [Proxy("smtp", postfix.smtp_port, certificates=postfix.certificates) for _ in range(2)],
            "lmtp": [Proxy("lmtp", port) for port in listeners],
        }
        for proxies in made.values():
            for proxy in proxies:
                stack.enter_context(proxy)
        yield made


def desk_behind(proxies: dict[str, list[Proxy]], dovecot: Dovecot, users: dict[str, str], ca: str) -> str:
    """A desk that knows all servers by their proxies."""
    accounts = {
        protocol: mailbox(protocol, proxies[protocol][0].port, user, dovecot.ca_file)
        for protocol, user in users.items()
    }
    servers = {
        f"Out {number}": smtp(proxy.port, ca, priority=number)
        for number, proxy in enumerate(proxies["smtp"], 1)
    }
    return desk_file({"Support": {"protocol": "fed"}, **accounts}, servers)


def settle(desk: Installation, mails: int) -> None:
    """Wait until all is done; pauses of deliveries that were deferred, and of servers, are cut short."""
    desk.wait(lambda: desk.settled(mails) or hasten(desk), f"{mails} mails", SETTLE_SECONDS)


def hasten(desk: Installation) -> bool:
    """Nothing is settled by it at once."""
    time.sleep(1)
    desk.change(
        "update outbound_delivery set due_at = now() where state in ('deferred', 'unknown') "
        "and due_at > now() + interval '5 seconds'",
        "update outbound_outgoingserver set breaker_until = null "
        "where breaker_until > now() + interval '5 seconds'",
    )
    return False


def table(flows: list[Flow], found: Balance, tally: Tally, pause: float) -> str:
    """All figures, one a line."""
    rows: list[tuple[str, object]] = [(f"mails by {flow.name}", len(flow.sent)) for flow in flows]
    rows += [("mails, all", found.mails)]
    rows += [(f"outcome {outcome}", count) for outcome, count in sorted(found.outcomes.items())]
    rows += [(f"{what} expected, found", f"{a}, {b}") for what, (a, b) in found.pairs().items()]
    rows += [(f"kills, {way}", count) for way, count in sorted(tally.kills.items())]
    rows += [("kills, all", tally.kills.total())]
    rows += [("freezes", len(tally.frozen)), ("longest freeze", f"{max(tally.frozen, default=0):.0f} s")]
    rows += [("services that ended by themselves", tally.gave_up)]
    rows += [("crashes of the database", len(tally.crashes))]
    rows += [("database away, in all", f"{sum(tally.crashes):.0f} s")]
    rows += [(f"faults of {fault}", count) for fault, count in sorted(tally.faults.items())]
    rows += [("faults, all", tally.faults.total())]
    rows += [(f"deliveries {state}", count) for state, count in sorted(found.deliveries.items())]
    rows += [("deliveries whose fate was unknown", found.unknown), ("copies surplus", found.surplus)]
    rows += [("longest pause without an outcome", f"{pause:.1f} s")]
    rows += [("wrong", len(found.wrong))]
    return "\n".join(f"{what:<40}{figure!s:>14}" for what, figure in rows)


def test_whatever_fails_every_mail_has_exactly_one_outcome(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    if BIN is None:
        missing("PostgreSQL is missing: apt-get install postgresql")
    seed = random.randrange(10**9)
    print(f"\nseed {seed}, {MINUTES:g} minutes")  # noqa: T201
    users = {"imap": dovecot.new_user(), "pop3": dovecot.new_user()}
    ports = free_ports(3)
    with (
        server_folder() as folder,
        PostgreSQL(folder, durable=True) as database,
        proxied(dovecot, postfix, ports) as proxies,
        installation(tmp_path / "desk", database.new_database()) as first,
        workers(first, 3) as desk,
    ):
        first.load(desk_behind(proxies, dovecot, users, postfix.ca_file), MAILBOX_PASSWORD="secret")
        for worker, port in zip(desk, ports, strict=True):
            worker.environment["MAILCALL_LMTP_LISTEN"] = f"127.0.0.1:{port}"
        start_all(desk)
        listeners = [proxy.port for proxy in proxies["lmtp"]]
        flows = [
            Flow(name, IntoMailbox(dovecot, users[name]) if name in users else ByLmtp(listeners, timeout=5))
            for name in MAILS_A_MINUTE
        ]
        counts = {flow: round(MAILS_A_MINUTE[flow.name] * MINUTES) for flow in flows}
        chaos = Chaos(desk, database, proxies, seed)
        with brought(counts, MINUTES * 60, patience=60), chaos:
            chaos.wait(MINUTES * 60)
        settle(first, sum(counts.values()))
        for flow in flows:
            first.wait(flow.by.is_empty, f"an empty mailbox of {flow.name}")
        for worker in desk:
            worker.end()
        found = balance(first, flows, postfix)
        print(table(flows, found, chaos.tally, longest_pause(first)))  # noqa: T201
        assert not found.wrong, "\n".join(found.wrong)
