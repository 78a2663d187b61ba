"""What header and structure show of who made a mail, each looked up once for the rules of `kinds`."""

import re
from functools import cached_property

from .addresses import parse_addresses
from .automatic_words import heading
from .mime import Part
from .subjects import strip_prefixes

_MAILER_DAEMON = re.compile(r"mailer[-_.]?daemon\Z", re.IGNORECASE)
_DAEMON_NAME = re.compile(r"mail delivery (?:sub)?system|mail delivery service", re.IGNORECASE)
_MAIL_SYSTEM = re.compile(
    r"post[-_]?master|[\w.-]{0,40}mail[-_.]?daemon|mdaemon|mail[-_.]?delivery[\w.-]{0,40}|mta|mailadmin|sysadmin|ndr|"
    r"bounces?|double-bounce|mail-?system|system[-_. ]?admin(?:istrator)?|mail[-_.]?service|"
    r"[\w.-]{0,40}(?:smtp|anti-?virus|imss)[\w.-]{0,40}",
    re.IGNORECASE,
)
_MAIL_SYSTEM_NAME = re.compile(
    r"mail (?:delivery|system|administrator)|system administrator|(?:e-?mail|internet mail) service|"
    r"\bpostmaster\b|\bndr\b|mailer[- ]daemon|microsoft (?:outlook|exchange)\Z|"
    r"courier mail server|interscan|mailmarshal|messagelabs|surfcontrol|mimecast",
    re.IGNORECASE,
)
# Programs that people write with; what a server's automatic mail names too (Notes, GroupWise) is left out.
_PEOPLES_PROGRAM = re.compile(
    r"thunderbird|\boutlook\b|apple mail|iphone mail|ipad mail|evolution|kmail|\bmutt\b|claws mail|roundcube|"
    r"squirrelmail|em client|the bat!|foxmail|\bgnus\b|alpine|postbox|mailbird|k-9 mail|airmail|sylpheed|"
    r"mailmate|entourage|windows mail|webmail|yahoomail|open-xchange",
    re.IGNORECASE,
)
_NO_REPLY = re.compile(r"(?:no|do-?not|dont|donot|never)[-_.]?reply\b", re.IGNORECASE)
_ADDRESS_BYTES = 2_000  # of the From that are looked at


class Signs:
    """The signs of one mail. Field names are lower case; texts are decoded."""

    def __init__(self, root: Part) -> None:
        self.root = root
        self.names = frozenset(name for name, _ in root.fields)
        self.types = (
            frozenset(part.content_type for part in root.walk())
            if root.children
            else frozenset((root.content_type,))
        )
        boxes = parse_addresses(root.value("from")[:_ADDRESS_BYTES])
        self.from_name = boxes[0].name if boxes else ""
        address = boxes[0].address if boxes else root.value("from")[:200].strip("<> ")
        self.from_address = address.lower()
        self.auto_submitted = ""
        if "auto-submitted" in self.names:
            word = root.value("auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
            self.auto_submitted = "" if word == "no" else word
        self.precedence = root.value("precedence").strip().lower() if "precedence" in self.names else ""
        self.rules_loop = self._rules_loop()
        self.null_return = self._null_return()
        local = self.from_address.partition("@")[0].strip("\\\"'_- ")
        # Nobody is called so: such a sender alone shows a mail system.
        self.from_daemon = bool(_MAILER_DAEMON.search(local) or _DAEMON_NAME.search(self.from_name))
        # A person may write as postmaster: this one needs further signs.
        self.from_mail_system = self.from_daemon or bool(
            _MAIL_SYSTEM.fullmatch(local) or _MAIL_SYSTEM_NAME.search(self.from_name[:200])
        )

    @cached_property
    def subject(self) -> str:
        """The beginning of the subject; decoded only where a rule asks, which for most mails none does."""
        return self.root.text("subject")[:300]

    @cached_property
    def heading(self) -> str:
        """What stands before the first colon of the subject, case-folded."""
        return heading(self.subject)

    def value(self, name: str) -> str:
        """Give the first value of a field, stripped and in lower case, or ''."""
        return self.root.value(name).strip().lower() if name in self.names else ""

    def _rules_loop(self) -> str:
        """Say what an Exchange inbox rule did: 'answered', 'passed on', or ''.

        The header names the mailbox whose rule ran. On an answer that is the sender; a redirected mail
        keeps the From of whoever wrote it, and a forward says so in its subject.
        """
        owner = self.value("x-ms-exchange-inbox-rules-loop")
        if not owner:
            return ""
        own = owner in {self.from_address, f"<{self.from_address}>"}
        return "answered" if own and not strip_prefixes(self.subject).forward else "passed on"

    def _null_return(self) -> bool:
        # A rule that passes a person's mail on sends it with an empty return path too.
        if "return-path" not in self.names or self.rules_loop == "passed on":
            return False
        path = self.root.value("return-path").replace(" ", "").lower()
        return path == "<>" or path.startswith(("<mailer-daemon", "mailer-daemon"))

    @property
    def from_no_reply(self) -> bool:
        """Whether the sender's address says that it takes no answers."""
        return bool(_NO_REPLY.match(self.from_address))

    @property
    def answers(self) -> bool:
        """Whether it names a mail that it answers."""
        return "in-reply-to" in self.names or "references" in self.names

    @property
    def by_hand(self) -> bool:
        """Whether it names a program that people write mail with."""
        return any(
            name in self.names and _PEOPLES_PROGRAM.search(self.root.value(name)[:200])
            for name in ("x-mailer", "user-agent")
        )

    @property
    def by_machine(self) -> bool:
        """Whether anything but words shows that a machine sent it."""
        return bool(
            self.from_mail_system
            or self.null_return
            or self.auto_submitted
            or "x-failed-recipients" in self.names
            or "x-dsncontext" in self.names
            or "x-ms-embedded-report" in self.names
        )
