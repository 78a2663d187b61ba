"""How often what mail says on one call, request or task is told to others within a day: no loop goes on."""

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count

from mailcall.outbound.message_types import ANSWER_CODES
from mailcall.outbound.models import Message
from mailcall.outbound.recipients import Work, kind_of

ECHOES_A_DAY = 50


@dataclass(slots=True)
class Echoes:
    """The notices and passed-on words so far, by what they are about; `take` counts one more."""

    used: Counter[tuple[str, int]] = field(default_factory=Counter)

    @classmethod
    def of(cls, works: Collection[Work], now: dt.datetime) -> "Echoes":
        """What was used up, with one query for each kind of work."""
        used: Counter[tuple[str, int]] = Counter()
        for column in {kind_of(work) for work in works}:
            keys = {work.pk for work in works if kind_of(work) == column}
            told = Message.objects.filter(
                **{f"{column}__in": keys}, created_at__gt=now - dt.timedelta(days=1)
            ).exclude(type_code__in=ANSWER_CODES)
            counted = told.order_by().values_list(column).annotate(n=Count("pk"))
            used.update({(column, key): n for key, n in counted})
        return cls(used)

    def take(self, work: Work) -> str:
        """Count a notice or passed-on words that a mail caused; why it must be withheld, or an empty text."""
        column = kind_of(work)
        if self.used[column, work.pk] >= ECHOES_A_DAY:
            return (
                f"Withheld: mail on {column} {work.pk} was passed on {ECHOES_A_DAY} times within a day, "
                f"which is the budget for one {column}."
            )
        self.used[column, work.pk] += 1
        return ""
