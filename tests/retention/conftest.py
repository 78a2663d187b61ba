"""A desk on which things are old enough to go."""

import datetime as dt
import os
import time
from collections.abc import Iterator

import pytest
import structlog
from django.core.files.storage import default_storage
from django.utils import timezone

from desks import Desk, mail
from mailcall.desk.calls import close
from mailcall.desk.models import Call, Channel
from mailcall.desk.models.calls import content_name
from mailcall.inbound.models import ReceivedMail
from mailcall.outbound.models import Delivery, Message
from mailcall.retention.models import RetentionRule
from mailcall.retention.running import Report, run_rule

YEAR = dt.timedelta(days=365)
BIG = "x" * 99 + "\n"


@pytest.fixture(scope="package", autouse=True)
def quiet_log() -> Iterator[None]:
    """Drops what is logged."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(**before)


def _drop(*_: object) -> dict:
    raise structlog.DropEvent


def rule(removes: str, days: int = 30, **fields: object) -> RetentionRule:
    """A rule, known by what it removes."""
    fields.setdefault("name", f"Old {removes}")
    return RetentionRule.objects.create(removes=removes, after_days=days, **fields)


def applied(removes: str, days: int = 30, **fields: object) -> Report:
    """What a new rule did."""
    return run_rule(rule(removes, days, **fields), apply=True, by="a test")


def grow_old(by: dt.timedelta = YEAR) -> None:
    """Let all that there is have happened so much earlier."""
    past = timezone.now() - by
    ReceivedMail.objects.filter(acted_at__isnull=False).update(acted_at=past)
    Call.objects.filter(closed_at__isnull=False).update(closed_at=past)
    Message.objects.update(created_at=past)
    Delivery.objects.update(created_at=past)


def file_of(received: ReceivedMail) -> str:
    """Where the storage would have its source."""
    return content_name(received.sha256)


def make_old(name: str, days: float = 2) -> None:
    """Let a file of the storage have been written so long ago."""
    moment = time.time() - days * 86_400
    os.utime(default_storage.path(name), (moment, moment))


def closed_call(desk: Desk, **words: str) -> Call:
    """A call of Ann's by mail, closed a year ago."""
    received = desk.receive(mail(**words))
    close(received.call, actor=desk.bob, channel=Channel.PAGE, comment="Ann Archer got a new one.")
    desk.run()
    grow_old()
    received.call.refresh_from_db()
    return received.call
