"""What commands ask for that change nothing: summaries, where things stand, the list of commands."""

from collections.abc import Sequence

from mailcall.desk.models import Person
from mailcall.desk.people import may_act_as_analyst
from mailcall.grammar import HelpRow, help_rows
from mailcall.inbound.commands.asking import Asking, Did
from mailcall.outbound.answers import Table

_OF_ANALYSTS = frozenset({"forward", "take"})


def help_for(asking: Asking) -> Sequence[HelpRow]:
    """The commands that the sender may give."""
    sender = asking.sender
    assert isinstance(sender, Person)  # the rule sees to it
    rows = help_rows(asking.facts.account.words)
    if may_act_as_analyst(sender):
        return rows
    return [row for row in rows if row.command.action not in _OF_ANALYSTS]


def summary(asking: Asking) -> Sequence[Table]:
    raise NotImplementedError


def status(asking: Asking, number: int) -> Did:
    raise NotImplementedError
