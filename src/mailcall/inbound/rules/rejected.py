"""Rule a: mails that change nothing, of which only one that is too big is answered."""

from dataclasses import dataclass, replace

from mailcall.desk.models import Call
from mailcall.grammar import automatic_subject
from mailcall.inbound.decision import Action, Decision, Facts, Verdict
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.log import why_no_answer
from mailcall.message.mail import Kind
from mailcall.message.subjects import strip_prefixes


def reject(reading: Reading, facts: Facts, reason: str) -> Decision:
    """Change nothing, and answer nobody."""
    return Decision(
        Action.REJECT,
        reason,
        sender=facts.sender,
        sender_name=reading.sender,
        no_answer="A rejected mail is not answered.",
    )


@dataclass(frozen=True)
class RoundTrip:
    """The mail by which the desk watches its own way out and in; the service measures how long it took."""

    letter: str = "a"
    name: str = "round trip"
    description: str = "Recognises a round-trip mail that we signed and sent to an account of our own."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on the signature alone: an old one that comes again is told from a new one elsewhere."""
        if not reading.ours or reading.ours.kind != "round trip":
            return Verdict("It is no round-trip mail of ours.")
        decision = reject(reading, facts, "It is a round-trip mail of our own; it only measures the way.")
        return Verdict(
            f"Its Message-ID {reading.mail.message_id} carries our signature of a round trip.",
            replace(decision, action=Action.ROUND_TRIP),
        )


@dataclass(frozen=True)
class OwnMail:
    """Our own mail come back: its own Message-ID carries our signature."""

    letter: str = "a"
    name: str = "own mail"
    description: str = "Rejects a mail whose Message-ID we signed ourselves: it came back to us."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on our signed Message-ID, whatever the rest says."""
        if not reading.ours:
            return Verdict("Its Message-ID is not ours.")
        return Verdict(
            f"Its Message-ID {reading.mail.message_id} carries our signature.",
            reject(reading, facts, "It is our own mail come back."),
        )


@dataclass(frozen=True)
class AutomaticReply:
    """Out of office, receipts, challenges, reports: answers of machines to machines."""

    letter: str = "a"
    name: str = "automatic reply"
    description: str = "Rejects what a machine answered: out of office, receipts, feedback and DMARC reports."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on the headers and structure (RFC 3834, RFC 8098, RFC 5965), never on words alone."""
        mail = reading.mail
        if mail.kind is Kind.NORMAL:
            return Verdict(
                f"It is automatic but no reply ({mail.automatic_reason})."
                if mail.automatic
                else "Nothing shows an automatic reply."
            )
        kind = mail.kind.replace("_", " ")
        return Verdict(
            f"{mail.kind_reason or 'Its headers'} shows: {kind}.",
            reject(reading, facts, f"It is automatic: {kind}."),
        )


@dataclass(frozen=True)
class AutomaticMail:
    """Mail that no person wrote, though it answers nothing: monitoring, newsletters, lists."""

    letter: str = "a"
    name: str = "automatic mail"
    description: str = "Rejects automatic mail that answers nothing, where the account takes none."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire where the account says so."""
        if not reading.mail.automatic:
            return Verdict("Nothing shows that it is automatic.")
        why = reading.mail.automatic_reason
        if facts.account.automatic_logs:
            return Verdict(f"It is automatic ({why}), and account {facts.account.name} takes such mail.")
        return Verdict(
            f"It is automatic ({why}).",
            reject(reading, facts, f"Account {facts.account.name} takes no automatic mail."),
        )


@dataclass(frozen=True)
class AutomaticSubject:
    """The second line behind the headers: subjects that machines write in many languages."""

    letter: str = "a"
    name: str = "automatic subject"
    description: str = "Rejects a subject of machines, such as “Out of office”, where the account wants that."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on the subject alone, by setting only: a person may write such words, too."""
        if not facts.account.reject_automatic_subjects:
            return Verdict("The account does not judge mails by the words of their subjects.")
        found = automatic_subject(reading.mail.subject, facts.account.gateway_tags)
        if not found:
            return Verdict("Its subject is none that machines write.")
        return Verdict(
            f"Its subject is one that machines write: {found}.",
            reject(reading, facts, f"Its subject says that it is automatic: {found}."),
        )


@dataclass(frozen=True)
class BlockedSender:
    """A sender whom the account's administrator has blocked."""

    letter: str = "a"
    name: str = "blocked sender"
    description: str = "Rejects mail from an address or domain that the account blocks."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire when any From address is on the list, or its domain as `@domain`."""
        for mailbox in reading.mail.from_:
            address = mailbox.address.casefold()
            for entry in (address, "@" + address.rpartition("@")[2]):
                if entry in facts.account.blocked_senders:
                    return Verdict(
                        f"{entry} is blocked by account {facts.account.name}.",
                        reject(reading, facts, f"Its sender {address} is blocked."),
                    )
        return Verdict("Its sender is not blocked.")


@dataclass(frozen=True)
class RejectedSubject:
    """The account's reject list."""

    letter: str = "a"
    name: str = "rejected subject"
    description: str = "Rejects a subject that contains an entry of the account's reject list."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire when the subject, without prefixes, contains an entry."""
        subject = strip_prefixes(reading.mail.subject, facts.account.gateway_tags).text.casefold()
        for entry in facts.account.reject_subjects:
            if entry.casefold() in subject:
                return Verdict(
                    f"The subject contains “{entry}”.",
                    reject(reading, facts, f"Its subject is on the reject list: “{entry}”."),
                )
        return Verdict("Its subject is on no reject list.")


@dataclass(frozen=True)
class TooBig:
    """A mail above the account's size limit; its sender hears of it, since nobody will read it."""

    letter: str = "a"
    name: str = "too big"
    description: str = "Rejects a mail above the account's size limit, of which only the header was fetched."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire where only the header is here."""
        if not reading.whole_size:
            return Verdict("All of it was fetched.")
        no_answer = why_no_answer(reading, facts)
        decision = reject(
            reading,
            facts,
            f"It is too big: it has {megabytes(reading.whole_size)} MB, and account {facts.account.name} "
            f"takes {_most(facts.account.size_limit)}. Only its header was fetched.",
        )
        return Verdict(
            f"It has {reading.whole_size:,} bytes, and only its header was fetched.",
            replace(decision, answer=not no_answer, no_answer=no_answer),
        )


def megabytes(size: int) -> str:
    """Rounded up to a tenth, so that what is above a limit never looks as if it fitted."""
    return f"{-(-size * 10 // 1024**2) / 10:,.1f}"


def _most(size_limit: int) -> str:
    return f"at most {size_limit} MB" if size_limit else "any size by now"


@dataclass(frozen=True)
class SameMail:
    """The same mail in two mailboxes, or delivered twice."""

    letter: str = "a"
    name: str = "same mail again"
    description: str = (
        "Recognises a mail that this partition has already: the same Message-ID, From, Date and body."
    )

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on all four together; a Message-ID alone never discards a mail."""
        if facts.same_mail is None:
            return Verdict("It has not come to this partition before.")
        earlier, call = facts.same_mail
        return Verdict(
            f"Mail {earlier} has the same Message-ID, From, Date and body.",
            same_mail(reading, facts, earlier, call),
        )


def same_mail(reading: Reading, facts: Facts, earlier: int, call: Call | None) -> Decision:
    """The decision for a further copy of a mail that went to this call."""
    went = f"went to call {call.pk}" if call else "was dealt with"
    return Decision(
        Action.DUPLICATE,
        f"It is the same mail as mail {earlier}, which {went}.",
        call=call,
        sender=facts.sender,
        sender_name=reading.sender,
        no_answer="The first copy was answered.",
    )
