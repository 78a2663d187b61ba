"""What a kind of request is, and the steps that each of its requests goes through."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from mailcall.desk.models.people import Group, Partition, Person
from mailcall.desk.naming import check_name


class WhoLogs(models.TextChoices):
    """Who may log requests of a type."""

    ANYBODY = "anybody", "Anybody whom the desk knows"
    ANALYSTS = "analysts", "Analysts"


class TaskKind(models.TextChoices):
    """What a task asks for: to be done, or to be approved by analysts or by Users."""

    PLAIN = "plain", "Task"
    APPROVAL = "approval", "Approval Task"
    USER_APPROVAL = "user_approval", "User Approval Task"


class ApprovalRule(models.TextChoices):
    """How many of those who are asked must approve."""

    ALL = "all", "All"
    ANY = "any", "Any"
    SOME = "some", "A number of them"


class Condition(models.TextChoices):
    """On which outcome of an approval a step runs."""

    NONE = "", "Unless nothing before it ran"
    APPROVED = "approved", "If approved"
    REJECTED = "rejected", "If rejected"
    ALWAYS = "always", "Always"


class OnTimeLimit(models.TextChoices):
    """What becomes of a task whose time limit passes."""

    NOTHING = "nothing", "It stays open"
    REJECTED = "rejected", "It is rejected"


class RequestType(models.Model):
    """A kind of request: its presets, who may log it, and through its steps the workflow."""

    name = models.CharField(max_length=100, unique=True)
    partition = models.ForeignKey(Partition, on_delete=models.PROTECT)
    description = models.TextField(blank=True)
    active = models.BooleanField(default=True, help_text="Whether requests of it can be logged.")
    logged_by_mail = models.CharField(
        max_length=10, choices=WhoLogs, default=WhoLogs.ANYBODY, help_text="Who may log it by mail."
    )
    logged_on_page = models.CharField(
        max_length=10, choices=WhoLogs, default=WhoLogs.ANYBODY, help_text="Who may log it on a page."
    )
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    analyst = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    priority = models.PositiveSmallIntegerField(default=3, help_text="1 is the most urgent, 5 the least.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a name that mail could not ask for it by."""
        check_name(self.name)


class RequestTypeStep(models.Model):
    """A step of a workflow, which becomes one task of each request.

    A step is never changed: a new workflow has new steps, and requests under way keep the old ones.
    """

    request_type = models.ForeignKey(RequestType, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=50, help_text="What other steps of the workflow name it by.")
    position = models.PositiveSmallIntegerField(help_text="Its place in lists.")
    retired = models.BooleanField(default=False, help_text="Whether it belongs to an earlier workflow.")
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=TaskKind, default=TaskKind.PLAIN)
    predecessors = models.ManyToManyField(
        "self", symmetrical=False, related_name="followers", help_text="What must have ended before it."
    )
    condition = models.CharField(max_length=10, choices=Condition, default=Condition.NONE, blank=True)
    condition_on = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The approval that the condition is about; without it, those directly before the step.",
    )
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    analyst = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    approvers = models.ManyToManyField(Person, related_name="+")
    approver_group = models.ForeignKey(
        Group,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Its analysts are asked, as they are when the task opens.",
    )
    rule = models.CharField(max_length=10, choices=ApprovalRule, default=ApprovalRule.ALL)
    needed = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many must approve, if it is a number of them."
    )
    time_limit_hours = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="From when the task opens."
    )
    reminder_hours = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Between two reminders."
    )
    on_time_limit = models.CharField(max_length=10, choices=OnTimeLimit, default=OnTimeLimit.NOTHING)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["request_type", "key"], condition=Q(retired=False), name="key_once_in_a_workflow"
            )
        ]

    def __str__(self) -> str:
        return self.title
