"""Lists that show first what changed last: what a page costs never grows with the table."""

import datetime as dt
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable
from django.utils.dateparse import parse_datetime

from mailcall.web.paging import key_from

UPDATED_WINDOW = 2_000

Position = tuple[dt.datetime, int]


@dataclass(frozen=True, slots=True)
class Latest:
    """The keys of a page, in order. `older` is where the next one begins; empty at the end."""

    keys: list[int] = field(default_factory=list)
    older: str = ""
    cut_short: bool = False


def latest_first(
    rows: "QuerySet[Model]",
    states: Sequence[str],
    before: str,
    size: int,
    *,
    partitions: Set[int] | None = None,
    partition: str | Combinable = "partition",
) -> Latest:
    """Keyset pages by last change, one index walk for each state, merged.

    Only rows of `partitions` (keys; None is all) are in it, where `partition` says whose a row is. No index
    goes by partition, so that of rows of some partitions a window is looked through.
    """
    moment, key = _position(before)
    limit = size + 1 if partitions is None else max(UPDATED_WINDOW, size + 1)
    positions: list[Position] = []
    unseen: list[Position] = []  # after these positions a walk was ended
    for state in states:
        of_state = rows.filter(state=state)
        if moment is not None:
            of_state = of_state.filter(updated_at__lte=moment).exclude(updated_at=moment, pk__gte=key)
        columns = of_state.order_by("-updated_at", "-pk").values_list("updated_at", "pk", partition)
        walked = list(columns[:limit])
        positions += [(at, pk) for at, pk, owner in walked if partitions is None or owner in partitions]
        if len(walked) == limit:
            unseen.append(walked[-1][:2])
    end = max(unseen) if unseen and partitions is not None else None
    positions = sorted((one for one in positions if end is None or one >= end), reverse=True)
    keys = [pk for _, pk in positions[:size]]
    if len(positions) > size:
        return Latest(keys, _written(positions[size - 1]))
    return Latest(keys, _written(end), cut_short=True) if end else Latest(keys)


def _written(position: Position) -> str:
    moment, key = position
    return f"{moment.isoformat()}~{key}"


def _position(before: str) -> tuple[dt.datetime | None, int]:
    moment, _, key = before.partition("~")
    try:
        parsed = parse_datetime(moment)
    except ValueError:
        parsed = None
    number = key_from(key)
    if parsed is None or parsed.tzinfo is None or number is None:
        return None, 0
    return parsed, number
