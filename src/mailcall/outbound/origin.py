"""What the way out needs to know of the mail that brought an event about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MailOrigin:
    """A mail that came in. `answer` tells whether its sender may be answered, `no_answer` why not.

    `known` says that its address is on record by more than a mail from it, or was proved.
    """

    sender_name: str
    sender_address: str
    message_id: str
    references: tuple[str, ...]
    answer: bool
    no_answer: str = ""
    known: bool = True
