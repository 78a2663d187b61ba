"""A thousand mails to a desk, as the benchmark brings them in: new matters, and answers to earlier ones."""

import random
from dataclasses import dataclass

from letters import Letters

ANSWERS = 0.22
INTERNAL = "X-Bench-Internal: yes"  # what the gateway sets, where an account believes it
# Of a mix with commands: how much of each, with what becomes of it. The number is that of an earlier call of
# the same sender; `proved` ones carry what the gateway sets.
UPDATE = ("UPDATE CALL {}: one more thing", 0.20, "commanded", False)
CLOSE = ("CLOSE CALL {}: works again", 0.20, "commanded", True)
COMMANDS = (
    UPDATE,
    CLOSE,
    ("STATUS CALL {}", 0.15, "commanded", False),
    ("CALL SUMMARY", 0.15, "commanded", False),
    ("CLOSE CALL {}", 0.15, "refused", False),
    ("TAKE CALL {}", 0.15, "refused", True),
)
SENDERS = 400
# Whoever sent a command logs nothing new for so many mails: commands are acted on last in a chunk, and so is
# what their senders write after them, which would change the numbers that calls get.
APART = 300
REPLACED = (b"from:", b"message-id:", b"in-reply-to:", b"references:", b"subject:")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, which earlier one of the set it answers, if any, and what must become of it."""

    raw: bytes
    answers: int | None
    outcome: str


class Correspondence(Letters):
    """Writes letters of which 22 % answer an earlier one of the same sender, by its Message-ID."""

    def __init__(self, seed: int = 5, marker: str = "a", commands: float = 0.0) -> None:
        """`marker` sets Message-IDs and senders apart from those of another set of the same seed.

        `commands` is the share of letters whose subject is a command.
        """
        super().__init__(seed)
        self._choices = random.Random(seed)
        self._marker = marker
        self._commands = commands
        self._senders: list[int] = []
        self._closed: set[int | None] = set()
        self._commanded: dict[int, int] = {}  # by sender: the last letter that was a command
        self._calls: dict[
            int, int
        ] = {}  # by the letter that logged it: its number on a desk that has one call

    def letters(self, count: int) -> list[Letter]:
        """Give that many, about 5.5 KB in the middle."""
        return [self._letter(number) for number in range(count)]

    def _letter(self, number: int) -> Letter:
        if self._calls and self._commands and self._choices.random() < self._commands:
            return self._command(number)
        answers = None
        if number and self._choices.random() < ANSWERS:
            answers = (
                self._choices.choice(list(self._calls)) if self._commands else self._choices.randrange(number)
            )
        self._senders.append(self._new_sender(number) if answers is None else self._senders[answers])
        self._closed.discard(answers)  # an answer opens it again
        if answers is None:
            self._calls[number] = len(self._calls) + 2
        outcome = "logged" if answers is None else "updated"
        return Letter(self._raw(number, self._own_fields(number, answers)), answers, outcome)

    def _new_sender(self, number: int) -> int:
        while True:
            sender = self._choices.randrange(SENDERS)
            if number - self._commanded.get(sender, -APART) >= APART:
                return sender

    def _command(self, number: int) -> Letter:
        about = self._choices.choice(list(self._calls))
        sender = self._senders[about]
        self._commanded[sender] = number
        self._senders.append(sender)
        row = self._choices.choices(COMMANDS, [share for _, share, _, _ in COMMANDS])[0]
        if row is CLOSE and about in self._closed:
            row = UPDATE
        subject, _, outcome, proved = row
        if row is CLOSE:
            self._closed.add(about)
        elif row is UPDATE:
            self._closed.discard(about)
        own = (
            f"From: Sender {sender} <sender{sender}.{self._marker}@corp.example>\r\n"
            f"Message-ID: {self._id(number)}\r\n"
            f"Subject: {subject.format(self._calls[about])}\r\n"
        )
        added = f"{INTERNAL}\r\n".encode() * proved  # at the top, where gateways add
        return Letter(added + self._raw(number, own), None, outcome)

    def _raw(self, number: int, own: str) -> bytes:
        head, _, body = self.one(number).partition(b"MIME-Version: 1.0\r\n")
        kept = [line for line in _fields(head) if not line.lower().startswith(REPLACED)]
        return b"".join(kept) + own.encode() + b"MIME-Version: 1.0\r\n" + body

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
