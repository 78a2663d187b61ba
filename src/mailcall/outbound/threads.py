"""Message-IDs of our own: signed, so that an answer finds its call whatever the sender's client does."""

from collections.abc import Sequence

from mailcall.database.fields import ring
from mailcall.message import ascii_domain, thread_ids
from mailcall.message.thread_ids import Target

PURPOSE = "message-id"


def signing_keys() -> Sequence[bytes]:
    """The keys that our ids are signed with, newest first."""
    return ring().derived(PURPOSE)


def new_message_id(number: int, address: str, keys: Sequence[bytes], kind: str = "call") -> str:
    """A fresh signed Message-ID for a mail about this target, by default a call, sent from this address."""
    token = thread_ids.make_token(Target(kind, number), keys)
    return thread_ids.message_id(token, domain_of(address))


def domain_of(address: str) -> str:
    """The domain that the Message-IDs of mails from this address have."""
    return ascii_domain(address.rpartition("@")[2]) or "localhost"


def token_of(message_id: str) -> str:
    """The token inside one of our Message-IDs."""
    return message_id.strip("<>").partition("@")[0].removeprefix("mc.")
