"""What a database remembers of the move that filled it."""

from django.db import models
from django.utils import timezone


class Move(models.Model):
    """A desk's way from an embedded database into this one. Until it has ended, nothing may work here."""

    id = models.CharField(max_length=32, primary_key=True, help_text="As in the mark beside the source.")
    begun_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    mend = models.BooleanField(help_text="Whether values that do not fit are mended.")
    survey = models.JSONField(help_text="Of each table of the source: rows, and the sum of their hashes.")
    reached = models.JSONField(default=dict, help_text="Of each table: the last key that is here.")

    def __str__(self) -> str:
        return self.id
