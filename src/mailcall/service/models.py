"""What the Messaging Service remembers between its runs."""

from django.db import models


class Lease(models.Model):
    """A right to do one kind of work alone, such as collecting an account."""

    name = models.CharField(max_length=100, unique=True)
    owner = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} held by {self.owner}"


class Clock(models.Model):
    """The last moment that the service saw, so that a clock set back is noticed. One row."""

    seen_at = models.DateTimeField()
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return str(self.seen_at)
