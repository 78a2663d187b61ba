"""Calls and everything that hangs on them."""

from pathlib import Path

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from mailcall.database.files import MovableFile
from mailcall.database.unused_files import renew
from mailcall.desk.models.people import CallTemplate, Group, IssueType, Partition, Person


class State(models.TextChoices):
    """The states of a call."""

    OPEN = "open", "Open"
    RESOLVED = "resolved", "Open/Resolved"
    UNRESOLVED = "unresolved", "Open/Unresolved"
    CLOSED = "closed", "Closed"
    CLOSED_UNRESOLVED = "closed_unresolved", "Closed/Unresolved"


CLOSED_STATES = frozenset({State.CLOSED, State.CLOSED_UNRESOLVED})


class Pause(models.TextChoices):
    """Why an open call is not worked on for now."""

    NONE = "", "Worked on"
    DEFERRED = "deferred", "Deferred"
    SUSPENDED = "suspended", "Suspended"


class Call(models.Model):
    """A ticket: an incident, question or problem that a User reports. Its number is its primary key."""

    partition = models.ForeignKey(Partition, on_delete=models.PROTECT)
    subject = models.CharField(max_length=500)
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    type = models.CharField(max_length=50, blank=True)
    stream = models.CharField(max_length=50, blank=True)
    priority = models.PositiveSmallIntegerField(default=3)
    priority_by_hand = models.BooleanField(default=False, help_text="Whether somebody set it themself.")
    impact = models.PositiveSmallIntegerField(null=True, help_text="1 is the highest, 3 the lowest.")
    urgency = models.PositiveSmallIntegerField(null=True, help_text="1 is the highest, 3 the lowest.")
    # Its index is partial, so that calls without one don't pay for it.
    issue_type = models.ForeignKey(
        IssueType, null=True, on_delete=models.PROTECT, related_name="calls", db_index=False
    )
    user = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="calls")
    logged_by = models.ForeignKey(
        Person, null=True, on_delete=models.SET_NULL, related_name="+", help_text="The logging analyst."
    )
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL)
    analyst = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    template = models.ForeignKey(CallTemplate, null=True, on_delete=models.SET_NULL)
    opened_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(
        null=True, help_text="Since when it is resolved and waits to be closed."
    )
    # Empty when there is nothing to come, so that what is due is found among what is to come.
    close_step_at = models.DateTimeField(null=True, help_text="When it is warned of its closing, or closed.")
    pause = models.CharField(max_length=10, choices=Pause, default=Pause.NONE, blank=True)
    resume_at = models.DateTimeField(null=True, help_text="When a deferred call comes back.")
    # Not checked by the database, as a desk is moved in steps, and the call may be of a later one.
    merged_into = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="merged",
        db_index=False,
        db_constraint=False,
    )
    version = models.PositiveIntegerField(default=1, help_text="Counts changes.")
    anonymized_at = models.DateTimeField(null=True, help_text="When what people said on it was removed.")

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["partition", "closed_at"],
                name="calls_to_remove",
                condition=models.Q(closed_at__isnull=False, anonymized_at__isnull=True),
            ),
            models.Index(fields=["state", "-updated_at"], name="calls_by_state"),
            models.Index(fields=["-updated_at"], name="calls_by_update"),
            models.Index(
                fields=["close_step_at"],
                name="calls_to_close",
                condition=models.Q(close_step_at__isnull=False),
            ),
            models.Index(
                fields=["resume_at"], name="calls_to_resume", condition=models.Q(resume_at__isnull=False)
            ),
            models.Index(
                fields=["merged_into"],
                name="calls_merged",
                condition=models.Q(merged_into__isnull=False),
            ),
            models.Index(
                fields=["issue_type"],
                name="calls_by_issue_type",
                condition=models.Q(issue_type__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Call {self.pk}"

    @property
    def number(self) -> int:
        """What people call it by."""
        return int(self.pk)

    @property
    def is_closed(self) -> bool:
        """Whether it has ended."""
        return self.state in CLOSED_STATES


class RemovedCall(models.Model):
    """The number of a call that was deleted or anonymized: mail that names it is told so, as a new call."""

    number = models.PositiveBigIntegerField(primary_key=True)
    removed_at = models.DateTimeField(default=timezone.now)
    how = models.CharField(max_length=20, help_text="`deleted` or `anonymized`.")
    by = models.CharField(max_length=200, help_text="What removed it, for people.")

    def __str__(self) -> str:
        return f"Call {self.number} was {self.how} on {self.removed_at:%Y-%m-%d} by {self.by}."


class CallLock(models.Model):
    """Who works on a call, so that others don't at the same time; it ends by itself if it is not renewed."""

    call = models.OneToOneField(Call, primary_key=True, on_delete=models.CASCADE, related_name="lock")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person} works on {self.call} since {timezone.localtime(self.since):%H:%M}"


class StateName(models.Model):
    """What the administrator calls a state, everywhere or in one partition. The states themselves stay."""

    partition = models.ForeignKey(Partition, null=True, blank=True, on_delete=models.CASCADE)
    state = models.CharField(max_length=20, choices=State)
    name = models.CharField(max_length=50)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partition", "state"], name="one_name_in_a_partition"),
            models.UniqueConstraint(
                fields=["state"], name="one_name_everywhere", condition=models.Q(partition__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Participant(models.Model):
    """An address that takes part in a call: what it writes updates the call."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="participants")
    address = models.CharField(max_length=254, help_text="In lower case.")
    name = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, help_text="Why it takes part, for people.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "address"], name="takes_part_once")]
        indexes = [models.Index(fields=["address"], name="participants_by_address")]

    def __str__(self) -> str:
        return self.address


class EntryKind(models.TextChoices):
    """What a line of the timeline tells of."""

    MAIL_IN = "mail_in", "Mail received"
    MAIL_OUT = "mail_out", "Mail sent"
    NOTE = "note", "Note"
    STATE = "state", "State"


class Channel(models.TextChoices):
    """The way by which a change came."""

    EMAIL = "email", "Email"
    PAGE = "page", "Page"
    COMMAND_LINE = "cli", "Command line"
    SYSTEM = "system", "System"


class TimelineEntry(models.Model):
    """One thing that happened to a call, a request or a task: who, by which channel, on what proof."""

    call = models.ForeignKey(Call, null=True, on_delete=models.CASCADE, related_name="timeline")
    # Their indexes are partial, so that entries of calls, which are most, don't pay for them.
    request = models.ForeignKey(
        "Request", null=True, on_delete=models.CASCADE, related_name="timeline", db_index=False
    )
    task = models.ForeignKey(
        "Task", null=True, on_delete=models.CASCADE, related_name="timeline", db_index=False
    )
    kind = models.CharField(max_length=10, choices=EntryKind)
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(
        max_length=300, blank=True, help_text="As it was then; for no record, the address."
    )
    channel = models.CharField(max_length=10, choices=Channel)
    proof = models.CharField(max_length=200, blank=True, help_text="What showed that it was the actor.")
    internal = models.BooleanField(default=True, help_text="Never shown to the User.")
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    quoted_text = models.TextField(blank=True, help_text="What was quoted; shown folded.")
    html = models.TextField(blank=True, help_text="As received; cleaned when shown.")
    external_id = models.CharField(max_length=998, blank=True, help_text="The channel's own name for it.")

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "timeline entries"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(call__isnull=False, request__isnull=True, task__isnull=True)
                | models.Q(call__isnull=True, request__isnull=False, task__isnull=True)
                | models.Q(call__isnull=True, request__isnull=True, task__isnull=False),
                name="entry_on_one_thing",
            )
        ]
        indexes = [
            models.Index(fields=["call", "kind", "-id"], name="entries_of_call"),
            models.Index(
                fields=["request", "id"],
                name="entries_of_request",
                condition=models.Q(request__isnull=False),
            ),
            models.Index(
                fields=["task", "id"], name="entries_of_task", condition=models.Q(task__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.call or self.request or self.task}"


class Content(models.Model):
    """The bytes of attachments, kept once however often they come; big ones in the file storage."""

    IN_ROW = 64 * 1024

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    data = models.BinaryField(null=True)

    def __str__(self) -> str:
        return self.sha256

    @property
    def storage_name(self) -> str:
        """Where the file storage has it, if it is not in the row."""
        return content_name(self.sha256)

    def read(self) -> bytes:
        """The bytes. Raises OSError when the file is missing."""
        if self.data is not None:
            return bytes(self.data)
        with default_storage.open(self.storage_name) as file:
            return bytes(file.read())


def content_name(sha256: str) -> str:
    """Where the file storage keeps bytes with this hash."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def store_file(sha256: str, data: bytes) -> None:
    """Put bytes into the file storage under their hash. Doing it again is no error. Raises OSError."""
    _store(sha256, ContentFile(data), len(data))


def keep_file(sha256: str, path: Path) -> None:
    """Move a file into the file storage under its hash. Doing it again is no error. Raises OSError."""
    with MovableFile(path) as file:
        _store(sha256, file, path.stat().st_size)
    path.unlink(missing_ok=True)


def _store(sha256: str, file: "File[bytes]", size: int) -> None:
    name = content_name(sha256)
    if not renew(default_storage, name, size):
        default_storage.save(name, file)  # over half a file, of a storage that was stopped while it wrote


class Attachment(models.Model):
    """A file that came or went with an entry."""

    entry = models.ForeignKey(TimelineEntry, on_delete=models.CASCADE, related_name="attachments")
    content = models.ForeignKey(Content, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127)
    warning = models.CharField(max_length=200, blank=True, help_text="To be read before opening it.")
    inline = models.BooleanField(default=False)
    cid = models.CharField(max_length=255, blank=True, help_text="The Content-ID, for inline images.")

    def __str__(self) -> str:
        return self.name


class LinkState(models.TextChoices):
    """Whether a link between calls is certain."""

    PROPOSED = "proposed", "Proposed"
    ACCEPTED = "accepted", "Accepted"
    DISMISSED = "dismissed", "Dismissed"


class CallLink(models.Model):
    """A call that belongs to an earlier one, or may."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="links")
    earlier = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="later_links")
    state = models.CharField(max_length=10, choices=LinkState)
    reason = models.CharField(max_length=300, help_text="For people.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "earlier"], name="linked_once")]

    def __str__(self) -> str:
        return f"{self.call} to {self.earlier}"
