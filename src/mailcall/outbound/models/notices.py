"""Who hears of what, by which channel and when: settings, choices, and what was kept back."""

import datetime as dt

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from mailcall.desk.models import Call, Partition, Person, Request, Task, TimelineEntry
from mailcall.outbound.models.messages import Message


class NotificationSettings(models.Model):
    """By which channels those in charge hear of what happens in a partition; without a row, the defaults."""

    partition = models.OneToOneField(
        Partition, on_delete=models.CASCADE, related_name="notification_settings"
    )
    email = models.BooleanField("Email", default=True, help_text="Whether those in charge are told by mail.")
    internal = models.BooleanField(
        "Internal", default=False, help_text="Whether they are told on their own page, too."
    )
    pager = models.BooleanField(
        "Pager", default=False, help_text="Whether they are told by a short text to their pager, too."
    )
    email_optional_at_forward = models.BooleanField(
        "Email optional at forward",
        default=False,
        help_text="Whether who forwards is asked if a mail goes to whom it is for now.",
    )
    email_at_update = models.BooleanField(
        "Email at update via email in",
        default=True,
        help_text="Whether they are told by mail when mail updates what they are in charge of. "
        "As Email is, unless Email is optional at forward.",
    )
    email_at_escalation = models.BooleanField(
        "Email at escalation",
        default=True,
        help_text="Whether they are told by mail of escalations, breaches and single reminders. "
        "Reminders that repeat are sent regardless.",
    )
    people_choose = models.BooleanField(
        "People choose",
        default=True,
        help_text="Whether each may turn notices off, or have them once a day.",
    )
    most_notices = models.PositiveSmallIntegerField(
        default=20,
        help_text="Notices to one address within these minutes; more are folded into one. 0: never.",
    )
    within_minutes = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )

    survey_after_hours = models.PositiveSmallIntegerField(
        default=24,
        help_text="How long after a call is closed its User is asked, if 1017 Call - Survey is on.",
    )

    class Meta:
        verbose_name_plural = "notification settings"

    def __str__(self) -> str:
        return f"Notification settings of {self.partition}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep what follows from another setting as it follows."""
        self.email_at_update = self.tells_of_updates
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def update_is_free(self) -> bool:
        """Whether *Email at update via email in* can be chosen; else it is as *Email* is."""
        return self.email_optional_at_forward

    @property
    def tells_of_updates(self) -> bool:
        """*Email at update via email in*, as it follows from the others."""
        return self.email_at_update if self.update_is_free else self.email


class OccasionSetting(models.Model):
    """Whether a message type is used, in a partition or (without one) wherever nothing else is said."""

    type_code = models.PositiveSmallIntegerField()
    partition = models.ForeignKey(Partition, null=True, blank=True, on_delete=models.CASCADE)
    active = models.BooleanField()

    class Meta:
        ordering = ["type_code", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["type_code", "partition"], name="occasion_once_in_a_partition"),
            models.UniqueConstraint(
                fields=["type_code"], name="occasion_once_everywhere", condition=Q(partition__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type_code} {'on' if self.active else 'off'} in {self.partition or 'all partitions'}"


class PersonNotices(models.Model):
    """When and where somebody hears: their pager, their quiet hours, and when their digest comes."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="notices_wanted")
    pager = models.EmailField(blank=True, help_text="Short texts go to this address.")
    quiet_from = models.TimeField(null=True, blank=True, help_text="By their own clock.")
    quiet_until = models.TimeField(null=True, blank=True)
    digest_at = models.TimeField(default=dt.time(8), help_text="When what they want once a day comes.")

    class Meta:
        verbose_name_plural = "person notices"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_begin_and_end",
            )
        ]

    def __str__(self) -> str:
        return f"Notices of {self.person}"


class Wish(models.TextChoices):
    """How somebody wants to hear of something."""

    AT_ONCE = "at_once", "At once"
    DIGEST = "digest", "Once a day"
    OFF = "off", "Not at all"


class PersonChoice(models.Model):
    """How somebody wants to hear of one message type; without a row, at once."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="choices")
    type_code = models.PositiveSmallIntegerField()
    wish = models.CharField(max_length=10, choices=Wish)

    class Meta:
        ordering = ["type_code"]
        constraints = [models.UniqueConstraint(fields=["person", "type_code"], name="one_choice_of_a_type")]

    def __str__(self) -> str:
        return f"{self.person}: {self.type_code} {self.get_wish_display()}"


class About(models.Model):
    """What a notice is about, as the message table has it."""

    type_code = models.PositiveSmallIntegerField()
    partition = models.ForeignKey(Partition, on_delete=models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, null=True, on_delete=models.CASCADE, related_name="+")
    request = models.ForeignKey(Request, null=True, on_delete=models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, null=True, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey(TimelineEntry, null=True, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=500)
    text = models.TextField(blank=True, help_text="What was said, in short.")
    why = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    @property
    def work(self) -> tuple[str, int]:
        """Such as (`call`, 12). Raises ValueError when it is about nothing."""
        for kind in ("call", "request", "task"):
            if number := getattr(self, f"{kind}_id"):
                return kind, number
        raise ValueError(f"{self} is about nothing")


class Notice(About):
    """What somebody is told on their own page."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["person", "id"], name="notices_unseen", condition=Q(seen_at__isnull=True)),
            models.Index(fields=["created_at"], name="notices_by_age"),
        ]

    def __str__(self) -> str:
        return f"To {self.person}: {self.subject}"


class DigestItem(About):
    """A notice that comes with others in one mail: by the reader's choice, or since there were too many."""

    address = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    flood = models.BooleanField(default=False, help_text="Folded since there were too many.")
    due_at = models.DateTimeField()
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="digested")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["due_at"], name="digest_items_due", condition=Q(sent_at__isnull=True)),
            models.Index(fields=["sent_at"], name="digest_items_sent", condition=Q(sent_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"For {self.address}: {self.subject}"


class NotTold(models.Model):
    """Somebody who was not told of something, and why."""

    entry = models.ForeignKey(TimelineEntry, on_delete=models.CASCADE, related_name="not_told")
    type_code = models.PositiveSmallIntegerField()
    who = models.CharField(max_length=320, help_text="Name or address; empty: anybody.")
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.who or 'Nobody'} was not told: {self.reason}"
