"""How we do on mail that nobody here wrote; floors, so that a change for the worse is seen."""

from functools import cache

import pytest

from corpora.__main__ import SCORERS, report_of
from corpora.report import CORPORA

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is not beside this checkout")
report = cache(report_of)

# (scorer, measure, at least so much of it)
FLOORS = [
    ("parse_trees", "all six: subjects", 0.97),
    ("parse_trees", "all six: addresses", 0.97),
    ("parse_trees", "all six: ids", 0.97),
    ("parse_trees", "all six: dates", 0.97),
    ("parse_trees", "all six: attachment names", 0.95),
    ("parse_trees", "all six: attachment hashes", 0.95),
    ("winmail", "streams with every attachment right (name, size, SHA-256)", 1),
    ("winmail", "streams with every attachment and body right", 1),
    ("new_text", "new text, exact", 0.95),
    ("new_text", "rules of mail-parser-reply", 0.82),
    ("kinds", "kind: bounce", 0.97),
    ("kinds", "kind: auto_reply", 1),
    ("kinds", "kind: normal", 1),
    ("kinds", "permanent or not", 0.97),
    ("kinds", "recipients, all of them", 0.97),
    ("kinds", "statuses (RFC 3463), where the mail has any", 0.95),
    ("kinds", "original Message-ID, where a part gives it back", 1),
]


@pytest.mark.parametrize(("scorer", "measure", "floor"), FLOORS, ids=str)
def test_a_score_does_not_fall(scorer: str, measure: str, floor: float) -> None:
    [row] = [row for row in report(scorer).rows if row.who == "Mailcall" and row.measure == measure]
    assert row.right >= floor * row.total


def test_where_the_sender_wrote_something_the_new_text_is_never_empty() -> None:
    [row] = [row for row in report("new_text").rows if row.who == "Mailcall" and row.measure == "empty"]
    assert row.right == 0


def test_no_file_of_any_corpus_crashes_the_reader() -> None:
    assert [miss for miss in report("scan").misses if miss.kind == "crash"] == []


@pytest.mark.parametrize("scorer", SCORERS)
def test_each_kind_of_miss_is_explained(scorer: str) -> None:
    scored = report(scorer)
    assert {miss.kind for miss in scored.misses} <= scored.explanations.keys()
