"""When resolved calls are warned of, and closed, by the rules of their partition."""

import datetime as dt
from collections.abc import Sequence

from mailcall.desk.models import Call, Partition


def wait_anew(call: Call, now: dt.datetime) -> None:
    """Let a call that would close by itself wait as long as if it were resolved now, not saved."""
    if call.close_step_at is not None:
        call.resolved_at, call.close_step_at = now, next_step(call.partition, now, now)


def next_step(partition: Partition, resolved_at: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    """When a call that was resolved then is next warned of, or closed; None is never."""
    if not partition.close_after_hours:
        return None
    closes_at = resolved_at + dt.timedelta(hours=partition.close_after_hours)
    to_come = [closes_at - dt.timedelta(hours=hours) for hours in warnings(partition)]
    return min([moment for moment in to_come if moment > now], default=closes_at)


def warnings(partition: Partition) -> Sequence[int]:
    """How many hours before the closing people are warned; what makes no sense is passed over."""
    parts = parts_of(partition.close_warning_hours)
    return [int(part) for part in parts if is_warning(part, partition.close_after_hours)]


def parts_of(hours: str) -> list[str]:
    """What stands between the commas."""
    return [part.strip() for part in hours.split(",") if part.strip()]


def is_warning(part: str, after_hours: int) -> bool:
    """Whether it is a number of hours that lie before the closing."""
    return part.isascii() and part.isdigit() and len(part) < 6 and 0 < int(part) < after_hours
