"""What a scorer gives: how many were right of how many, why each miss is one, and others side by side."""

from dataclasses import dataclass, field
from pathlib import Path

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"


@dataclass(frozen=True)
class Row:
    """One measure: `who` is 'Mailcall' or the library that did the same beside us."""

    measure: str
    who: str
    right: int
    total: int


@dataclass(frozen=True)
class Miss:
    """One case that we did not get right, and why: a sentence; cases of one `kind` are explained together."""

    case: str
    kind: str
    wanted: str
    got: str


@dataclass
class Report:
    """The scores of one scorer, and what each kind of miss comes from."""

    title: str
    rows: list[Row] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    explanations: dict[str, str] = field(default_factory=dict)  # kind of miss: why, for the documentation
    notes: list[str] = field(default_factory=list)  # sentences below the table
    figures: list[str] = field(default_factory=list)  # of this machine and hour: printed, not documented
