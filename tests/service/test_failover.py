"""The database's machine dies and its standby takes over: nothing is lost, and the service finds it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from installations import DESK, Installation, installation
from servers.dovecot import Dovecot
from servers.fixtures import missing, server_folder
from servers.postfix import Postfix
from servers.postgresql import BIN, PostgreSQL
from servers.process import HOST
from servers.standby import Standby
from service.balance import assert_exactly_once
from service.flows import Flow, IntoMailbox

pytestmark = [pytest.mark.servers, pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture
def pair() -> Iterator[tuple[PostgreSQL, Standby]]:
    """A PostgreSQL, and its standby that every commit waits for."""
    if BIN is None:
        missing("PostgreSQL is missing: apt-get install postgresql")
    with (
        server_folder() as one,
        server_folder() as two,
        PostgreSQL(one) as primary,
        Standby(two, primary) as standby,
    ):
        yield primary, standby


@pytest.fixture
def desk(
    pair: tuple[PostgreSQL, Standby], tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> Iterator[Installation]:
    """An installation whose settings name both."""
    primary, standby = pair
    url = primary.new_database()
    both = url.replace(f"{HOST}:{primary.port}", f"{HOST}:{primary.port},{HOST}:{standby.port}")
    with installation(tmp_path / "desk", f"{both}?target_session_attrs=read-write") as made:
        made.mailbox = dovecot.new_user()
        made.load(
            DESK.format(
                imap_port=dovecot.imaps_port,
                user=made.mailbox,
                ca_file=dovecot.ca_file,
                smtp_port=postfix.smtp_port,
                smtp_ca=postfix.ca_file,
            ),
            IMAP_PASSWORD="secret",
        )
        yield made


def test_a_standby_that_every_commit_waits_for_takes_over_without_loss(
    desk: Installation, pair: tuple[PostgreSQL, Standby], dovecot: Dovecot, postfix: Postfix
) -> None:
    primary, standby = pair
    flow = Flow("failover", IntoMailbox(dovecot, desk.mailbox))
    desk.start()
    flow.feed(10)
    desk.wait(lambda: desk.settled(10), "the first mails")
    flow.feed(30)
    primary.stop("immediate")
    flow.feed(5)
    standby.promote()
    desk.wait(lambda: desk.settled(45), "all mails", seconds=120)
    assert_exactly_once(desk, flow, postfix)
    assert dovecot.mails(desk.mailbox) == []
    assert desk.process
    assert desk.process.poll() is None
