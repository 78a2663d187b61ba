"""Who hears of what, through Postfix into mailboxes: events, settings, rows of the group table, languages.

Each case is a partition of its own with its own people, so that many are tried in one delivery.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from mailcall.message import read_mail
from mailcall.outbound.deliver import deliver
from mailcall.outbound.models import Notice, OutgoingServer
from outbound.cases import LANGUAGES, ROWS, SETTINGS, Case, pairwise
from outbound.happenings import EVENTS, expected, expected_on_pages
from servers.postfix import Postfix

pytestmark = pytest.mark.servers

OTHERS = list(SETTINGS), ROWS, LANGUAGES
_numbers = itertools.count()  # of addresses, which are used once
GERMAN = ("Guten Tag", " hat ", "Meldung", "Auftrag", "Aufgabe", "Freigabe")


def test_each_event_reaches_whom_it_is_to_reach_once_in_their_language(db: None, postfix: Postfix) -> None:
    try_all(pairwise([list(EVENTS), *OTHERS]), postfix)


@pytest.mark.long
@pytest.mark.parametrize("event", EVENTS)
def test_an_event_does_so_under_each_setting_row_and_language(db: None, postfix: Postfix, event: str) -> None:
    try_all(itertools.product([event], *OTHERS), postfix)


def try_all(rows: Iterable[tuple], postfix: Postfix) -> None:
    """All these cases, whose mails are delivered together."""
    server = OutgoingServer.objects.create(
        name="Postfix",
        protocol="smtp",
        server="localhost",
        port=postfix.smtp_port,
        security="starttls",
        ca_file=postfix.ca_file,
    )
    cases = [Case(next(_numbers), *row) for row in rows]
    for case in cases:
        case.set_up()
        EVENTS[case.event].happens(case)
    deliver(server)
    postfix.arrived(sum((expected(case) for case in cases), Counter()), seconds=60)
    found = postfix.arrived({address: 0 for case in cases for address in case.addresses})
    assert not (wrong := [sentence for case in cases for sentence in _wrong(case, found)]), "\n".join(
        wrong[:20]
    )


def _wrong(case: Case, found: dict[str, list[Path]]) -> Iterator[str]:
    """What of a case is not as it is to be."""
    got = +Counter({address: len(found[address]) for address in case.addresses})
    if got != expected(case):
        yield f"{case}: {dict(got)} instead of {dict(expected(case))}"
    read = Counter(Notice.objects.filter(partition=case.partition).values_list("person__email", flat=True))
    if read != expected_on_pages(case):
        yield f"{case}: on pages {dict(read)} instead of {dict(expected_on_pages(case))}"
    german = case.language.startswith("de") and not EVENTS[case.event].by_hand
    for address in case.people:
        for text in (read_mail(file.read_bytes()).text for file in found[address]):
            if any(word in text for word in GERMAN) != german:
                yield f"{case}: to {address} came {text!r}"
