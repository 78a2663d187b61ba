"""What the administrator calls the states of calls; the states themselves stay."""

from collections.abc import Mapping
from functools import cached_property

from django.db import transaction

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Partition, State, StateName

_LONGEST = 50


def state_names(partition: Partition | None = None) -> Mapping[str, str]:
    """The name of each state in a partition, or everywhere else. One query."""
    wanted = StateName.objects.filter(partition=None)
    if partition:
        wanted |= StateName.objects.filter(partition=partition)
    rows = sorted(wanted, key=lambda row: row.partition_id is not None)  # the partition's own come last
    return {str(state): state.label for state in State} | {row.state: row.name for row in rows}


class StateNames:
    """What the states are called in every partition; read once, when it is first asked."""

    @cached_property
    def _names(self) -> Mapping[tuple[int | None, str], str]:
        return {(row.partition_id, row.state): row.name for row in StateName.objects.all()}

    def of(self, call: Call) -> str:
        """The name of a call's state."""
        own = self._names.get((call.partition_id, call.state)) or self._names.get((None, call.state))
        return own or State(call.state).label


def rename_state(state: State, name: str, *, partition: Partition | None = None) -> None:
    """Call a state so, everywhere or in one partition; an empty name takes that back.

    Raises Refused when two states would be called the same anywhere.
    """
    name = " ".join(name.split())
    if len(name) > _LONGEST:
        raise Refused(f"The name of a state has at most {_LONGEST} characters.")
    if state not in State.values:
        raise Refused(f"“{state}” is no state of a call: take {', '.join(State.values)}.")
    with transaction.atomic():
        if name:
            StateName.objects.update_or_create(partition=partition, state=state, defaults={"name": name})
        else:
            StateName.objects.filter(partition=partition, state=state).delete()
        for place in (None, *Partition.objects.filter(statename__isnull=False).distinct()):
            _refuse_ambiguous(place)


def _refuse_ambiguous(partition: Partition | None) -> None:
    seen: dict[str, str] = {}
    for state, name in state_names(partition).items():
        if other := seen.get(name.casefold()):
            where = f" in {partition}" if partition else ""
            both = f"{State(other).label}, {State(state).label}"
            raise Refused(f"“{name}” would be the name of two states{where}: {both}.")
        seen[name.casefold()] = state
