"""Incoming accounts and the journal of all mail that ever came."""

import re
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import models
from django.db.models import Q
from django.utils import timezone

from mailcall.config import config
from mailcall.database.fields import EncryptedField, Secret
from mailcall.desk.models import Call, CallTemplate, Partition, Person, Request, Task, TimelineEntry
from mailcall.desk.models.calls import content_name
from mailcall.grammar import DEFAULT, Words, check_words
from mailcall.inbound import proofs
from mailcall.mailbox.interface import Disposal, MailboxSettings, Security
from mailcall.message import Trust

FED = "fed"  # the protocol of an account without a mailbox: its mail is handed over, by pipe or LMTP
MB = 1024 * 1024
_MARKER = re.compile(r"([!-9;-~]+)\s*:\s*(\S.*?)\s*")  # RFC 5322 3.6.8
_SPAM_MARK = re.compile(r"([!-9;-~]+)\s*(?::\s*(\S.*))?")  # a field's name, and how its value begins


class Unscanned(models.TextChoices):
    """What becomes of a mail that the antivirus daemon can't look at."""

    WAIT = "wait", "It waits"
    ACCEPT = "accept", "It is worked on, and its files carry a warning"


class IncomingAccount(models.Model):
    """A mailbox that the Messaging Service collects from, with all its settings.

    Mail may also be handed over to it; one with the protocol `FED` gets its mail in no other way.
    """

    name = models.CharField(max_length=100, unique=True)
    active = models.BooleanField(default=True)
    address = models.CharField(max_length=254, help_text="The address that people write to.")
    protocol = models.CharField(max_length=10, default="imap")
    server = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=10, default=Security.TLS, choices=[(s, s) for s in Security])
    login = models.CharField(max_length=255, blank=True)
    password: "models.Field[Secret | str, Secret]" = EncryptedField(default="", blank=True)
    auth_method = models.CharField(max_length=20, default="auto")
    folder = models.TextField(default="INBOX", help_text="For IMAP; several one a line.")
    path = models.CharField(max_length=500, blank=True, help_text="The folder, for Maildir.")
    ca_file = models.CharField(
        max_length=500, blank=True, help_text="A private certification authority, PEM."
    )
    disposal = models.CharField(max_length=10, default=Disposal.DELETE, choices=[(d, d) for d in Disposal])
    move_to = models.CharField(max_length=255, blank=True)
    size_limit = models.PositiveIntegerField(
        default=50, help_text="MB; of a mail above, only the header is kept; 0: no limit."
    )
    session_limit = models.PositiveIntegerField(
        default=0, help_text="Messages deleted before the session is closed and opened again; 0: no limit."
    )
    check_interval = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds; empty: the default."
    )
    template = models.ForeignKey(CallTemplate, on_delete=models.PROTECT)
    default_logging_analyst = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    use_linked_analyst = models.BooleanField(default=False)
    trusted_hosts = models.TextField(
        blank=True, help_text="Hosts whose Authentication-Results count, separated by white space."
    )
    trusted_sealers = models.TextField(
        blank=True, help_text="Domains whose ARC seals count, separated by white space."
    )
    internal_marker = models.CharField(
        max_length=200,
        blank=True,
        help_text="A header field that the gateway sets on internal mail alone, as `Name: value`.",
    )
    verify_dkim = models.BooleanField(
        default=True, help_text="Whether DKIM signatures are verified here, with keys from DNS."
    )
    gateway_tags = models.TextField(blank=True, help_text="Such as [EXTERNAL]; one a line.")
    blocked_senders = models.TextField(
        blank=True, help_text="Addresses or @domains, separated by white space."
    )
    reject_subjects = models.TextField(
        blank=True, help_text="A subject that contains one is rejected; one a line."
    )
    spam_headers = models.TextField(
        blank=True, help_text="Header fields by which the gateway marks spam, as `Name: value`; one a line."
    )
    unscanned = models.CharField(
        max_length=10,
        default=Unscanned.WAIT,
        choices=Unscanned,
        help_text="What becomes of mail that the antivirus daemon can't look at.",
    )
    reject_automatic_subjects = models.BooleanField(
        default=False, help_text="Whether what looks automatic by its subject alone is rejected."
    )
    automatic_logs = models.BooleanField(
        default=True, help_text="Whether automatic mail that answers nothing logs and updates calls."
    )
    known_people_only = models.BooleanField(
        default=False, help_text="Whether only people on record may log calls."
    )
    log_for_original_sender = models.BooleanField(
        default=False, help_text="Whether a mail that an Analyst forwards is logged for who wrote it."
    )
    words = models.JSONField(
        default=dict, blank=True, help_text="Further words for those of subject commands, by keyword."
    )
    word_languages = models.TextField(
        blank=True, help_text="Languages whose words subject commands may have, separated by white space."
    )
    proofs = models.JSONField(
        default=dict, blank=True, help_text="The least proof by action, where it is not the default."
    )

    high_water = models.JSONField(default=dict, blank=True, editable=False, help_text="By folder.")
    last_checked_at = models.DateTimeField(null=True, editable=False)
    last_good_at = models.DateTimeField(null=True, editable=False)
    watched_since = models.DateTimeField(
        null=True, editable=False, help_text="When the service first saw it active and with a mailbox."
    )
    last_error = models.TextField(blank=True, editable=False)
    certificate_ends_at = models.DateTimeField(
        null=True, editable=False, help_text="When the certificate expires that the server last showed."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what can't work, with the field it is in."""
        analyst = self.default_logging_analyst
        if analyst and analyst.is_template:
            raise ValidationError(
                {"default_logging_analyst": f"{analyst} is a template person and can't log calls."}
            )
        if analyst and not analyst.is_analyst:
            raise ValidationError({"default_logging_analyst": f"{analyst} is not an Analyst."})
        if self.auth_method == "apop" and self.protocol != "pop3":
            raise ValidationError({"auth_method": "APOP is a sign-in of POP3 alone."})
        if self.disposal == Disposal.MOVE and self.protocol == "pop3":
            raise ValidationError({"disposal": "POP3 has no folders to move mail to; delete or keep it."})
        if self.disposal == Disposal.MOVE and not self.move_to:
            raise ValidationError({"move_to": "Moving needs the name of a folder."})
        if self.protocol == "imap":
            self._clean_folders()
        if self.internal_marker and not _MARKER.fullmatch(self.internal_marker):
            raise ValidationError({"internal_marker": "It must look like `X-Internal: yes`."})
        if wrong := [line for line in self._spam_lines if not _SPAM_MARK.fullmatch(line)]:
            raise ValidationError(
                {"spam_headers": f"“{wrong[0]}” must look like `X-Spam-Flag: YES` or `X-Spam-Flag`."}
            )
        self._clean_words()
        if faults := proofs.faults_of(self.proofs):
            raise ValidationError({"proofs": faults})

    def _clean_words(self) -> None:
        """Refuse words by which a subject could be read in two ways."""
        given = self.words
        if not isinstance(given, dict) or not all(
            isinstance(theirs, list) and all(isinstance(word, str) for word in theirs)
            for theirs in given.values()
        ):
            raise ValidationError({"words": "Words are lists by keyword, such as `CLOSE: [FINISH]`."})
        try:
            words = Words.of(given, self.word_languages.split())
        except ValueError as error:
            raise ValidationError({"word_languages": str(error)}) from None
        if faults := check_words(words):
            raise ValidationError({"words": faults})

    def command_words(self) -> Words:
        """The words of its subject commands: English ones, and those that it is given."""
        if not self.words and not self.word_languages:
            return DEFAULT
        return Words.of(self.words, self.word_languages.split())

    def _clean_folders(self) -> None:
        """Each once, and none that mail is moved to, or what is moved would come again."""
        folders = [folder_key(folder) for folder in self.folders]
        if not folders or len(set(folders)) < len(folders):
            raise ValidationError({"folder": "It must name a folder, and each one once."})
        if self.disposal != Disposal.KEEP and folder_key(self.move_to) in folders:
            raise ValidationError({"move_to": "Mail can't be moved to a folder that is collected."})

    @classmethod
    def to_collect(cls) -> "models.QuerySet[IncomingAccount]":
        """The active ones that have a mailbox."""
        return cls.objects.filter(active=True).exclude(protocol=FED)

    @property
    def is_fed(self) -> bool:
        """Whether it has no mailbox."""
        return self.protocol == FED

    @property
    def folders(self) -> list[str]:
        """Those that are collected from, in order; where the protocol has none, an empty name."""
        return [name for name in self.folder.split("\n") if name] if self.protocol == "imap" else [""]

    @property
    def most_bytes(self) -> int:
        """Of a mail; 0: no limit."""
        return self.size_limit * MB

    @property
    def partition(self) -> Partition:
        """Where its calls are logged."""
        return self.template.partition

    def trust(self, own_addresses: frozenset[str]) -> Trust:
        """What its mail is believed by; the addresses are all of this desk's own."""
        marker = _MARKER.fullmatch(self.internal_marker)
        return Trust(
            hosts=frozenset(self.trusted_hosts.split()),
            sealers=frozenset(self.trusted_sealers.split()),
            internal_marker=(marker[1], marker[2]) if marker else None,
            verify_dkim=self.verify_dkim and config().verify_dkim,
            own_addresses=own_addresses,
            spam_marks=tuple(
                (found[1], found[2] or "") for found in map(_SPAM_MARK.fullmatch, self._spam_lines) if found
            ),
        )

    @property
    def _spam_lines(self) -> list[str]:
        return [line.strip() for line in self.spam_headers.splitlines() if line.strip()]

    def mailboxes(self) -> list[MailboxSettings]:
        """What the mailbox room needs for each folder. Raises KeyringError."""
        common = self.mailbox_settings()
        marks = self.high_water
        return [replace(common, folder=name, high_water=marks.get(name, "")) for name in self.folders]

    def mailbox_settings(self) -> MailboxSettings:
        """What all folders have in common. Raises KeyringError when the password can't be read."""
        return MailboxSettings(
            server=self.server,
            port=self.port,
            security=Security(self.security),
            login=self.login,
            password=self.password.reveal() if self.password else "",
            auth_method=self.auth_method,
            disposal=Disposal(self.disposal),
            move_to=self.move_to,
            ca_file=self.ca_file,
            session_limit=self.session_limit,
            size_limit=self.most_bytes,
            path=self.path,
        )


def folder_key(name: str) -> str:
    """By which two names are of one folder: all are as written, but for INBOX (RFC 3501 5.1)."""
    return "INBOX" if name.upper() == "INBOX" else name


class KeptMail(models.Model):
    """A mail that the journal holds and that stays in the mailbox, as its listing tells of it.

    Only for protocols whose listing does not give the mail's identity (POP3): so that the mail is not
    fetched again to learn it.
    """

    account = models.ForeignKey(IncomingAccount, on_delete=models.CASCADE, db_index=False)
    kept_as = models.CharField(max_length=700)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "kept_as"], name="kept_once")]

    def __str__(self) -> str:
        return self.kept_as


class MailState(models.TextChoices):
    """How far a mail of the journal has come."""

    NEW = "new", "Waiting"
    DONE = "done", "Done"
    HELD = "held", "Held"


class Outcome(models.TextChoices):
    """What became of a mail: exactly one of these, once it is done."""

    LOGGED = "logged", "Logged a call"
    UPDATED = "updated", "Updated a call"
    REJECTED = "rejected", "Rejected"
    DUPLICATE = "duplicate", "The same mail again"
    ROUND_TRIP = "round_trip", "A round trip of ours"
    COMMANDED = "commanded", "Did what it asked"
    REFUSED = "refused", "Refused what it asked"
    DISCARDED = "discarded", "Discarded by a person"


class SourceRemoved(OSError):
    """The bytes of a mail were removed on purpose. The text says when and by what."""


class ReceivedMail(models.Model):
    """The journal: one row for each mail that came, raw, with what was decided and why."""

    # Without an index of its own: the planner would take it instead of the unique one below.
    account = models.ForeignKey(IncomingAccount, on_delete=models.PROTECT, db_index=False)
    identity = models.CharField(max_length=700, help_text="What makes it one mail of this account.")
    correlation_id = models.CharField(max_length=32, db_index=True, help_text="In every log line about it.")
    received_at = models.DateTimeField(default=timezone.now)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    raw = models.BinaryField(null=True, help_text="The bytes; big ones are in the file storage.")
    header_only = models.BooleanField(default=False, help_text="Too big: its bytes are those of its header.")
    evidence = models.JSONField(default=dict, help_text="Gathered at the first reading.")

    message_id = models.CharField(max_length=998, blank=True, db_index=True)
    from_address = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    duplicate_key = models.CharField(max_length=64, blank=True, db_index=True)

    state = models.CharField(max_length=10, choices=MailState, default=MailState.NEW)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Counted before it is acted on.")
    due_at = models.DateTimeField(null=True, help_text="Not to be tried before; empty: now.")
    error = models.TextField(blank=True, help_text="Why it is held or waits, for people.")

    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    reason = models.TextField(blank=True, help_text="The decision in one sentence.")
    trace = models.JSONField(default=list, help_text="Each rule, what it saw, whether it fired.")
    acted_at = models.DateTimeField(null=True)
    call = models.ForeignKey(Call, null=True, on_delete=models.SET_NULL, related_name="received_mails")
    # Their indexes are partial, so that mails of calls, which are most, don't pay for them.
    request = models.ForeignKey(
        Request, null=True, on_delete=models.SET_NULL, related_name="received_mails", db_index=False
    )
    task = models.ForeignKey(
        Task, null=True, on_delete=models.SET_NULL, related_name="received_mails", db_index=False
    )
    entry = models.OneToOneField(
        TimelineEntry, null=True, on_delete=models.SET_NULL, related_name="received_mail"
    )
    edited_at = models.DateTimeField(null=True, help_text="When a person last changed how it is read.")
    raw_removed_at = models.DateTimeField(null=True, help_text="When its bytes were removed.")
    emptied_at = models.DateTimeField(null=True, help_text="When all that it said was removed.")
    removed_by = models.CharField(max_length=200, blank=True, help_text="What removed that, for people.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "identity"], name="journalled_once"),
            models.CheckConstraint(
                condition=Q(state=MailState.DONE, acted_at__isnull=False)
                | (~Q(state=MailState.DONE) & Q(acted_at__isnull=True)),
                name="acted_at_when_done",
            ),
        ]
        indexes = [
            # A planner knows it to be small, whatever is asked of it. One of all states it leaves aside.
            models.Index(fields=["state", "id"], name="mails_not_done", condition=Q(acted_at__isnull=True)),
            # For what is removed with time. A mail that goes to a call is in the first alone.
            models.Index(
                fields=["acted_at"],
                name="mails_with_raw",
                condition=Q(acted_at__isnull=False, raw_removed_at__isnull=True),
            ),
            models.Index(
                fields=["acted_at"],
                name="mails_apart",
                condition=Q(acted_at__isnull=False, entry__isnull=True, emptied_at__isnull=True),
            ),
            models.Index(
                fields=["from_address"],
                name="mails_apart_by_sender",
                condition=Q(acted_at__isnull=False, entry__isnull=True, emptied_at__isnull=True),
            ),
            models.Index(fields=["request"], name="mails_of_request", condition=Q(request__isnull=False)),
            models.Index(fields=["task"], name="mails_of_task", condition=Q(task__isnull=False)),
            models.Index(
                fields=["sha256"],
                name="mails_in_files",
                condition=Q(raw__isnull=True, raw_removed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Mail {self.pk}"

    @classmethod
    def not_done(cls) -> "models.QuerySet[ReceivedMail]":
        """Those that wait or are held: few, and found by an index of their own."""
        return cls.objects.filter(acted_at=None)

    @property
    def removal(self) -> str:
        """What was removed of it, when and by what, in a sentence; empty while it is whole."""
        if self.raw_removed_at is None:
            return ""
        what = "All that it said" if self.emptied_at else "Its source"
        return f"{what} was removed on {self.raw_removed_at:%Y-%m-%d} by {self.removed_by}."

    def read_raw(self) -> bytes:
        """The mail as it came. Raises OSError when its file is missing, SourceRemoved when it was removed."""
        if self.raw_removed_at:
            raise SourceRemoved(self.removal)
        if self.raw is not None:
            return bytes(self.raw)
        with default_storage.open(content_name(self.sha256)) as file:
            return bytes(file.read())


class Edited(models.TextChoices):
    """What a person changes of a mail in the journal; its bytes stay as they came."""

    SUBJECT = "subject", "Subject"
    SENDER = "sender", "Sender"
    SPAM = "spam", "Mark of spam"
    OUTCOME = "outcome", "What became of it"


class MailEdit(models.Model):
    """What a person changed of a mail: how it is read, or what became of it."""

    mail = models.ForeignKey(ReceivedMail, on_delete=models.CASCADE, related_name="edits")
    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=200, help_text="Who did it, for people.")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    field = models.CharField(max_length=10, choices=Edited)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_field_display()} of mail {self.mail_id}, by {self.by}"


class Claim(models.Model):
    """Mails of the journal in one worker's hands, on a database that several share; see `inbound.claims`."""

    holder = models.CharField(max_length=32)
    until = models.DateTimeField(help_text="By the database's clock; then another may take it over.")
    mails = models.JSONField(help_text="Their keys in the journal.")
    keys = models.JSONField(
        null=True, help_text="What each that is not done depends on; null until it is told."
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Claim {self.pk}"


class Confirmation(models.Model):
    """A command in somebody's name that was short of proof, until that person says whether it is theirs."""

    mail = models.OneToOneField(ReceivedMail, on_delete=models.CASCADE, related_name="confirmation")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    nonce = models.CharField(max_length=8, help_text="What its token is made from; see `inbound.confirming`.")
    refs = models.JSONField(default=list, help_text="The numbers that it is about, of those in the mail.")
    command = models.JSONField(default=dict, help_text="What is `asked` and `said`, `about` what.")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="The first moment at which it holds no more.")
    answered_at = models.DateTimeField(null=True)
    confirmed = models.BooleanField(null=True, help_text="False: they did not write that mail.")
    results = models.JSONField(default=list, help_text="What became of it, a sentence for each number.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Confirmation of {self.mail} by {self.person}"
