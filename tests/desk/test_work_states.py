"""States change by the tables alone."""

import ast
import datetime as dt
import itertools
from pathlib import Path

import pytest

from mailcall import desk
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Approval,
    ApprovalState,
    Request,
    RequestState,
    Task,
    TaskKind,
    TaskState,
)
from mailcall.desk.work_states import Verb, move, table_of

NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
OF_CALLS = {
    "calls.py",
    "call_states.py",
    "call_relations.py",
    "changes.py",
    "state_names.py",
    "0001_initial.py",
}
ROWS = [
    *(Request(pk=1, state=state) for state in RequestState),
    *(Task(pk=1, kind=kind, state=state) for kind in TaskKind for state in TaskState),
    *(Approval(pk=1, state=state) for state in ApprovalState),
]


@pytest.mark.parametrize(("row", "verb"), list(itertools.product(ROWS, Verb)))
def test_what_the_table_has_happens_and_nothing_else(row: Request | Task | Approval, verb: Verb) -> None:
    row = type(row)(**{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields})
    before = row.state
    after = table_of(row).get((before, verb))
    if after is None:
        with pytest.raises(Refused, match=f"^{row} .*, so it can't be {verb}.$"):
            move(row, verb, None, NOW)
        assert row.state == before
    else:
        move(row, verb, None, NOW)
        assert row.state == after


def test_no_other_code_sets_a_state() -> None:
    """Neither an attribute, nor a value of a new or updated row."""
    for path in Path(desk.__file__).parent.rglob("*.py"):
        if path.name in OF_CALLS or path.name == "work_states.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Assign(targets=targets):
                    assert not any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets), path
                case ast.Call(func=func, keywords=keywords):
                    reads = isinstance(func, ast.Attribute) and func.attr in ("filter", "exclude")
                    reads |= isinstance(func, ast.Name) and func.id == "Q"
                    reads |= isinstance(func, ast.Attribute) and func.attr == "Q"
                    assert reads or not any(word.arg == "state" for word in keywords), path
