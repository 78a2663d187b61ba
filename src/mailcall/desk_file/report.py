"""What loading a desk file did, or would do."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from mailcall.desk_file.problems import Problem

What = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one thing of the file; `fields` are those that changed, by the file's names."""

    what: What
    kind: str
    name: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        changed = f": {', '.join(self.fields)}" if self.what == "changed" else ""
        return f"{self.what:<9}  {self.kind} {self.name}{changed}"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was loaded, in order, and what people should know though it is no error."""

    source: str
    checked_only: bool
    changes: list[Change] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    @property
    def is_unchanged(self) -> bool:
        """Whether the desk was already as the file says."""
        return all(change.what == "unchanged" for change in self.changes)

    def lines(self) -> Iterator[str]:
        """The report for people: a line for each thing, then the totals."""
        yield from map(str, self.changes)
        for warning in sorted(self.warnings):
            yield f"{self.source}:{warning.line}: warning: {warning.sentence}"
        yield self.totals()

    def totals(self) -> str:
        """The last line."""
        count = Counter(change.what for change in self.changes)
        if self.is_unchanged:
            return f"unchanged: the desk is already as {self.source} says ({count['unchanged']} things)."
        numbers = ", ".join(f"{count[what]} {what}" for what in ("created", "changed", "unchanged"))
        return f"{numbers}. Only checked: nothing was saved." if self.checked_only else f"{numbers}."
