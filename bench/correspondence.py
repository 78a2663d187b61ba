"""A thousand mails to a desk, as the benchmark brings them in: new matters, and answers to earlier ones."""

import random
from dataclasses import dataclass

from letters import Letters

ANSWERS = 0.22
SENDERS = 400
REPLACED = (b"from:", b"message-id:", b"in-reply-to:", b"references:", b"subject:")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, and which earlier one of the set it answers, if any."""

    raw: bytes
    answers: int | None


class Correspondence(Letters):
    """Writes letters of which 22 % answer an earlier one of the same sender, by its Message-ID."""

    def __init__(self, seed: int = 5, marker: str = "a") -> None:
        """`marker` sets Message-IDs and senders apart from those of another set of the same seed."""
        super().__init__(seed)
        self._choices = random.Random(seed)
        self._marker = marker
        self._senders: list[int] = []

    def letters(self, count: int) -> list[Letter]:
        """Give that many, about 5.5 KB in the middle."""
        return [self._letter(number) for number in range(count)]

    def _letter(self, number: int) -> Letter:
        answers = None
        if number and self._choices.random() < ANSWERS:
            answers = self._choices.randrange(number)
        self._senders.append(self._choices.randrange(SENDERS) if answers is None else self._senders[answers])
        head, _, body = self.one(number).partition(b"MIME-Version: 1.0\r\n")
        kept = [line for line in _fields(head) if not line.lower().startswith(REPLACED)]
        own = self._own_fields(number, answers)
        return Letter(b"".join(kept) + own.encode() + b"MIME-Version: 1.0\r\n" + body, answers)

    def _own_fields(self, number: int, answers: int | None) -> str:
        sender = self._senders[number]
        about = number if answers is None else answers
        thread = f"In-Reply-To: {self._id(about)}\r\nReferences: {self._id(about)}\r\n"
        return (
            f"From: Sender {sender} <sender{sender}.{self._marker}@corp.example>\r\n"
            f"Message-ID: {self._id(number)}\r\n"
            f"Subject: {'' if answers is None else 'Re: '}Printer {about}\r\n"
            f"{'' if answers is None else thread}"
        )

    def _id(self, number: int) -> str:
        return f"<letter.{number}.{self._marker}@corp.example>"


def _fields(head: bytes) -> list[bytes]:
    """The fields of a header, each with its folded lines."""
    fields: list[bytes] = []
    for line in head.splitlines(keepends=True):
        if line[:1] in b" \t" and fields:
            fields[-1] += line
        else:
            fields.append(line)
    return fields
