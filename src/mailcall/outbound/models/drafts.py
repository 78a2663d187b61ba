"""What analysts are writing: drafts with their files, and texts that are kept ready."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from mailcall.desk.models import Call, Content, Partition, Person, Request, Task, TimelineEntry
from mailcall.desk.models.people import is_language
from mailcall.outbound.message_types import WRITTEN_BY_HAND
from mailcall.outbound.models.messages import Message
from mailcall.outbound.templating.checking import check_words


class SenderKind(models.TextChoices):
    """Whose address a mail that an analyst wrote is from."""

    PARTITION = "partition", "The partition's"
    GROUP = "group", "That of their group"
    OWN = "own", "Their own"


class DraftKind(models.TextChoices):
    """How a draft began."""

    NEW = "new", "New mail"
    REPLY = "reply", "Reply"
    REPLY_ALL = "reply_all", "Reply to all"
    FORWARD = "forward", "Forward"


class Draft(models.Model):
    """A mail that an analyst is writing about one call, request or task, kept as it was typed.

    One that was sent stays until it can be taken back no more; one with `send_at` is sent by itself then.
    """

    author = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="drafts")
    call = models.ForeignKey(Call, null=True, on_delete=models.CASCADE, related_name="drafts", db_index=False)
    request = models.ForeignKey(
        Request, null=True, on_delete=models.CASCADE, related_name="drafts", db_index=False
    )
    task = models.ForeignKey(Task, null=True, on_delete=models.CASCADE, related_name="drafts", db_index=False)
    kind = models.CharField(max_length=10, choices=DraftKind, default=DraftKind.NEW)
    answers = models.ForeignKey(
        TimelineEntry,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The mail that it replies to, or forwards.",
    )
    sender = models.CharField(max_length=10, choices=SenderKind, default=SenderKind.PARTITION)
    to = models.TextField(blank=True)
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, help_text="Counts what was saved; 1: nobody typed.")
    tab = models.CharField(max_length=32, blank=True, help_text="The page of a browser that saved it last.")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    send_at = models.DateTimeField(null=True, help_text="When it is sent by itself.")
    problem = models.CharField(max_length=500, blank=True, help_text="Why it was not sent then.")
    sent_at = models.DateTimeField(null=True)
    message = models.ForeignKey(
        Message, null=True, on_delete=models.SET_NULL, related_name="+", help_text="What became of it."
    )
    joined = models.JSONField(default=list, help_text="Who takes part in the call since it was sent.")

    class Meta:
        ordering = ["-updated_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(call__isnull=False, request__isnull=True, task__isnull=True)
                | Q(call__isnull=True, request__isnull=False, task__isnull=True)
                | Q(call__isnull=True, request__isnull=True, task__isnull=False),
                name="draft_on_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["send_at"], name="drafts_due", condition=Q(send_at__isnull=False)),
            models.Index(fields=["sent_at"], name="drafts_sent", condition=Q(sent_at__isnull=False)),
            *(
                models.Index(
                    fields=[name], name=f"drafts_of_{name}", condition=Q(**{f"{name}__isnull": False})
                )
                for name in ("call", "request", "task")
            ),
        ]

    def __str__(self) -> str:
        return self.subject or "(no subject)"

    @property
    def about(self) -> Call | Request | Task:
        """What it is about."""
        about = self.call or self.request or self.task
        assert about is not None  # a constraint of the table
        return about


class DraftFile(models.Model):
    """A file that goes with a draft."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files")
    content = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="draft_files")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127)
    warning = models.CharField(max_length=200, blank=True, help_text="To be read before opening it.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Snippet(models.Model):
    """A text that analysts put into their mails."""

    name = models.CharField(max_length=100, unique=True)
    partition = models.ForeignKey(
        Partition, null=True, blank=True, on_delete=models.CASCADE, help_text="Empty: for all."
    )
    language = models.CharField(
        max_length=35, blank=True, validators=[is_language], help_text="Such as de or pt-BR; empty: any."
    )
    text = models.TextField(max_length=20_000)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a text that could not be filled."""
        if problems := check_words(list(WRITTEN_BY_HAND.values()), self.text):
            raise ValidationError({"text": problems})
