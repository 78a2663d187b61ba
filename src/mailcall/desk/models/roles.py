"""Who may do what in which partition."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Coalesce

from mailcall.desk.models.people import Group, Partition, Person


class Right(models.TextChoices):
    """Something that an analyst may do."""

    VIEW = "view", "View"
    UPDATE = "update", "Update"
    CLOSE = "close", "Close"
    REOPEN = "reopen", "Reopen"
    FORWARD = "forward", "Forward"
    TAKE = "take", "Take"
    LOG_CALL = "log_call", "Log calls"
    LOG_REQUEST = "log_request", "Log requests"
    LOG_TASK = "log_task", "Log tasks"
    MAIL = "mail", "Handle mail"
    ADMINISTER = "administer", "Administer"


def are_rights(value: object) -> None:
    """Raise ValidationError unless it is a list of rights, each once."""
    if not isinstance(value, list):
        raise ValidationError("Rights are a list.")
    for right in value:
        if right not in Right.values:
            raise ValidationError(f"“{right}” is no right: take {', '.join(Right.values)}.")
    if len(set(value)) < len(value):
        raise ValidationError("A right is in the list twice.")


class Role(models.Model):
    """Rights that are given together."""

    name = models.CharField(max_length=100, unique=True)
    rights = models.JSONField(default=list, blank=True, validators=[are_rights])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """A role that a person, or each member of a group, has in a partition, or in all of them."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="grants")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")
    partition = models.ForeignKey(
        Partition, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=False, group__isnull=True)
                | models.Q(person__isnull=True, group__isnull=False),
                name="granted_to_a_person_or_a_group",
            ),
            models.UniqueConstraint(
                models.F("role"),
                *(Coalesce(models.F(name), 0) for name in ("person", "group", "partition")),
                name="granted_once",
                violation_error_message="That is granted already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.partition or 'all partitions'} for {self.person or self.group}"
