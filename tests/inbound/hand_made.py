"""Facts and readings made by hand, for rules that are asked without a database."""

import datetime as dt
from dataclasses import replace

from mailcall.desk.models import Call, CallTemplate, Partition, Person
from mailcall.inbound.decision import Account, Facts
from mailcall.inbound.reading import Reading, read
from mailcall.message import Trust

KEYS = (b"k" * 32,)
NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
PARTITION = Partition(pk=1, name="IT", address="support@desk.example", reopen_days=14)
TEMPLATE = CallTemplate(pk=1, name="Mail", partition=PARTITION)
ACCOUNT = Account(
    name="Support",
    template=TEMPLATE,
    default_logging_analyst=None,
    use_linked_analyst=False,
    blocked_senders=(),
    reject_subjects=(),
    gateway_tags=("[EXTERNAL]",),
)


def person(pk: int, email: str, *, user: bool = True, analyst: bool = False) -> Person:
    """A person who is not in a database."""
    return Person(pk=pk, name=f"Person {pk}", email=email, is_user=user, is_analyst=analyst)


def call(pk: int, user: Person, **fields: object) -> Call:
    """A call that is not in a database."""
    return Call(pk=pk, partition=PARTITION, subject="Laptop", user=user, updated_at=NOW, **fields)


def facts(**changes: object) -> Facts:
    """Facts of an empty desk, but for the changes; those of the account by their own names."""
    account = {name: changes.pop(name) for name in list(changes) if name in Account.__dataclass_fields__}
    empty = Facts(
        account=replace(ACCOUNT, **account),
        own_addresses=frozenset({"support@desk.example"}),
        senders=(),
        calls={},
        participants={},
        referenced={},
        same_mail=None,
        same_mail_on={},
        now=NOW,
    )
    return replace(empty, **changes)


def reading(raw: bytes, *, trusted: tuple[str, ...] = ("mx.desk.example",)) -> Reading:
    """A mail, read as an account that trusts these hosts reads it."""
    return read(raw, Trust(hosts=frozenset(trusted), verify_dkim=False), KEYS)
