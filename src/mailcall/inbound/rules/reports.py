"""Rule a: reports of mail servers about mails of ours. They log nothing, and move the deliveries."""

from dataclasses import dataclass, replace

from mailcall.inbound.decision import Facts, Verdict
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.rejected import reject
from mailcall.message import thread_ids
from mailcall.message.mail import Kind
from mailcall.outbound.returned import Returned


@dataclass(frozen=True)
class DeliveryReport:
    """RFC 3464: tells what became of a mail of ours, and marks its delivery."""

    letter: str = "a"
    name: str = "delivery report"
    description: str = "Rejects a delivery report and marks the delivery that it is about."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on what the structure of the mail shows to be a report."""
        mail = reading.mail
        if mail.kind is not Kind.BOUNCE and mail.kind is not Kind.DELIVERED_NOTICE:
            return Verdict("It is not a delivery report.")
        recipients = mail.bounce.recipients if mail.bounce else ()
        bounced = tuple(
            (r.address, f"{r.status} {r.diagnostic}".strip() or "refused, without a reason")
            for r in recipients
            if (r.address or reading.returned)
            and (r.permanent or r.action == "failed")  # given up: the mail is lost either way
        )
        if not recipients and mail.kind is Kind.BOUNCE:
            bounced = (("", f"It came back: {mail.subject or 'without a reason'}"[:500]),)
        about = mail.bounce.original_message_id if mail.bounce else ""
        told = ", ".join(f"{address or 'somebody'} ({reason})" for address, reason in bounced)
        decision = reject(
            reading,
            facts,
            f"It is a delivery report; not delivered to: {told}."
            if told
            else "It is a delivery report of a delay or a success; no recipient is given up.",
        )
        what = about or (f"delivery {reading.returned}" if reading.returned else "an unknown mail")
        return Verdict(
            f"{mail.kind_reason or 'Its structure'} shows a delivery report about {what}. {_proof(reading)}",
            replace(decision, returned=_returned(reading, bounced) if bounced else None),
        )


@dataclass(frozen=True)
class Complaint:
    """RFC 5965: somebody reported a mail of ours as spam."""

    letter: str = "a"
    name: str = "complaint"
    description: str = "Rejects a report that a mail of ours was taken for spam, and sends no more there."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on the structure; a report of no complaint is an automatic reply like others."""
        mail = reading.mail
        if mail.kind is not Kind.FEEDBACK_REPORT or mail.bounce is None:
            return Verdict("It is no complaint.")
        who = tuple((r.address, f"{r.diagnostic} by its recipient") for r in mail.bounce.recipients)
        complaint = replace(
            _returned(reading, who or (("", "Reported as spam by its recipient"),)), complaint=True
        )
        about = complaint.message_id or "an unknown mail"
        return Verdict(
            f"{mail.kind_reason} shows a complaint about {about}. {_proof(reading)}",
            replace(reject(reading, facts, f"It is a complaint about {about}."), returned=complaint),
        )


def _returned(reading: Reading, recipients: tuple[tuple[str, str], ...]) -> Returned:
    mail = reading.mail
    texts = (mail.text, mail.html, *(forwarded.text for forwarded in mail.forwarded))
    tokens = dict.fromkeys(token for text in texts for token in thread_ids.tokens_in(text))
    about = mail.bounce.original_message_id if mail.bounce else ""
    reporter = reading.sender if reading.evidence.authenticated else ""
    return Returned(recipients, about, tuple(tokens), reading.returned, reporter)


def _proof(reading: Reading) -> str:
    """By what the report counts, if it does: outbound.reporting has the whole of it."""
    if reading.returned:
        return f"It came to the envelope tag of delivery {reading.returned}, so it counts for that."
    if reading.evidence.authenticated:
        return (
            f"It is from {reading.sender}, so it counts if that is a mail system's address of the "
            "recipient's domain or of our server's; else it is only noted."
        )
    return "Nothing proves who sent it, so it is only noted, and changes nothing."
