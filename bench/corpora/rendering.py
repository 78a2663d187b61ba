"""Reports as tables: for the terminal, and for the documentation, where each kind of miss is explained."""

from collections.abc import Iterable, Iterator

from .report import Miss, Report, Row

_MOST_CASES = 40  # named for one kind of miss

INTRODUCTION = """\
<!-- Written by `make corpora`. Do not edit. -->

# How well mail is read

Scores on mail that nobody here wrote: test material of other projects, with what their authors expect of it.
It has licences of its own and is no part of Mailcall. The reader is written after the standards and after how
mail programs behave, not after these files.

`make corpora` measures anew where the material is beside the checkout, in `../shared/corpora`. The tests hold
the floors.

Expectations that were found wrong, or peculiar to the product they come from, are left out
(`unsound.json` beside the material names each with the reason).
"""


def markdown(reports: Iterable[Report]) -> str:
    """The page of the documentation: the same code gives the same page, whatever the day and the machine."""
    return "\n".join([INTRODUCTION, *(line for report in reports for line in _section(report))])


def terminal(report: Report, *, verbose: bool) -> str:
    """A report for whoever runs it; `verbose` names each miss with what was wanted and what came."""
    lines = [report.title, "=" * len(report.title)]
    width = max((len(row.measure) for row in report.rows), default=0)
    lines += (f"{row.measure.ljust(width)}  {_share(row).rjust(22)}  {row.who}" for row in report.rows)
    for kind, misses in _by_kind(report.misses).items():
        lines.append(f"  {len(misses)} x {kind}: {report.explanations.get(kind, 'NOT EXPLAINED')}")
        lines += (f"      {_detail(miss)}" for miss in misses if verbose)
    return "\n".join([*lines, *report.notes, *report.figures, ""])


def _section(report: Report) -> Iterator[str]:
    yield f"## {report.title}\n"
    yield from _table(report.rows)
    yield from (f"{note}\n" for note in report.notes)
    kinds = _by_kind(report.misses)
    if not kinds:
        return
    yield "Where we miss:\n"
    for kind, misses in kinds.items():
        names = sorted({miss.case for miss in misses})
        shown = ", ".join(f"`{name}`" for name in names[:_MOST_CASES])
        more = f" and {len(names) - _MOST_CASES} more" if len(names) > _MOST_CASES else ""
        yield f"- **{kind}** ({len(misses)}): {report.explanations.get(kind, '')} {shown}{more}."
    yield ""


def _table(rows: Iterable[Row]) -> Iterator[str]:
    """A line for each measure, a column for whoever was measured.

    If that is us alone, with measures like `zammad: subjects`, it is a line for each corpus instead, with a
    column for each measure.
    """
    rows = list(rows)
    if {row.who for row in rows} == {"Mailcall"} and all(": " in row.measure for row in rows):
        cells = {tuple(row.measure.split(": ", 1)): _share(row) for row in rows}
    else:
        cells = {(row.measure, row.who): _share(row) for row in rows}
    columns = list(dict.fromkeys(column for _, column in cells))
    yield f"| | {' | '.join(columns)} |"
    yield f"| --- |{' --- |' * len(columns)}"
    for line in dict.fromkeys(line for line, _ in cells):
        yield f"| {line} | {' | '.join(cells.get((line, column), '') for column in columns)} |"
    yield ""


def _share(row: Row) -> str:
    share = f" ({100 * row.right / row.total:.1f} %)" if row.total else ""
    return f"{row.right:,} of {row.total:,}{share}"


def _by_kind(misses: Iterable[Miss]) -> dict[str, list[Miss]]:
    kinds: dict[str, list[Miss]] = {}
    for miss in misses:
        kinds.setdefault(miss.kind, []).append(miss)
    return dict(sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])))


def _detail(miss: Miss) -> str:
    return f"{miss.case}: wanted {miss.wanted[:200]!r}, got {miss.got[:200]!r}"
