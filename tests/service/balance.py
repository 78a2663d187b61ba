"""The count after the storm: each mail has one outcome, and each surplus copy is one that was owned up.

The one exception to "never twice" is written down where it happens: a delivery whose fate nobody can know is
marked, and resent once. So surplus copies never exceed those marks.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from installations import Installation
from servers.postfix import Postfix
from service.flows import Flow, Sent

ACKNOWLEDGEMENT = 1001
MESSAGE_ID = re.compile(rb"(?im)^Message-ID:\s*(\S+)")


@dataclass
class Balance:
    """What was found; `wrong` are sentences with the identities of what should not be so."""

    mails: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    calls: tuple[int, int] = (0, 0)  # expected, found
    updates: tuple[int, int] = (0, 0)
    deliveries: Counter[str] = field(default_factory=Counter)  # by state
    unknown: int = 0
    surplus: int = 0
    wrong: list[str] = field(default_factory=list)

    def check(self, what: str, identities: Iterable[object]) -> None:
        """Note what is wrong with these, if there are any."""
        if found := sorted(map(str, identities)):
            self.wrong.append(f"{what}: {', '.join(found)}")

    def pairs(self) -> dict[str, tuple[int, int]]:
        """Numbers that should be the same: expected and found."""
        return {"calls": self.calls, "updates": self.updates}

    def __str__(self) -> str:
        return (
            f"{self.mails} mails, {self.calls[1]} calls, {self.updates[1]} updates, "
            f"{self.unknown} deliveries unknown, {self.surplus} copies surplus"
        )


def assert_exactly_once(desk: Installation, flow: Flow, postfix: Postfix) -> Balance:
    """Every mail has one outcome, in its place, and its sender one answer."""
    found = balance(desk, [flow], postfix)
    assert not found.wrong, "\n".join(found.wrong)
    return found


def balance(desk: Installation, flows: Sequence[Flow], postfix: Postfix) -> Balance:
    """Count all that came of the mails of these flows, which are all that the desk ever got."""
    found = Balance()
    new = _count_mails(desk, flows, found)
    _count_deliveries(desk, new, postfix, found)
    for flow in flows:
        found.check("left in the mailbox", [flow.name] if not flow.by.is_empty() else [])
    return found


def _count_mails(desk: Installation, flows: Sequence[Flow], found: Balance) -> list[Sent]:
    """Journal and desk against what was sent; the mails that are new matters."""
    rows = desk.query("select message_id, id, state, outcome, call_id, entry_id from inbound_receivedmail")
    sent = [sent for flow in flows for sent in flow.sent]
    found.mails = len(sent)
    found.outcomes = Counter(row[3] or row[2] for row in rows)
    brought, journalled = Counter(s.message_id for s in sent), Counter(row[0] for row in rows)
    found.check("lost", brought - journalled)
    found.check("journalled more than once", journalled - brought)
    of = {row[0]: row[1:] for row in rows}
    sent = [s for s in sent if s.message_id in of]
    # A mailbox may number a reply before what it answers. Then it is a new matter, rightly.
    replies = [s for s in sent if s.refers_to in of and of[s.refers_to][0] < of[s.message_id][0]]
    new = [s for s in sent if s not in set(replies)]
    found.check("no call of its own", (s for s in new if of[s.message_id][1:3] != ("done", "logged")))
    found.check("no update", (s for s in replies if of[s.message_id][1:3] != ("done", "updated")))
    found.check("in another's call", (s for s in replies if of[s.message_id][3] != of[s.refers_to][3]))
    calls = Counter(of[s.message_id][3] for s in new)
    found.check("mails that share a call", (call for call, count in calls.items() if count > 1))
    entries = desk.query("select id, external_id, call_id from desk_timelineentry where kind = 'mail_in'")
    found.calls = len(new), desk.count("select count(*) from desk_call")
    found.updates = len(replies), len(entries) - len(new)
    for what, (expected, there) in found.pairs().items():
        found.check(f"{what} expected and found", [(expected, there)] if expected != there else [])
    found.check("entries without a mail", {e[0] for e in entries} - {row[5] for row in rows})
    twice = Counter(external for _, external, _ in entries)
    found.check("acted on more than once", (external for external, count in twice.items() if count > 1))
    _check_order(flows, of, found)
    return new


def _check_order(flows: Sequence[Flow], of: dict[str, tuple], found: Balance) -> None:
    """The entries of a call stand as its mails do in the journal, and these as they were brought."""
    by_call = defaultdict(list)
    for message_id, (place, _, _, call, entry) in of.items():
        by_call[call].append((place, entry, message_id))
    for entries in by_call.values():
        in_journal = sorted(entries)
        if [entry for _, entry, _ in in_journal] != sorted(entry for _, entry, _ in entries):
            found.check("out of order", [[name for _, _, name in in_journal]])
    for flow in flows:
        places = [of[s.message_id][0] for s in flow.sent if s.message_id in of]
        if flow.by.in_order and places != sorted(places):
            found.check("journalled out of order", [flow.name])


def _count_deliveries(desk: Installation, new: Sequence[Sent], postfix: Postfix, found: Balance) -> None:
    """The message table against the mails that really arrived."""
    table = desk.query(
        "select m.message_id, m.type_code, d.recipient, d.state, d.unknowns from outbound_delivery d "
        "join outbound_message m on m.id = d.message_id"
    )
    answered = Counter(row[2] for row in table if row[1] == ACKNOWLEDGEMENT)
    due = Counter(s.sender for s in new)
    found.check("not answered", due - answered)
    found.check("answered too often", answered - due)
    found.deliveries = Counter(row[3] for row in table)
    found.unknown = sum(row[4] for row in table)
    found.check("not settled", (row for row in table if row[3] not in {"sent", "held"}))
    wanted = Counter(row[2] for row in table if row[3] == "sent")
    arrived = {
        recipient: Counter(_message_id(file.read_bytes()) for file in files)
        for recipient, files in postfix.arrived(wanted, seconds=30).items()
    }
    for message_id, _, recipient, state, unknown in table:
        copies = arrived.get(recipient, Counter())[message_id]
        found.check("never arrived", [(message_id, recipient)] if not copies and state == "sent" else [])
        found.check("more copies than owned up", [(message_id, recipient)] if copies > 1 + unknown else [])
        found.surplus += max(0, copies - 1)


def _message_id(raw: bytes) -> str:
    match = MESSAGE_ID.search(raw)
    return match[1].decode() if match else ""


def longest_pause(desk: Installation) -> float:
    """The longest time in which no mail was done, in seconds; on PostgreSQL."""
    pauses = "select acted_at - lag(acted_at) over (order by acted_at) as pause from inbound_receivedmail"
    return float(desk.query(f"select extract(epoch from max(pause)) from ({pauses}) as pauses")[0][0])
