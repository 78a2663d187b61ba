"""Which mails may be decided together, or by two workers at once: none changes what another is decided by."""

import hashlib
from collections.abc import Mapping, Sequence, Set

from mailcall.desk.models import Call
from mailcall.inbound.decision import Facts
from mailcall.inbound.facts import (
    account_facts,
    calls_named,
    calls_of,
    calls_referred_to,
    references_of,
    subject_of,
)
from mailcall.inbound.models import IncomingAccount
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.forwarded import writers_of
from mailcall.inbound.work_facts import roots_of, work_named

EVERYTHING = 0  # the key of a mail that depends on all that came before it


def independent(readings: Sequence[Reading], known: Set[str], passed_on: Set[int] = frozenset()) -> int:
    """How many of these, from the first, do not depend on an earlier one among them, as far as they say.

    A mail depends on one before it with the same sender (or, like it, none) who is not `known` as a person
    yet, or who wrote what is forwarded, the same Message-ID or content, a Message-ID that it refers to, or a
    report that the sender's address bounced. What only the desk can tell, `together` looks at. `passed_on`
    are the places of those that may be logged for who wrote what they forward.
    """
    return _apart(_keys(readings, known, passed_on))


def together(readings: Sequence[Reading], facts: Sequence[Facts]) -> int:
    """How many of these, from the first, touch nothing that one before them touches, or may be logging."""
    pairs = list(zip(readings, facts, strict=True))
    new = (n for n, (reading, fact) in enumerate(pairs) if _names_what_is_not_there(reading, fact))
    return min(_apart([_touched(*pair) for pair in pairs]), next((n for n in new if n), len(pairs)))


def behind_commands(
    readings: Sequence[Reading], facts: Sequence[Facts], known: Set[str], passed_on: Set[int] = frozenset()
) -> set[int]:
    """The places of the commands among these, and of what touches or answers the same as one before it.

    All others may be acted on before them, though they came later: neither would notice. `known` and
    `passed_on` are as for `independent`.
    """
    places: set[int] = set()
    touched: set[object] = set()
    all_keys = _keys(readings, known, passed_on)
    for place, (reading, fact, keys) in enumerate(zip(readings, facts, all_keys, strict=True)):
        own = keys | _touched(reading, fact)
        named = work_named(reading, fact.parsed)  # or it may name what a command before it logs
        if fact.parsed.is_command or named or not touched.isdisjoint(own):
            places.add(place)
            touched |= own
    return places


def keys_of_all(readings: Mapping[int, tuple[IncomingAccount, Reading]]) -> dict[int, Set[int]]:
    """What each of these mails depends on, as numbers: two that have one in common must keep their order.

    By the mails' keys in the journal. One that names what is not there yet depends on `EVERYTHING`.
    """
    accounts = {account.pk: account_facts(account) for account, _ in readings.values()}
    parsed = {
        mail: subject_of(accounts[account.pk], reading) for mail, (account, reading) in readings.items()
    }
    referred = calls_referred_to(
        {reference for _, reading in readings.values() for reference in references_of(reading)}
    )
    calls_of_mail = {mail: calls_named(reading, parsed[mail]) for mail, (_, reading) in readings.items()}
    named = set().union(*calls_of_mail.values())
    there = set(Call.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else set()
    work = {mail: work_named(reading, parsed[mail]) for mail, (_, reading) in readings.items()}
    roots = roots_of(set().union(*work.values()))
    keys: dict[int, Set[int]] = {}
    for mail, (account, reading) in readings.items():
        calls = calls_of_mail[mail]
        own = _depends_on(reading, account.log_for_original_sender) | {f"call {call}" for call in calls}
        own |= {
            f"call {call}" for reference in references_of(reading) for call in referred.get(reference, ())
        }
        own |= {roots[one] for one in work[mail] if one in roots}
        missing = (calls - there) or (work[mail] - roots.keys())
        keys[mail] = {_number(key) for key in own} | ({EVERYTHING} if missing else set())
    return keys


def _number(key: object) -> int:
    """A number that JSON holds, above EVERYTHING, the same on every machine."""
    return (
        int.from_bytes(hashlib.blake2b(str(key).encode("utf-8", "surrogatepass"), digest_size=6).digest()) + 1
    )


def _apart(things: Sequence[Set[object]]) -> int:
    """How many of these sets, from the first, have nothing in common with an earlier one among them."""
    seen: set[object] = set()
    for count, own in enumerate(things):
        if seen & own:
            return count
        seen |= own
    return len(things)


def _touched(reading: Reading, fact: Facts) -> set[object]:
    """The calls, and what the work belongs to, that a mail may change."""
    named = work_named(reading, fact.parsed)
    return {*calls_of(reading, fact), *(fact.work[one].root for one in named if one in fact.work)}


def _names_what_is_not_there(reading: Reading, fact: Facts) -> bool:
    """Whether a mail before it may be logging what it is about."""
    unknown = calls_of(reading, fact) - fact.calls.keys()
    return bool(unknown or work_named(reading, fact.parsed) - fact.work.keys())


def _keys(readings: Sequence[Reading], known: Set[str], passed_on: Set[int]) -> list[Set[object]]:
    """What each of these depends on, but for senders who stay as they are whatever is done."""
    bounced = {address for reading in readings for address in _bounced(reading)}
    alike = {f"from {address}" for address in known - bounced}
    return [_depends_on(reading, place in passed_on) - alike for place, reading in enumerate(readings)]


def _depends_on(reading: Reading, passed_on: bool = False) -> set[object]:
    own: set[object] = {
        f"from {reading.sender}",
        f"id {reading.mail.message_id}",
        f"key {reading.duplicate_key}",
    }
    own |= {f"id {reference}" for reference in references_of(reading)}
    own |= {f"from {address}" for address in _bounced(reading)}
    if passed_on:
        own |= {f"from {address}" for address in writers_of(reading.mail)}
    return own - {"id ", "key "}


def _bounced(reading: Reading) -> set[str]:
    bounce = reading.mail.bounce
    return {recipient.address.casefold() for recipient in bounce.recipients} if bounce else set()
