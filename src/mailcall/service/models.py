"""What the Messaging Service remembers between its runs."""

from django.db import models

from mailcall.inbound.models import IncomingAccount
from mailcall.outbound.models import Message


class Clock(models.Model):
    """The last moment that the service saw, so that a clock set back is noticed. One row."""

    seen_at = models.DateTimeField()
    note = models.TextField(blank=True)
    began_at = models.DateTimeField(null=True, help_text="Since when some of several workers is at work.")

    def __str__(self) -> str:
        return str(self.seen_at)


class Alarm(models.Model):
    """Something that a person must hear of, while it lasts."""

    key = models.CharField(max_length=100, primary_key=True)
    sentence = models.TextField()
    raised_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, help_text="When it last left by a program or a web hook.")
    seen_at = models.DateTimeField(null=True, help_text="When the machine that it is about last said so.")

    def __str__(self) -> str:
        return self.sentence


class RoundTrip(models.Model):
    """How the mails fared by which the desk watches the way out and in of one account."""

    account = models.OneToOneField(IncomingAccount, primary_key=True, on_delete=models.CASCADE)
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField(null=True, help_text="When the last one was put into the message table.")
    waiting_since = models.DateTimeField(
        null=True, help_text="When the first was sent of those that did not come back; empty: all did."
    )
    last_good_at = models.DateTimeField(null=True, help_text="When one came back.")
    seconds = models.FloatField(null=True, help_text="How long that took.")

    def __str__(self) -> str:
        return f"Round trip of {self.account}"


class Lease(models.Model):
    """A piece of work that one worker does alone, on a database that several machines share."""

    work = models.CharField(max_length=100, primary_key=True)
    holder = models.CharField(max_length=32)
    until = models.DateTimeField(help_text="By the database's clock; then another may take the work over.")
    again = models.BooleanField(default=False, help_text="Another asked for it meanwhile.")

    def __str__(self) -> str:
        return self.work
