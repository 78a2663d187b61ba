"""Long lists in pages, newest first. What a page costs never grows with the table."""

import hashlib
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

PAGE_SIZE = 50

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page. `older` is the key to go on from; None at the end.

    `cut_short` says that the page ends because enough rows were looked through, not because it is full.
    """

    rows: list[M]
    older: int | None = None
    cut_short: bool = False


def newest_first(
    rows: "QuerySet[M]", *, before: int | None = None, window: int | None = None, size: int = PAGE_SIZE
) -> Page[M]:
    """The rows with the highest keys under `before`.

    Give `window` when the filters of `rows` have no index: then at most that many keys are looked through.
    """
    if window is not None and before is None:
        last = rows.model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        if last is None:
            return Page([])
        before = int(last) + 1
    if before is not None:
        rows = rows.filter(pk__lt=before)
    lowest = None if window is None or before is None else before - window
    if lowest is not None:
        rows = rows.filter(pk__gte=lowest)
    found = list(rows.order_by("-pk")[: size + 1])
    if len(found) > size:
        return Page(found[:size], older=int(found[size - 1].pk))
    if lowest is not None and lowest > 1:
        return Page(found, older=lowest, cut_short=True)
    return Page(found)


def digest(*shown: object) -> str:
    """A few characters that change when what is shown does, so that polling can be answered with nothing."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def key_from(value: str | None) -> int | None:
    """The key in a `before` parameter, or None when it is none."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else None
