"""Two outgoing servers of a running service: one breaks off, is slow, refuses or loses its word, and kill -9.

Mail of strangers is acknowledged by the service, through real servers behind a proxy each.
"""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from desks import mail
from installations import Installation, installation
from servers.postfix import Postfix
from servers.process import wait_for
from servers.proxy import Cut, Exchange, Proxy, drop_after, drop_before, on, pass_on
from service.flows import IntoMaildir
from service.killing import let_time_pass
from service.test_two_outgoing import after

pytestmark = pytest.mark.servers

FATES = (
    "select recipient, state, server.name, unknowns from outbound_delivery "
    "left join outbound_outgoingserver server on server.id = server_id"
)
PAUSES_ARE_OVER = "update outbound_delivery set due_at = null where state in ('deferred', 'unknown')"


@dataclass
class AtWork:
    """The service, and its two servers; IT's mail goes by the first, HR's by the second."""

    service: Installation
    postfix: Postfix
    first: Proxy
    second: Proxy
    addresses: list[str] = field(default_factory=list)

    def bring(self, *names: str, to: str = "it") -> None:
        """Mails of people who never wrote before, each to be answered."""
        senders = [f"{name}-{uuid.uuid4().hex[:10]}@shop.example" for name in names]
        self.addresses += senders
        feed = IntoMaildir(self.service.folder / to)
        feed.bring([(sender, mail(sender=sender, to=f"{to}@desk.example")) for sender in senders])

    def fates(self) -> Counter[tuple[str, str]]:
        """How many are in which state, and of those that were sent by which server."""
        rows = self.service.query(FATES)
        return Counter((state, name if state == "sent" else "") for _, state, name, _ in rows)

    def wait_for_all(self) -> None:
        """Until nothing waits any more; what waits for its time needs not."""

        def settled() -> bool:
            self.service.change(PAUSES_ARE_OVER)
            let_time_pass([self.service])
            return self.service.settled(len(self.addresses))

        self.service.wait(settled, "all answers")

    def copies(self) -> dict[str, int]:
        """How many mails came for each name."""
        wait_for(lambda: self.postfix.queued == 0, 20)
        return {address.partition("-")[0]: len(self.postfix.mails(address)) for address in self.addresses}

    def doubts(self) -> dict[str, int]:
        """How often it is unknown of each name whether a mail left."""
        return {row[0].partition("-")[0]: row[3] for row in self.service.query(FATES)}


@pytest.fixture
def at_work(tmp_path: Path, postfix: Postfix) -> Iterator[AtWork]:
    with (
        Proxy("smtp", postfix.smtp_port) as first,
        Proxy("smtp", postfix.smtp_port) as second,
        installation(tmp_path / "desk") as service,
    ):
        service.load(_desk_file(service.folder, first.port, second.port))
        yield AtWork(service, postfix, first, second)


def _desk_file(folder: Path, first: int, second: int) -> str:
    names = ("it", "hr")
    smtp = {"protocol": "smtp", "server": "localhost", "security": "plain"}
    return yaml.safe_dump(
        {
            "partitions": [{"name": name, "address": f"{name}@desk.example"} for name in names],
            "call_templates": [{"name": name, "partition": name} for name in names],
            "incoming_accounts": [
                {
                    "name": name,
                    "address": f"{name}@desk.example",
                    "protocol": "maildir",
                    "path": str(folder / name),
                    "template": name,
                    "check_interval": 1,
                }
                for name in names
            ],
            "outgoing_servers": [
                {**smtp, "name": "first", "port": first, "priority": 1},
                {**smtp, "name": "second", "port": second, "priority": 2},
                {**smtp, "name": "of HR", "port": second, "partition": "hr"},
            ],
        }
    )


def slow(exchange: Exchange) -> None:
    time.sleep(0.3)
    pass_on(exchange)


def test_one_that_dies_in_mid_session_leaves_the_rest_to_the_other(at_work: AtWork) -> None:
    at_work.first.fault = after(2, "MAIL", drop_before)
    at_work.bring(*"abcdefgh")
    at_work.service.start()
    at_work.wait_for_all()
    assert at_work.fates() == {("sent", "first"): 2, ("sent", "second"): 6}
    assert at_work.copies() == dict.fromkeys("abcdefgh", 1)


def test_one_that_is_slow_sends_all_the_same_and_holds_up_nobody_elses_mail(at_work: AtWork) -> None:
    at_work.first.fault = slow
    at_work.bring(*"abcdef")
    at_work.service.start()
    at_work.service.wait(lambda: "DATA" in at_work.first.heard, "the slow one's first mail")
    at_work.bring(*"uvw", to="hr")
    at_work.service.wait(lambda: at_work.fates()["sent", "of HR"] == 3, "the mail of others")
    assert at_work.fates()["sent", "first"] < 6
    at_work.wait_for_all()
    assert at_work.fates() == {("sent", "first"): 6, ("sent", "of HR"): 3}
    assert at_work.copies() == dict.fromkeys("abcdefuvw", 1)


def test_a_recipient_that_one_refuses_fails_alone_and_is_not_tried_by_the_other(at_work: AtWork) -> None:
    at_work.bring("a", "reject", "b")
    at_work.service.start()
    at_work.wait_for_all()
    assert at_work.fates() == {("sent", "first"): 2, ("failed", ""): 1}
    assert at_work.copies() == {"a": 1, "reject": 0, "b": 1}
    assert at_work.second.sessions == 0


def test_one_that_loses_its_answer_to_a_mail_makes_one_copy_too_many_and_says_of_which(
    at_work: AtWork,
) -> None:
    at_work.first.fault = on("CONTENT", drop_after, times=1)
    at_work.bring(*"abcd")
    at_work.service.start()
    at_work.wait_for_all()
    assert at_work.fates() == {("sent", "first"): 4}
    assert sorted(at_work.doubts().values()) == [0, 0, 0, 1]
    assert at_work.copies() == {name: 1 + doubts for name, doubts in at_work.doubts().items()}


def test_the_service_killed_while_one_dies_too_goes_on_by_the_other(at_work: AtWork) -> None:
    """The third mail was taken, and nobody heard it: that one alone comes twice."""
    taken = threading.Event()

    def silent(exchange: Exchange) -> None:
        exchange.ask()
        taken.set()
        exchange.client.wait_for_end()
        raise Cut

    at_work.first.fault = after(2, "CONTENT", silent)
    at_work.bring(*"abcdefgh")
    at_work.service.start()
    assert taken.wait(60)
    at_work.service.kill()
    at_work.first.fault = drop_before
    at_work.service.start()
    at_work.wait_for_all()
    assert at_work.fates() == {("sent", "first"): 2, ("sent", "second"): 6}
    assert sum(at_work.doubts().values()) == 1
    assert at_work.copies() == {name: 1 + doubts for name, doubts in at_work.doubts().items()}


def test_the_service_killed_again_and_again_loses_nothing_and_sends_no_more_than_it_says(
    at_work: AtWork,
) -> None:
    at_work.first.fault = at_work.second.fault = slow
    names = [f"n{number}" for number in range(12)]
    at_work.bring(*names[:6])
    at_work.bring(*names[6:], to="hr")
    for verb in ("DATA", "CONTENT", "MAIL"):
        heard = Counter(at_work.first.heard)[verb]
        at_work.service.start()
        at_work.service.wait(
            lambda verb=verb, heard=heard: Counter(at_work.first.heard)[verb] > heard, f"another {verb}"
        )
        at_work.service.kill()
        let_time_pass([at_work.service])
    at_work.first.fault = at_work.second.fault = pass_on
    at_work.service.start()
    at_work.wait_for_all()
    states = {state for state, _ in at_work.fates()}
    assert states <= {"sent", "held"}  # held is what was in hand twice
    doubts = at_work.doubts()
    for name, count in at_work.copies().items():
        assert (0 if doubts[name] == 2 else 1) <= count <= 1 + doubts[name]
    assert sum(doubts.values()) <= 2 * 3  # a kill leaves one mail of each server in doubt
