"""What commands ask for that changes nothing: summaries, where things stand, the list of commands."""

from collections.abc import Sequence

from mailcall.desk.models import Call, Right
from mailcall.desk.people import may_act_as_analyst
from mailcall.desk.rights import Rights
from mailcall.desk.state_names import StateNames
from mailcall.desk.summaries import Listing, last_word, summary
from mailcall.grammar import COMMANDS, HelpRow, help_rows
from mailcall.inbound.commands.asking import Asking, Did, Target
from mailcall.inbound.commands.calls import call_for
from mailcall.inbound.commands.work import fact_for
from mailcall.outbound.answers import Row, Table
from mailcall.outbound.snapshots import page_of

_OF_ANALYSTS = {
    (command.action, command.objects[:1]) for command in COMMANDS if command.who == "analysts with the right"
}


def help_for(asking: Asking) -> Sequence[HelpRow]:
    """The commands that the sender may give. Raises ShortOfProof."""
    asking.proof("help")
    rows = help_rows(asking.facts.account.words, asking.reading.mail.subject)
    if asking.sender and may_act_as_analyst(asking.sender):
        return rows
    return [row for row in rows if (row.command.action, row.command.objects[:1]) not in _OF_ANALYSTS]


def summary_for(asking: Asking) -> Sequence[Table]:
    """What is the sender's, as tables. Raises Refused, and ShortOfProof."""
    asking.proof("summary")
    assert asking.sender is not None  # the rule sees to it
    listings = summary(asking.sender, asking.command.object, asking.command.scope)
    return [_table(listing, asking.opens) for listing in listings]


def status(asking: Asking, number: int) -> Did:
    """Where something stands. Raises Refused, and ShortOfProof."""
    of_call = asking.command.object == "call"
    target: Target = call_for(asking, number) if of_call else fact_for(asking, number).target
    asking.proof("status", target)
    state = StateNames().of(target) if isinstance(target, Call) else target.get_state_display()
    holders = " and ".join(str(holder) for holder in (target.group, target.analyst) if holder)
    said = last_word(target)
    with_whom = f", with {holders}" if holders else ""
    return Did(f"{state}{with_whom}.{f' Last said by {said}' if said else ''}", target)


def _table(listing: Listing, rights: Rights | None) -> Table:
    rows = tuple(
        Row(line.cells, page_of(line.kind, line.number))
        if rights and rights.has(Right.VIEW, line.partition)
        else Row(line.cells)
        for line in listing.lines
    )
    return Table(listing.title, listing.columns, rows, listing.left_out)
