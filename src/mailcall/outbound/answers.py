"""Provisional: the interfaces only, until the real room replaces it."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailcall.desk.models import Call, Partition, Person
from mailcall.grammar import HelpRow
from mailcall.outbound.origin import MailOrigin


@dataclass(frozen=True, slots=True)
class Result:
    about: str
    done: bool
    sentence: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: Sequence[str] = ()
    rows: Sequence[object] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    mail: int
    correlation_id: str
    partition: Partition
    origin: MailOrigin
    person: Person | None
    asked: str
    results: Sequence[Result] = ()
    tables: Sequence[Table] = ()
    syntax: Sequence[str] = ()
    help: Sequence[HelpRow] = ()
    sentence: str = ""
    suggestion: str = ""
    confirm_url: str = ""
    call: Call | None = None


def send_answers(answers: Sequence[Answer]) -> None:
    pass
