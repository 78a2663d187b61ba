"""The forms in which mail systems name, in words, the recipients that they could not reach.

One row is one form: the words that introduce it and where the addresses stand after them. They are written
here as the systems write them, in lower case, since that is what is compared.
"""

import re
from dataclasses import dataclass
from enum import Enum

_LOCAL = r"[\w+][\w!#$%&*+/=?^{|}~.'-]{0,63}+"  # possessive, so that hostile text costs one pass
# Letters and digits of a domain, an international one too (up to U+FFFF), by what they are not: a class that
# names so many takes 20 ms to compile, each time it stands in a pattern.
_BEYOND = r"{-\x7f\U00010000-\U0010ffff"
_LETTER = rf"[^\x00-/:-@\[-`{_BEYOND}]"
_FIRST = rf"[^\x00-/:-@\[-^`{_BEYOND}]"  # or an underscore
_INNER = rf"[^\x00-,/:-@\[-^`{_BEYOND}]"  # or an underscore, a dot, a hyphen
_DOMAIN = rf"(?:{_FIRST}(?:{_INNER}{{0,250}}{_LETTER})?|\[[0-9A-Fa-f.:]{{3,45}}\])"
# Both cases are in its classes.
ADDRESS = rf'(?:"[^"\s<>]{{1,64}}"|(?<![\w.@+-]){_LOCAL})@{_DOMAIN}'


class Where(Enum):
    """Where the addresses of a form stand."""

    LINES = re.compile(
        rf"^[*>\"'<\[( •·-]{{0,6}}(?i:expanded from: <?|(?:smtp|rfc822|mailto)[:;])?({ADDRESS})", re.M
    )
    ANGLES = re.compile(rf"<(?:mailto:)?({ADDRESS})>")
    ANYWHERE = re.compile(rf"({ADDRESS})")
    X400 = re.compile(rf"(?:(?i:SMTP=)|^|\s)({ADDRESS})(?:;|\s(?i:on)\s|\s?$)", re.M)
    NEXT = None  # right after the words, which may come again


@dataclass(frozen=True, slots=True)
class Form:
    """One form. `end` are the words, if any, that end the list; `delayed` is a notice, not a failure."""

    system: str
    words: str
    where: Where = Where.LINES
    end: str = ""
    delayed: bool = False
    bare: bool = False  # names without a domain: that of the reporting system is meant


_SENDMAIL_END = "transcript of session"
FORMS: tuple[Form, ...] = (
    # Delays first: their words are often those of a failure with a 'not yet' before them.
    Form("Exim, delay", "has not yet been delivered to", Where.LINES, "no action is required", delayed=True),
    Form("Exim, delay", "message has not yet been delivered is", Where.LINES, "no action is", delayed=True),
    Form("Exim, delay", "following address(es) have not yet been delivered", delayed=True),
    Form("Gmail, delay", "following recipient has been delayed", end="message will be", delayed=True),
    Form("Gmail, delay", "following recipients has been delayed", end="message will be", delayed=True),
    Form(
        "Gmail, delay", "there was a temporary problem delivering your message to", Where.NEXT, delayed=True
    ),
    Form("Sendmail, delay", "addresses had transient non-fatal errors", end=_SENDMAIL_END, delayed=True),
    Form("Sendmail, delay", "addresses had transient delivery problems", end=_SENDMAIL_END, delayed=True),
    Form("Sendmail, delay", "this is a warning message only", Where.LINES, delayed=True),
    Form("Exchange, delay", "delivery is delayed to these recipients or", delayed=True),
    Form("Exchange, delay", "delivery to these recipients has been delayed", delayed=True),
    Form("Exchange, delay", "delivery to the following recipients has been delayed", delayed=True),
    Form("Exchange, delay", "this is an advisory-only email", Where.ANYWHERE, delayed=True),
    Form("OpenSMTPD, delay", "message is delayed for more than", Where.LINES, delayed=True),
    Form("PowerMTA, delay", "delivery temporarily suspended", Where.LINES, delayed=True),
    Form("Courier, delay", "has been delayed to the following recipients", delayed=True),
    Form("Courier, delay", "your message to the following recipients is delayed", delayed=True),
    # Failures, the particular before the general.
    Form("Sendmail", "the following addresses had", Where.LINES, _SENDMAIL_END),
    Form("Sendmail", "recipients of this delivery", Where.LINES, "unsent message"),
    Form("X1", "the following addresses had delivery errors"),
    Form("MDaemon", "did not receive a copy of your message", Where.LINES, "session transcript"),
    Form("MDaemon", "no such user here", Where.LINES, "there is no user"),
    Form("Exim, demon.co.uk", "automatically by mail delivery software (tmda)", Where.LINES),
    Form("Exim", "following address(es) failed:"),
    Form("Exim, MXLogic", "following address failed:", Where.LINES),
    Form("1&1, GMX", "the following addresses failed:"),
    Form("1&1", "could not be delivered to the following addresses"),
    Form("1&1", "could not be delivered to the following recipients"),
    Form("Smail", "failed addresses follow"),
    Form("demon.co.uk", "is addressed to '", Where.NEXT),
    Form("Oracle Messaging Server", "recipient address:", Where.NEXT),
    Form("James", "wasn't able to deliver your message to the following addresses"),
    Form("qmail", "able to deliver your message to the following address"),
    Form("qmail", "i wasn't able to deliver your message"),
    Form("qmail, X4", "a problem with the e-mail address(es) you're trying to send to"),
    Form("Yahoo", "unable to deliver your message to the following address"),
    Form("Yahoo", "unable to deliver message to the following address"),
    Form("Yahoo", "wasn't able to deliver the following message", Where.NEXT),
    Form("Yahoo", "unable to deliver your message to", Where.LINES),
    Form("InterScan, MailFoundry", "unable to deliver message to", Where.NEXT),
    Form("InterScan", "could not deliver mail to this user", Where.LINES),
    Form("InterScan", "message from interscan", Where.ANGLES),
    Form("OpenSMTPD", "for the following list of recipients"),
    Form("DragonFly", "there was an error delivering your mail to", Where.NEXT),
    Form("PowerMTA", "you will find a list of the affected recipients"),
    Form("Courier", "following recipients cannot be delivered"),
    Form("Amazon SES", "the following message to", Where.NEXT),
    Form("Gmail", "delivery to the following recipient failed", end="technical details"),
    Form("Gmail", "delivery to the following recipients failed"),
    Form("Google", "your message wasn't delivered to", Where.NEXT),
    Form("Google", "your message couldn't be delivered to", Where.NEXT),
    Form("Exchange 5.5, 2003", "did not reach the following recipient", Where.X400),
    Form("Exchange 2003", "following recipient(s) could not be reached", Where.LINES, "error type"),
    Form("Exchange 2003", "following recipient(s) cannot be reached", Where.LINES),
    Form("Exchange 2003, German", "folgende(r) empfänger konnte(n) nicht erreicht werden", Where.LINES),
    Form("Exchange 2003, German", "folgende empfänger konnten nicht erreicht werden", Where.LINES),
    Form("Exchange 2003, French", "joindre le(s) destinataire(s) suivant(s)", Where.LINES),
    Form("Exchange 2003, Spanish", "con los destinatarios siguientes", Where.LINES),
    Form("Exchange 2003, Italian", "raggiungere i seguenti destinatari", Where.LINES),
    Form("Exchange 2003, Dutch", "volgende geadresseerde(n) kan niet worden bereikt", Where.LINES),
    Form("Exchange 2003, Dutch", "volgende geadresseerden konden niet worden bereikt", Where.LINES),
    Form("Exchange", "delivery has failed to these recipients or"),
    Form("Exchange", "delivery has failed to the following recipient"),
    Form("Exchange", "your message couldn't be delivered to"),
    Form("Exchange, German", "bei der nachrichtenzustellung an folgende empfänger"),
    Form("Exchange, German", "konnte nicht an die folgenden empfänger"),
    Form("Exchange, French", "échec de la remise pour ces destinataires"),
    Form("Exchange, French", "échec de la remise à ces destinataires"),
    Form("Exchange, French", "la remise a échoué pour ces destinataires"),
    Form("Exchange, French", "la remise de votre message à ces destinataires"),
    Form("Exchange, Spanish", "no se pudo entregar el mensaje a estos destinatarios"),
    Form("Exchange, Spanish", "error de entrega a estos destinatarios"),
    Form("Exchange, Italian", "recapito non riuscito per i destinatari"),
    Form("Exchange, Portuguese", "falha na entrega para estes destinatários"),
    Form("Exchange, Dutch", "mislukt bij deze geadresseerden"),
    Form("Exchange, Swedish", "leverera till följande mottagare"),
    Form("Exchange, Polish", "dostarczenie do następujących adresatów"),
    Form("Exchange, Russian", "не удалось выполнить доставку следующим получателям"),
    Form("Exchange, Japanese", "次の受信者または"),
    Form("Exchange, Chinese", "传递到以下收件人"),
    Form("Exchange 2007", "generating server:", Where.LINES, "original message headers"),
    Form("Microsoft SMTPSVC", "delivery to the following recipients failed"),
    Form("Microsoft SMTPSVC", "delivery to the following recipients was aborted"),
    Form("Microsoft SMTPSVC", "delivery to the following recipient was aborted"),
    Form("Microsoft CDO", "could not be delivered to the following user", Where.ANGLES, "old message"),
    Form("Microsoft", "this is the machine generated message from mail service", Where.ANGLES),
    Form("Domino", "was not delivered to:", Where.LINES, "because:"),
    Form("Domino", "failed to deliver to", Where.LINES),
    Form("Notes", "failure reasons", Where.LINES),
    Form("IMail", "unknown user:", Where.NEXT),
    Form("IMail", "undeliverable to", Where.NEXT),
    Form("IMail", "user mailbox exceeds allowed size:", Where.NEXT),
    Form("IMail", "invalid final delivery userid:", Where.NEXT),
    Form("IMail", "delivery failed", Where.NEXT),
    Form("Prodigy", "user's mailbox is full:", Where.NEXT),
    Form("Mailbox full", "mailbox is full:", Where.NEXT),
    Form("McAfee", "the following addresses had delivery problems"),
    Form("MailMarshal", "the following recipients were affected"),
    Form("Mimecast", "addressed to email address :", Where.LINES, "with subject"),
    Form("Mimecast", "the following recipients did not receive this message", Where.LINES),
    Form("SurfControl", "addressed to:", Where.NEXT),
    Form("X3", "unable to deliver message to:", Where.LINES),
    Form("X6", "rejected recipient", Where.NEXT),
    Form("HotPOP", "undeliverable address:", Where.NEXT),
    Form("usa.net", "intended recipient:", Where.NEXT),
    Form("au (EZweb), KDDI", "could not be delivered to:", Where.NEXT),
    Form("au (EZweb)", "each of the following recipients was rejected"),
    Form("au (EZweb)", "the user(s) account is", Where.ANGLES),
    Form("KDDI", "could not be delivered to", Where.LINES),
    Form("mail.ru", "a message that you sent was rejected", Where.ANYWHERE),
    Form(
        "MailEnable", "message could not be delivered to some recipients", Where.ANYWHERE, "message headers"
    ),
    Form("LSMTP", "error-for:", Where.NEXT),
    Form("Dovecot", "your message to", Where.NEXT),
    Form(
        "Netscape", "message was undeliverable due to the following reason", Where.ANGLES, "please reply to"
    ),
    Form("GroupWise, NTMail", "the message that you sent was undeliverable to the following"),
    Form("GroupWise", "undeliverable to the following"),
    Form("sdm.de", "here is your list of failed recipients", Where.ANGLES),
    Form("EarthLink", "unable to deliver your message to", Where.LINES),
    Form("EYOU", "this is the deliver program at"),
    Form("ieo.it", "this is the email server at", Where.ANYWHERE),
    Form("E500", "failed recipients", Where.ANGLES),
    Form("Kerio, Pmail", "could not deliver message to the following recipient", Where.ANYWHERE),
    Form("SendGrid", "your message was not able to be delivered to", Where.LINES),
    Form("LLNL", "your message was addressed,", Where.NEXT),
    Form("LLNL", "your message was addressed to", Where.NEXT),
    Form("AOL", "to the following recipients could not be delivered because", Where.LINES, bare=True),
    Form("PMDF", "your message cannot be delivered to the following recipients"),
    Form("PMDF", "not delivered to the following"),
    Form("Postfix", "could not be delivered to one or more recipients"),
    Form("Postfix", "your message could not be delivered", Where.LINES),
    Form("Exim", "could not be delivered to one or more of its recipients"),
    Form("ademe.fr", "a message could not be delivered to"),
    Form(
        "dadoservice", "your message has encountered delivery problems", Where.ANYWHERE, "your message reads"
    ),
    Form("Verizon, James, AhnLab", "rcpt to:", Where.NEXT),
    Form("m-FILTER", "server message", Where.ANYWHERE),
    Form("earthling.net", "delivery has failed", Where.ANYWHERE, "original message details"),
    Form("Sina, QQ, 163", "退信", Where.ANYWHERE),
    Form("Sina, QQ, 163", "无法送达", Where.ANYWHERE),
    Form("Facebook", "this user account is unable to receive", Where.ANYWHERE),
    Form("plain", "message was not delivered to", Where.ANYWHERE),
    Form("plain", "undeliverable message", Where.ANYWHERE),
    Form("James", "invalid user address", Where.NEXT),
    Form("fml", "not a member of this mailing list", Where.NEXT),
    Form("fml", "not member article from", Where.NEXT),
    Form("Barracuda", "blocked by our", Where.ANYWHERE),
    Form("Google Groups", "the group you tried to contact", Where.NEXT),
)

_RETURNED_TITLE = (
    r"original message|(?:this is )?(?:a |the )?copy of (?:the|your|this)|returned (?:mail|message)|"
    r"unsent message|message (?:text|header|body|follow)|headers? (?:of|follow)|(?:start of )?returned|"
    r"forwarded message|(?:mail|message) follows|non-delivered|undelivered message|old message|original mail|"
    r"below (?:this|the next) line|the header of|included is a copy|ursprüngliche nachricht|"
    r"message d'origine|元のメール"
)
# The line from which on a report gives back the mail that it is about.
RETURNED = re.compile(
    rf"^[ \t>|]{{0,8}}(?:[-=_*#]{{2,80}}[ \t]{{0,8}}(?:{_RETURNED_TITLE})[^\n]{{0,200}}|"
    rf"(?:{_RETURNED_TITLE})[^\n]{{0,80}}(?:follows?|below|attached|:|\.|---?)[^\n]{{0,40}}$|"
    r"here is your returned mail)|"
    r"^(?:>[ ]?)?(?:received|return-path|message-id|x-mailer|mime-version|dkim-signature|x-originating-ip):",
    re.IGNORECASE | re.MULTILINE,
)
DELAYED = re.compile(
    r"warning message only|do(?:es)? not need to re-?send|not yet been delivered|still being retried|"
    r"delivery attempts will continue|will be (?:retried|attempted again)|will (?:keep|continue)(?: on)? "
    r"(?:trying|to (?:try|be made|attempt))|(?:has been|is|message|mail) (?:delayed|postponed|deferred)|"
    r"delayed (?:mail|message|delivery)|delivery (?:delayed|delay)|just a warning|"
    r"(?:could not|not) sen[dt] .{0,20}for (?:the )?past|no action is required on your part|"
    r"(?:noch|bisher) nicht zugestellt|pas encore été",
    re.IGNORECASE,
)
FINAL = re.compile(
    r"permanent (?:error|fail|fatal)|permanently|(?<!non-)fatal error|not going to try again|giving up|"
    r"given up|no further (?:delivery )?attempt|will not (?:continue|be retried|try)|has been returned",
    re.IGNORECASE,
)
TEMPORARY = re.compile(r"temporar|try again later|will (?:be retried|retry)", re.IGNORECASE)
