"""From a decision about a mail to a change of the desk."""

from dataclasses import replace

from mailcall.desk.changes import Change, LogCall, NewFile, NewParticipant, UpdateCall, Words
from mailcall.desk.events import Origin
from mailcall.desk.models import Channel, EntryKind, Person
from mailcall.inbound.decision import Action, Decision, Facts
from mailcall.inbound.models import ReceivedMail
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.rejected import megabytes
from mailcall.message import Mail, address_ok
from mailcall.message.invitation_text import describe_invitation
from mailcall.message.mail import Attachment, Seal
from mailcall.message.subjects import strip_prefixes
from mailcall.message.thread_ids import without_tags
from mailcall.message.true_types import agree
from mailcall.outbound.answers import Answer
from mailcall.outbound.message_types import MAIL_TOO_BIG
from mailcall.outbound.origin import MailOrigin

MOST_PARTICIPANTS = 50
UNKNOWN_SENDER = "Unknown sender"


def change_for(mail: ReceivedMail, reading: Reading, decision: Decision, facts: Facts) -> Change | None:
    """The change that this decision asks for, or None when the desk stays as it is."""
    match decision.action:
        case Action.LOG:
            return _log(mail, reading, decision, facts)
        case Action.UPDATE if decision.call:
            return UpdateCall(
                call=decision.call,
                words=words_of(reading, decision, whole=False),
                origin=origin_of(mail, reading, decision),
                participants=(
                    [] if decision.internal else participants_of(reading, facts, decision.call.user.email)
                ),
                reopen=decision.reopen,
                pass_on=decision.pass_on,
                automatic=bool(reading.mail.automatic),
            )
        case _:
            return None


def refusal_for(mail: ReceivedMail, reading: Reading, decision: Decision, facts: Facts) -> Answer | None:
    """What the sender of a mail that is too big is told, or None when they are not answered."""
    if decision.action is not Action.REJECT or not decision.answer:
        return None
    limit = facts.account.size_limit
    return Answer(
        kind=MAIL_TOO_BIG,
        mail=mail.pk,
        correlation_id=mail.correlation_id,
        partition=facts.account.template.partition,
        origin=mail_origin(reading, decision),
        person=facts.sender,
        asked=reading.mail.subject,
        why=f"The mail was above the size limit of account {facts.account.name}.",
        data={
            "size": megabytes(reading.whole_size),
            "most": limit,
        },
    )


def _log(mail: ReceivedMail, reading: Reading, decision: Decision, facts: Facts) -> LogCall:
    user = decision.user or _new_person(reading, decision)
    subject = decision.subject
    if subject is None:
        subject = without_tags(strip_prefixes(reading.mail.subject, facts.account.gateway_tags).text)
    return LogCall(
        template=decision.template or facts.account.template,
        subject=subject or _first_line(reading.mail.text) or "(no subject)",
        user=user,
        logged_by=decision.logged_by or user,
        words=words_of(reading, decision, whole=True),
        origin=origin_of(mail, reading, decision),
        participants=participants_of(reading, facts, user.email),
        links=decision.links,
    )


def _new_person(reading: Reading, decision: Decision) -> Person:
    """The new User for who wrote it, whom nobody knows; one record for all mails without a usable From."""
    if decision.original:
        return _new_user(decision.original.name, decision.original.address)
    if not reading.sender:
        known = Person.objects.filter(email="", name=UNKNOWN_SENDER).first()
        return known or Person(name=UNKNOWN_SENDER, email="", is_user=True, available_recipient=False)
    name = reading.mail.from_[0].name if reading.mail.from_ else ""
    return _new_user(name, reading.sender)


def _new_user(name: str, address: str) -> Person:
    name = (name or address.partition("@")[0])[:200]
    return Person(name=name, email=address, is_user=True, made_by_mail=True)


def _first_line(text: str) -> str:
    return next((line.strip()[:120] for line in text.splitlines() if line.strip()), "")


def words_of(reading: Reading, decision: Decision, *, whole: bool) -> Words:
    """What the mail says; `whole` keeps what it quotes in view, as the first mail of a call needs it."""
    mail = reading.mail
    new, quoted = (mail.text, "") if whole else (mail.reply_text, mail.folded_text)
    if not new.strip():
        new, quoted = mail.text if mail.text.strip() else _without_text(mail), ""
    return Words(
        kind=EntryKind.MAIL_IN,
        actor=decision.sender,
        actor_name=decision.sender_name,
        channel=Channel.EMAIL,
        proof=decision.proof,
        internal=decision.internal,
        subject=mail.subject,
        text=new.strip("\n"),
        quoted_text=quoted,
        html=mail.html,
        external_id=mail.message_id,
        files=[
            NewFile(
                name=a.name,
                content_type=a.content_type,
                data=None if a.file else a.data,
                sha256=a.sha256,
                size=a.size,
                inline=a.inline,
                cid=a.content_id,
                warning=_warning(a, reading),
            )
            for a in mail.attachments
        ],
    )


def _warning(attachment: Attachment, reading: Reading) -> str:
    """What people must know before they open a file; empty when there is nothing."""
    unlike = "" if agree(attachment.content_type, attachment.true_type) else f"Really {attachment.true_type}."
    unscanned = "Nobody looked for viruses in it." if reading.evidence.unscanned else ""
    return " ".join(filter(None, (unlike, unscanned)))


def _without_text(mail: Mail) -> str:
    """What people are shown of a mail in which nobody wrote a text that can be read."""
    if mail.invitations:
        return "\n\n".join(describe_invitation(invitation) for invitation in mail.invitations)
    if {Seal.SMIME_ENCRYPTED, Seal.PGP_ENCRYPTED} & set(mail.seals):
        return "[This mail is encrypted. Its content is in the attached file.]"
    return ""


def origin_of(mail: ReceivedMail, reading: Reading, decision: Decision) -> Origin:
    """What brought something about, as the desk hands it on; who wrote a forwarded mail is told of theirs."""
    origin, original = mail_origin(reading, decision), decision.original
    if original:
        known = original.person is not None and not original.person.made_by_mail
        origin = replace(origin, message_id=original.message_id, references=(), known=known)
    return Origin(mail.correlation_id, origin)


def mail_origin(reading: Reading, decision: Decision) -> MailOrigin:
    """The mail that brought something about, and whether it may be answered."""
    return MailOrigin(
        sender_name=reading.mail.from_[0].name if reading.mail.from_ else "",
        sender_address=reading.sender,
        message_id=reading.mail.message_id,
        references=reading.mail.references[-20:],
        answer=decision.answer,
        no_answer=decision.no_answer,
        known=_is_known(reading, decision.sender),
    )


def _is_known(reading: Reading, sender: Person | None) -> bool:
    """Whether more than unproved mail says that somebody is at that address."""
    return reading.evidence.authenticated or (sender is not None and not sender.made_by_mail)


def participants_of(reading: Reading, facts: Facts, user: str) -> list[NewParticipant]:
    """The To and Cc of an accepted mail; not of an automatic one, whose recipients nobody chose."""
    mail = reading.mail
    if mail.automatic or not reading.sender:
        return []
    new = {}
    for mailbox in (*mail.to, *mail.cc):
        address = mailbox.address.casefold()
        if address_ok(address) and address != user and not facts.is_own(address):
            new[address] = NewParticipant(address, mailbox.name, f"named in a mail of {reading.sender}")
    return list(new.values())[:MOST_PARTICIPANTS]
