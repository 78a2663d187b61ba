"""Whose a mail is that an Analyst forwards: that of who wrote it first, where the account says so."""

from collections.abc import Set
from dataclasses import dataclass

from mailcall.desk.models import Person
from mailcall.desk.people import may_act_as_analyst
from mailcall.inbound.decision import Facts, Original
from mailcall.inbound.reading import Reading
from mailcall.message import Mail, address_ok, comparable
from mailcall.message.mail import Forwarded
from mailcall.message.subjects import strip_prefixes
from mailcall.message.thread_ids import without_tags


@dataclass(frozen=True, slots=True)
class Looked:
    """The original of a forwarded mail, if it is logged for its writer; and a sentence, if there is one."""

    original: Original | None = None
    explained: str = ""


def look_for_original(reading: Reading, facts: Facts) -> Looked:
    """Whether this is a mail that an Analyst forwards to have it logged for who wrote it, and if not, why.

    Who wrote it is what the forwarded mail says, on the word of the Analyst, who must be proved: whoever only
    writes an Analyst's address has nothing logged in another's name.
    """
    forwarder, mail = facts.sender, reading.mail
    if not facts.account.log_for_original_sender or forwarder is None or not forwarder.is_analyst:
        return Looked()
    inside = _forwarded(mail, facts.account.gateway_tags)
    if not inside:
        return Looked()
    writers = {_writer(one) for one in inside}
    if why := _why_not_by(forwarder, reading) or _why_not_for(writers, reading, facts):
        return Looked(None, f"It is forwarded, but {why}: it is for {forwarder}.")
    return _found(inside[0], writers.pop(), forwarder, facts)


def writers_of(mail: Mail) -> frozenset[str]:
    """The (comparable) addresses of who may have written what this mail forwards, by its form alone.

    Answers quote in the same form: they forward nothing.
    """
    if not mail.forwarded or mail.automatic:
        return frozenset()
    stripped = strip_prefixes(mail.subject)
    if stripped.reply and not stripped.forward:
        return frozenset()
    return frozenset(filter(None, (_writer(one) for one in mail.forwarded if one.depth == 1)))


def _forwarded(mail: Mail, gateway_tags: tuple[str, ...]) -> list[Forwarded]:
    """The mails that this one was sent to pass on; none when it was sent for a reason of its own."""
    outermost = [one for one in mail.forwarded if one.depth == 1]
    if not outermost or mail.automatic:
        return []
    # Of `Fwd: Re: Printer` and `Re: Fwd: Printer`, only what stands first tells what this mail is.
    first = strip_prefixes(mail.subject.partition(":")[0] + ":", gateway_tags)
    if first.forward:
        return outermost
    if first.reply:
        return []
    own = strip_prefixes(mail.subject, gateway_tags).text.casefold()
    return [
        one
        for one in outermost
        if one.attachment is not None
        and own in {"", strip_prefixes(one.subject, gateway_tags).text.casefold()}
    ]


def _writer(forwarded: Forwarded) -> str:
    """The comparable address in its From; empty when there is none, or more than one."""
    addresses = {comparable(mailbox.address) for mailbox in forwarded.from_}
    return addresses.pop() if len(addresses) == 1 else ""


def _why_not_by(forwarder: Person, reading: Reading) -> str:
    if not may_act_as_analyst(forwarder):
        return f"{reading.sender} may not act as the Analyst {forwarder}"
    return "" if reading.evidence.authenticated else f"nothing proves that {forwarder} sent it"


def _why_not_for(writers: Set[str], reading: Reading, facts: Facts) -> str:
    if len(writers) > 1:
        return f"what is forwarded was written by {len(writers)} senders"
    [address] = writers
    if not address_ok(address):
        return "what is forwarded names no address of who wrote it"
    if facts.is_own(address):
        return f"{address}, who wrote it, is this desk"
    return "who forwards it wrote it" if address == reading.sender else ""


def _found(inside: Forwarded, address: str, forwarder: Person, facts: Facts) -> Looked:
    people = facts.people.get(address, ())
    person = people[0] if people else None
    original = Original(
        name=inside.from_[0].name,
        address=address,
        subject=without_tags(strip_prefixes(inside.subject, facts.account.gateway_tags).text),
        message_id=inside.message_id,
        person=person,
        forwarded_by=forwarder,
    )
    who = f"{person} <{address}>" if person else f"{address}, who matches nobody: a new User"
    return Looked(original, f"The Analyst {forwarder} forwards a mail of {who}. It is logged for them.")
