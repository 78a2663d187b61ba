"""What is wrong with a desk file, each with its line and one sentence for people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend. `line` counts from 1."""

    line: int
    sentence: str


class DeskFileError(Exception):
    """The file can't be loaded and nothing was changed. `problems` holds every reason, in order of lines."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems: Sequence[Problem] = sorted(set(problems))
        super().__init__("\n".join(f"{source}:{item.line}: {item.sentence}" for item in self.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean `x`?` for the nearest known word, or nothing when none is near."""
    by_folded = {item.casefold(): item for item in known}
    near = get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return f" Did you mean `{by_folded[near[0]]}`?" if near else ""
