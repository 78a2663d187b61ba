"""Addresses that no mail goes to until somebody releases them."""

from django.db import models
from django.db.models import Q

from mailcall.outbound.models.messages import Delivery


class SuppressionCause(models.TextChoices):
    """Why mail stopped."""

    BOUNCE = "bounce", "Mail came back for good"
    COMPLAINT = "complaint", "Mail was reported as spam"


class Suppression(models.Model):
    """An address to which mail came back for good, or whose owner complained of it."""

    address = models.CharField(max_length=320, help_text="Comparable.")
    cause = models.CharField(max_length=10, choices=SuppressionCause)
    reason = models.TextField(blank=True, help_text="What the server, or the report, said.")
    delivery = models.ForeignKey(Delivery, null=True, on_delete=models.SET_NULL, related_name="+")
    since = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["address"], name="suppressed_once", condition=Q(released_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def sentence(self) -> str:
        """Why no mail goes there, for people."""
        said = f": {self.reason.rstrip('.')}" if self.reason else ""
        return f"{self.get_cause_display()} on {self.since:%Y-%m-%d}{said}."
