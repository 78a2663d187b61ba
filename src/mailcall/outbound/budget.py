"""How many answers one sender, and one call, may get: no loop goes on.

The budget is counted from the deliveries themselves, so it survives any restart. What goes beyond it is
put into the message table all the same, withheld with its reason, and a person can release it.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count, F, Max, Q

from mailcall.config import config
from mailcall.message import without_detail
from mailcall.outbound.message_types import ANSWER_CODES, COMMAND_ANSWERED, COMMAND_TO_CONFIRM
from mailcall.outbound.models import Delivery, DeliveryState

COMMAND_CODES = (COMMAND_ANSWERED.code, COMMAND_TO_CONFIRM.code)
NOT_GIVEN = (DeliveryState.WITHHELD, DeliveryState.CANCELLED)
ANSWERS_A_DAY_TO_A_STRANGER = 1
DAYS_AFTER_BOUNCE = 7
LAST_ANSWER = (
    "This is the last answer within an hour; what you write is worked on all the same, but not answered "
    "until then."
)


@dataclass(slots=True)
class Budget:
    """The answers given so far to some addresses and on some calls; `take` counts one more.

    Those to commands are counted apart: whoever works the desk by mail gets more of them.
    """

    to_sender: Counter[str] = field(default_factory=Counter)
    to_commands: Counter[str] = field(default_factory=Counter)
    to_strangers: Counter[str] = field(default_factory=Counter)  # by mailbox, within a day
    on_call: Counter[int] = field(default_factory=Counter)
    bounced: frozenset[str] = frozenset()  # addresses to which the last mail came back

    @classmethod
    def of(
        cls,
        addresses: Collection[str],
        calls: Collection[int],
        now: dt.datetime,
        strangers: Collection[str] = (),
    ) -> "Budget":
        """What was used up, with one query of each kind for all addresses, calls and strangers."""
        answers = Delivery.objects.filter(message__type_code__in=ANSWER_CODES).exclude(state__in=NOT_GIVEN)
        of_commands = Q(message__type_code__in=COMMAND_CODES)
        to_sender = list(
            answers.filter(recipient__in=addresses, created_at__gt=now - dt.timedelta(hours=1))
            .values_list("recipient")
            .annotate(others=Count("pk", filter=~of_commands), commands=Count("pk", filter=of_commands))
        )
        on_call = (
            answers.filter(message__call__in=calls, created_at__gt=now - dt.timedelta(days=1))
            .values_list("message__call")
            .annotate(n=Count("pk"))
        )
        bounced = (
            Delivery.objects.filter(
                recipient__in=addresses,
                created_at__gt=now - dt.timedelta(days=DAYS_AFTER_BOUNCE),
                state__in=[DeliveryState.SENT, DeliveryState.BOUNCED],
            )
            .values_list("recipient", flat=True)
            .annotate(last=Max("pk"), came_back=Max("pk", filter=Q(state=DeliveryState.BOUNCED)))
            .filter(last=F("came_back"))
        )
        return cls(
            Counter({address: others for address, others, _ in to_sender}),
            Counter({address: commands for address, _, commands in to_sender}),
            _to_strangers({without_detail(address) for address in strangers}, now),
            Counter(dict(on_call)),
            frozenset(bounced),
        )

    def take(self, address: str, call: int | None, *, known: bool = True, command: bool = False) -> str:
        """Count an answer, on a call if there is one; why it must be withheld, or an empty text.

        To an address that nobody knows one a day goes, or others could have us write to it.
        """
        if address in self.bounced:
            return f"Withheld: the last mail to {address} came back."
        mailbox = without_detail(address)
        if not known and self.to_strangers[mailbox] >= ANSWERS_A_DAY_TO_A_STRANGER:
            return (
                f"Withheld: {address} is known by unproved mail alone, and got an answer within a day "
                "already, which is the budget for a stranger."
            )
        given, most, what = self._share(command=command)
        if given[address] >= most:
            return (
                f"Withheld: {address} got {most} {what} within an hour, which is the budget for one sender."
            )
        a_day = config().answers_a_day_on_a_call
        if call is not None and self.on_call[call] >= a_day:
            return (
                f"Withheld: call {call} caused {a_day} answers within a day, "
                "which is the budget for one call."
            )
        given[address] += 1
        self.to_strangers[mailbox] += not known
        if call is not None:
            self.on_call[call] += 1
        return ""

    def was_last(self, address: str, *, command: bool) -> bool:
        """Whether the answer counted last was the last of its kind that goes to an address within an hour."""
        given, most, _ = self._share(command=command)
        return given[address] == most

    def _share(self, *, command: bool) -> tuple[Counter[str], int, str]:
        """What was given of a kind, how much of it one sender gets within an hour, and its name."""
        if command:
            return self.to_commands, config().command_answers_an_hour, "answers to commands"
        return self.to_sender, config().answers_an_hour, "answers"


def _to_strangers(mailboxes: Collection[str], now: dt.datetime) -> Counter[str]:
    """How many answers within a day went to mailboxes of strangers, whatever detail their addresses had."""
    if not mailboxes:
        return Counter()
    given = Delivery.objects.filter(stranger__in=mailboxes, created_at__gt=now - dt.timedelta(days=1))
    given = given.exclude(state__in=NOT_GIVEN)
    return Counter(dict(given.values_list("stranger").annotate(n=Count("pk"))))
