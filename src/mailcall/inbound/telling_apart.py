"""Which mails changed rules may see otherwise, told by what the journal has in columns.

Never too few: what the columns can't settle counts as seen otherwise. A rule that comes to read one more of
these settings needs a question here.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailcall.desk.models import Person
from mailcall.grammar import Parsed, automatic_subject, parse
from mailcall.grammar.commands import DECISIONS
from mailcall.inbound.decision import Account
from mailcall.inbound.facts import account_facts
from mailcall.inbound.models import IncomingAccount
from mailcall.inbound.proofs import ACTIONS, level_of
from mailcall.message.subjects import strip_prefixes

CUT = 500  # characters of a subject that the journal keeps
OF_ALL_MAIL = frozenset({"log call", "update", "pass on"})  # actions of mails that are no command
OF_DECISIONS = frozenset({"approve", "reject"})

PeopleBy = Callable[[Collection[str]], Mapping[str, Sequence[Person]]]
Test = Callable[["Columns"], bool]


@dataclass(frozen=True, slots=True)
class Columns:
    """What the journal has in columns of one mail."""

    pk: int
    subject: str
    from_address: str
    evidence: Mapping[str, Any]
    outcome: str
    call: int | None
    task: int | None
    size: int
    raw_removed_at: dt.datetime | None


def seen_otherwise(
    rows: Sequence[Columns], old: IncomingAccount, new: IncomingAccount, people_by: PeopleBy
) -> set[int]:
    """The keys of those that the rules of two states of an account may decide differently, and some more."""
    before, after = account_facts(old), account_facts(new)
    asked: list[Test] = []
    if before.reject_subjects != after.reject_subjects:
        asked.append(lambda row: _rejected(row, before) != _rejected(row, after))
    if before.reject_automatic_subjects != after.reject_automatic_subjects:
        asked.append(lambda row: bool(automatic_subject(row.subject, before.gateway_tags)))
    if before.words != after.words:
        asked.append(lambda row: _parsed(row, before) != _parsed(row, after))
        if _decisions(before) != _decisions(after):
            asked.append(_may_decide)
    people: Mapping[str, Sequence[Person]] = {}
    if before.known_people_only != after.known_people_only or before.proofs != after.proofs:
        people = people_by({row.from_address for row in rows if row.from_address})
    if before.known_people_only != after.known_people_only:
        asked.append(lambda row: not people.get(row.from_address))
    if before.proofs != after.proofs:
        asked.append(_proof_test(before, after, people))
    if not asked:
        return set()
    return {row.pk for row in rows if _is_cut(row) or any(test(row) for test in asked)}


def levels_changed(before: Account | IncomingAccount, after: Account | IncomingAccount) -> set[str]:
    """The actions that ask for another proof."""
    return {
        action for action in ACTIONS if level_of(action, before.proofs) is not level_of(action, after.proofs)
    }


def _is_cut(row: Columns) -> bool:
    return len(row.subject) >= CUT


def _rejected(row: Columns, account: Account) -> str:
    """Which entry of the reject list the subject holds, as the rule `rejected subject` finds it."""
    subject = strip_prefixes(row.subject, account.gateway_tags).text.casefold()
    return next((entry for entry in account.reject_subjects if entry.casefold() in subject), "")


def _parsed(row: Columns, account: Account) -> Parsed:
    return parse(row.subject, account.words, account.gateway_tags)


def _decisions(account: Account) -> list[tuple[str, ...]]:
    return [account.words.all[keyword] for keyword in DECISIONS]


def _may_decide(row: Columns) -> bool:
    """Whether it may answer an approval mail: its first line is not in a column."""
    return row.task is not None or row.call is None


def _proof_test(before: Account, after: Account, people: Mapping[str, Sequence[Person]]) -> Test:
    """Whether a level that changed asks for more than a mail has to show, or for less."""
    changed = levels_changed(before, after)

    def test(row: Columns) -> bool:
        if _is_proved(row, people.get(row.from_address, ())):
            return False  # enough for every level
        if changed & OF_ALL_MAIL:
            return True
        if changed & OF_DECISIONS and _may_decide(row):
            return True
        return _parsed(row, before).is_command or _parsed(row, after).is_command

    return test


def _is_proved(row: Columns, people: Sequence[Person]) -> bool:
    """Whether the sender is authenticated, and the address is known to be that of each who has it."""
    if not row.evidence.get("authenticated") or row.evidence.get("edited"):
        return False
    return all(person.address_verified for person in people)
