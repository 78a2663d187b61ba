"""What the Messaging Service remembers between its runs."""

from django.db import models


class Clock(models.Model):
    """The last moment that the service saw, so that a clock set back is noticed. One row."""

    seen_at = models.DateTimeField()
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return str(self.seen_at)
