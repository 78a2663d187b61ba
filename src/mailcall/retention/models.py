"""Retention rules, and the audit of what was removed."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from mailcall.desk.models import Partition


class Removes(models.TextChoices):
    """What a rule removes."""

    RAW_MAIL = "raw_mail", "the source of received mail"
    REJECTED_MAIL = "rejected_mail", "all that mail said which changed no call"
    CLOSED_CALLS = "closed_calls", "closed calls"
    CLOSED_REQUESTS = "closed_requests", "closed requests"
    SENT_MESSAGES = "sent_messages", "what sent mail said"
    NOTICES = "notices", "what people were told on their pages and in digests"
    SIGN_INS = "sign_ins", "the record of who signed in, or tried to"
    ORPHANED_FILES = "orphaned_files", "files of the storage that nothing names"


OF_WORK = frozenset({Removes.CLOSED_CALLS, Removes.CLOSED_REQUESTS})
OF_THE_WHOLE_DESK = frozenset({Removes.SIGN_INS, Removes.ORPHANED_FILES})


class How(models.TextChoices):
    """How a closed call or request is removed."""

    ANONYMIZE = "anonymize", "anonymized"
    DELETE = "delete", "deleted"


class RetentionRule(models.Model):
    """After how many days something is removed. The service heeds it once it is active and was previewed."""

    name = models.CharField(max_length=100, unique=True)
    active = models.BooleanField(default=False)
    removes = models.CharField(max_length=20, choices=Removes)
    after_days = models.PositiveIntegerField(
        validators=[MinValueValidator(1)], help_text="Days since it was dealt with, closed, sent or written."
    )
    partition = models.ForeignKey(
        Partition, null=True, blank=True, on_delete=models.CASCADE, help_text="Empty: of all."
    )
    how = models.CharField(
        max_length=10, choices=How, default=How.ANONYMIZE, help_text="For closed calls and requests."
    )

    changed_at = models.DateTimeField(auto_now=True)
    previewed_as = models.CharField(max_length=200, blank=True, editable=False)
    last_run_at = models.DateTimeField(null=True, editable=False, help_text="By the service.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what can't work, with the field it is in."""
        if self.partition_id and self.removes in OF_THE_WHOLE_DESK:
            what = Removes(self.removes).label
            raise ValidationError({"partition": f"A rule for {what} is for the whole desk: leave it out."})

    @property
    def settings(self) -> str:
        """All that decides what it removes, as one text."""
        return f"{self.removes} after {self.after_days} days, partition {self.partition_id}, {self.how}"

    @property
    def was_previewed(self) -> bool:
        """Whether a person saw what it removes, with the settings that it has now."""
        return self.previewed_as == self.settings

    @property
    def sentence(self) -> str:
        """What it does, for people."""
        what = Removes(self.removes).label
        of = f" of partition {self.partition}" if self.partition else ""
        how = How(self.how).label if self.removes in OF_WORK else "removed"
        return f"{what[0].upper()}{what[1:]}{of}, {how} after {self.after_days} days."

    @property
    def state(self) -> str:
        """Whether the service heeds it, and if not, why."""
        if not self.active:
            return "off"
        return "on" if self.was_previewed else "waits for a preview"


class RunState(models.TextChoices):
    """How a run ended."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"


class Run(models.Model):
    """One run of a rule, or one erasure: who had it done, when, and how much went. No personal data."""

    title = models.CharField(max_length=200, help_text="The rule, or whose erasure it was, by number.")
    settings = models.CharField(max_length=300, blank=True, help_text="The rule's, at that time.")
    preview = models.BooleanField(help_text="Whether nothing was changed.")
    by = models.CharField(max_length=200, help_text="Who had it done.")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.RUNNING)
    error = models.TextField(blank=True)
    counts = models.JSONField(default=dict, help_text="How many of what.")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Run {self.pk}"


class Removal(models.Model):
    """What one transaction of a run removed: the keys of rows, or the hashes of files."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="removals")
    at = models.DateTimeField(default=timezone.now)
    what = models.CharField(max_length=50)
    count = models.PositiveIntegerField()
    keys = models.TextField(blank=True, help_text="Keys as ranges, names separated by spaces.")

    def __str__(self) -> str:
        return f"{self.count} {self.what}"


class LooseFile(models.Model):
    """A file that nothing named any more when this was written; it goes once it is a day old."""

    name = models.CharField(max_length=200, unique=True)
    due_at = models.DateTimeField(default=timezone.now, help_text="Not to be tried before.")

    def __str__(self) -> str:
        return self.name
