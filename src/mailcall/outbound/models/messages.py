"""The message table with its deliveries."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from mailcall.desk.models import Call, Partition, Person, Request, Task, TimelineEntry
from mailcall.outbound.models.servers import OutgoingServer
from mailcall.outbound.models.templates import TemplateVersion


class MessageChannel(models.TextChoices):
    """How a message reaches people outside."""

    EMAIL = "email", "Email"
    PAGER = "pager", "Pager"


class Message(models.Model):
    """One mail to send: an instruction and a snapshot of the data it is made from."""

    type_code = models.PositiveSmallIntegerField(help_text="A message type, see outbound.message_types.")
    partition = models.ForeignKey(Partition, on_delete=models.PROTECT)
    call = models.ForeignKey(Call, null=True, on_delete=models.SET_NULL, related_name="messages")
    # Their indexes are partial, so that mails about calls, which are most, don't pay for them.
    request = models.ForeignKey(
        Request, null=True, on_delete=models.SET_NULL, related_name="messages", db_index=False
    )
    task = models.ForeignKey(
        Task, null=True, on_delete=models.SET_NULL, related_name="messages", db_index=False
    )
    entry = models.ForeignKey(TimelineEntry, null=True, on_delete=models.SET_NULL, related_name="messages")
    author = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    correlation_id = models.CharField(max_length=32, db_index=True, help_text="That of the mail behind it.")
    message_id = models.CharField(max_length=255, unique=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = models.TextField(blank=True)
    sender = models.JSONField(help_text="[name, address]")
    to = models.JSONField(default=list, help_text="[[name, address], ...]")
    cc = models.JSONField(default=list)
    channel = models.CharField(max_length=10, choices=MessageChannel, default=MessageChannel.EMAIL)
    language = models.CharField(max_length=35, blank=True, help_text="Its reader's; empty: the default.")
    template_version = models.ForeignKey(
        TemplateVersion, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )  # empty: the template that Mailcall has
    subject = models.CharField(max_length=500)
    data = models.JSONField(default=dict, help_text="What the template is filled with.")
    automatic = models.BooleanField(default=True, help_text="Not written by a person for this occasion.")
    why = models.CharField(max_length=300, blank=True, help_text="Which event and setting caused it.")
    data_removed_at = models.DateTimeField(null=True, help_text="When the data was removed.")
    removed_by = models.CharField(max_length=200, blank=True, help_text="What removed it, for people.")

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["created_at"], name="messages_with_data", condition=Q(data_removed_at__isnull=True)
            ),
            models.Index(
                fields=["request", "id"], name="messages_of_request", condition=Q(request__isnull=False)
            ),
            models.Index(fields=["task", "id"], name="messages_of_task", condition=Q(task__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    @property
    def removal(self) -> str:
        """When and by what its data was removed, in a sentence; empty while it is whole."""
        if self.data_removed_at is None:
            return ""
        return f"What it said was removed on {self.data_removed_at:%Y-%m-%d} by {self.removed_by}."


class DeliveryState(models.TextChoices):
    """The life of a delivery, see docs/architecture.md."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    BOUNCED = "bounced", "Bounced"
    DEFERRED = "deferred", "Deferred"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"
    HELD = "held", "Held"
    WITHHELD = "withheld", "Withheld"
    CANCELLED = "cancelled", "Cancelled"


WAITING_STATES = (DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.UNKNOWN)
FINAL_STATES = (
    DeliveryState.SENT,
    DeliveryState.BOUNCED,
    DeliveryState.FAILED,
    DeliveryState.CANCELLED,
)


class Delivery(models.Model):
    """One recipient of a message, with what became of it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    # Neither has an index of its own: the planner would take it instead of the one by state.
    partition = models.ForeignKey(Partition, on_delete=models.PROTECT, db_index=False)
    recipient = models.CharField(max_length=320)
    stranger = models.CharField(
        max_length=320,
        blank=True,
        help_text="Of an answer to who is not known: the mailbox that it counts for.",
    )
    automatic = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    unknowns = models.PositiveSmallIntegerField(default=0, help_text="How often its fate was unknown.")
    due_at = models.DateTimeField(null=True, help_text="Not to be tried before; empty: now.")
    server = models.ForeignKey(OutgoingServer, null=True, on_delete=models.SET_NULL, db_index=False)
    reply = models.TextField(blank=True, help_text="The server's last word, or our reason.")
    reported = models.TextField(blank=True, help_text="What a report says of it that nothing proves.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["message", "recipient"], name="delivered_once"),
            models.CheckConstraint(
                condition=Q(state__in=FINAL_STATES, finished_at__isnull=False)
                | (~Q(state__in=FINAL_STATES) & Q(finished_at__isnull=True)),
                name="finished_at_the_end",
            ),
        ]
        indexes = [
            # A planner knows it to be small, whatever is asked of it. One of all states it leaves aside.
            # What is due tomorrow stands apart in it from what is due now, which is looked for each second.
            models.Index(
                fields=["state", "due_at", "id"],
                name="deliveries_open",
                condition=Q(finished_at__isnull=True),
            ),
            models.Index(fields=["recipient", "created_at"], name="deliveries_to"),
            models.Index(
                fields=["stranger", "created_at"], name="deliveries_to_strangers", condition=~Q(stranger="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message} to {self.recipient}"

    @classmethod
    def unfinished(cls) -> "models.QuerySet[Delivery]":
        """Those that are not at an end: few, and found by an index of their own."""
        return cls.objects.filter(finished_at=None)
