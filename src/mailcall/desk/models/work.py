"""Requests, their tasks, the approvals that these want, and who may approve for whom."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from mailcall.desk.models.calls import Call
from mailcall.desk.models.people import Group, Partition, Person
from mailcall.desk.models.workflows import (
    ApprovalRule,
    OnTimeLimit,
    RequestType,
    RequestTypeStep,
    TaskKind,
)


class RequestState(models.TextChoices):
    """The states of a request."""

    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"
    REJECTED = "rejected", "Closed-Rejected"
    CANCELLED = "cancelled", "Cancelled"


class Request(models.Model):
    """A planned piece of work that runs through a workflow of tasks. Its number is its primary key."""

    partition = models.ForeignKey(Partition, on_delete=models.PROTECT)
    type = models.ForeignKey(RequestType, on_delete=models.PROTECT, related_name="requests")
    subject = models.CharField(max_length=500)
    state = models.CharField(max_length=20, choices=RequestState, default=RequestState.OPEN)
    priority = models.PositiveSmallIntegerField(default=3)
    user = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="requests")
    logged_by = models.ForeignKey(
        Person, null=True, on_delete=models.SET_NULL, related_name="+", help_text="The logging analyst."
    )
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    analyst = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests_to_work"
    )
    opened_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.PositiveIntegerField(default=1, help_text="Counts changes.")
    anonymized_at = models.DateTimeField(null=True, help_text="When what people said on it was removed.")

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["partition", "closed_at"],
                name="requests_to_remove",
                condition=Q(closed_at__isnull=False, anonymized_at__isnull=True),
            ),
            models.Index(fields=["state", "-updated_at"], name="requests_by_state"),
            models.Index(fields=["-updated_at"], name="requests_by_update"),
        ]

    def __str__(self) -> str:
        return f"Request {self.pk}"

    @property
    def number(self) -> int:
        """What people call it by."""
        return int(self.pk)

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to be done."""
        return self.state != RequestState.OPEN


class TaskState(models.TextChoices):
    """The states of a task. Approval Tasks end approved or rejected, plain ones closed."""

    WAITING = "waiting", "Waiting"
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"
    APPROVED = "approved", "Closed-Approved"
    REJECTED = "rejected", "Closed-Rejected"
    CANCELLED = "cancelled", "Cancelled"
    SKIPPED = "skipped", "Skipped"


UNENDED_STATES = frozenset({TaskState.WAITING, TaskState.OPEN})


class Task(models.Model):
    """One step of a request, or a piece of work on a call. Its number is its primary key."""

    request = models.ForeignKey(Request, null=True, on_delete=models.CASCADE, related_name="tasks")
    call = models.ForeignKey(Call, null=True, on_delete=models.CASCADE, related_name="tasks")
    step = models.ForeignKey(RequestTypeStep, null=True, on_delete=models.PROTECT, related_name="tasks")
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=TaskKind, default=TaskKind.PLAIN)
    state = models.CharField(max_length=20, choices=TaskState, default=TaskState.WAITING)
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    analyst = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks_to_work"
    )
    rule = models.CharField(max_length=10, choices=ApprovalRule, default=ApprovalRule.ALL)
    needed = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many must approve, if it is a number of them."
    )
    time_limit_hours = models.PositiveIntegerField(null=True, blank=True)
    reminder_hours = models.PositiveIntegerField(null=True, blank=True)
    on_time_limit = models.CharField(max_length=10, choices=OnTimeLimit, default=OnTimeLimit.NOTHING)
    opened_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)
    # Both are empty when there is nothing to come, so that what is due is found among what is to come.
    time_out_at = models.DateTimeField(null=True, help_text="When the passing of its time limit is noted.")
    remind_at = models.DateTimeField(null=True, help_text="When people are reminded of it next.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.PositiveIntegerField(default=1, help_text="Counts changes.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(request__isnull=False, call__isnull=True)
                | Q(request__isnull=True, call__isnull=False),
                name="task_of_a_request_or_a_call",
            ),
            models.UniqueConstraint(fields=["request", "step"], name="one_task_for_a_step"),
        ]
        indexes = [
            models.Index(fields=["state", "-updated_at"], name="tasks_by_state"),
            models.Index(
                fields=["time_out_at"], name="tasks_to_time_out", condition=Q(time_out_at__isnull=False)
            ),
            models.Index(
                fields=["remind_at"], name="tasks_to_remind_of", condition=Q(remind_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"Task {self.pk}"

    @property
    def number(self) -> int:
        """What people call it by."""
        return int(self.pk)

    @property
    def is_approval(self) -> bool:
        """Whether it is decided by approvals."""
        return self.kind != TaskKind.PLAIN

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to be done."""
        return self.state not in UNENDED_STATES


class ApprovalState(models.TextChoices):
    """The states of an approval."""

    WAITING = "waiting", "Waiting"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Approval(models.Model):
    """One person's part in an Approval Task. Its number is its primary key."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="approvals", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="approvals")
    state = models.CharField(max_length=20, choices=ApprovalState, default=ApprovalState.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        Person, null=True, on_delete=models.SET_NULL, related_name="+", help_text="The person or a delegate."
    )
    comment = models.TextField(blank=True)
    proof = models.CharField(max_length=200, blank=True, help_text="What showed that it was who decided.")
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["task", "person"], name="asked_once")]

    def __str__(self) -> str:
        return f"Approval {self.pk}"

    @property
    def number(self) -> int:
        """What people call it by."""
        return int(self.pk)


class Delegation(models.Model):
    """For how long, and in what, one person may decide for another; without a scope in everything."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="delegations")
    delegate = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="delegations_to_them")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="The first moment at which it holds no more.")
    partition = models.ForeignKey(
        Partition, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    request_type = models.ForeignKey(
        RequestType, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    made_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(partition__isnull=True) | Q(request_type__isnull=True), name="one_scope_at_most"
            ),
            models.CheckConstraint(condition=Q(starts_at__lt=models.F("ends_at")), name="starts_first"),
            models.CheckConstraint(condition=~Q(person=models.F("delegate")), name="delegates_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.delegate} for {self.person} from {self.starts_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"
