"""Servers that mail leaves by, and how fast."""

import codecs

from django.core.exceptions import ValidationError
from django.db import models

from mailcall.database.fields import EncryptedField, Secret
from mailcall.desk.models import Partition
from mailcall.transport.interface import TransportSettings


def check_encoding(name: str) -> None:
    """Raise ValidationError for what is no encoding of texts."""
    try:
        " ".encode(name)
        codecs.lookup(name)
    except (LookupError, UnicodeError, ValueError):
        raise ValidationError(f"“{name}” is no encoding: give one such as utf-8, ascii or latin-1.") from None


class OutgoingServer(models.Model):
    """A server that mail leaves by.

    It takes the mail of its `partition`, from its `sender_domains`, about work of its `call_priority`, where
    these are given.
    """

    name = models.CharField(max_length=100, unique=True)
    active = models.BooleanField(default=True)
    protocol = models.CharField(max_length=10, default="smtp")
    server = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(default=587)
    security = models.CharField(
        max_length=10, default="starttls", choices=[(s, s) for s in ("tls", "starttls", "plain")]
    )
    login = models.CharField(max_length=255, blank=True)
    password: "models.Field[Secret | str, Secret]" = EncryptedField(default="", blank=True)
    auth_method = models.CharField(max_length=20, default="auto")
    ca_file = models.CharField(max_length=500, blank=True)
    path = models.CharField(max_length=500, blank=True, help_text="The folder, for Maildir.")
    partition = models.ForeignKey(
        Partition, null=True, blank=True, on_delete=models.CASCADE, help_text="Empty: for all."
    )
    priority = models.PositiveSmallIntegerField(default=10, help_text="The least is tried first.")
    sender_domains = models.TextField(
        blank=True, help_text="Only mail from addresses of these domains, separated by blanks; empty: any."
    )
    call_priority = models.PositiveSmallIntegerField(
        default=0, help_text="Only mail about work of this priority, or a more urgent one; 0: any mail."
    )
    from_group = models.BooleanField(
        "Send emails from this group",
        default=False,
        help_text="Mail that an analyst writes is from the address of their default group.",
    )
    pager_encoding = models.CharField(
        max_length=40, default="utf-8", validators=[check_encoding], help_text="Of texts to pagers."
    )
    rate_limit = models.PositiveIntegerField(
        default=0, help_text="The most recipients in a minute; 0: no limit."
    )
    domain_rate_limit = models.PositiveIntegerField(
        default=0, help_text="The most recipients of one domain in a minute; 0: no limit."
    )
    envelope_tags = models.BooleanField(
        default=False,
        help_text="Each copy has an envelope sender of its own, address+tag, so that whatever comes back "
        "finds it. Only where the mailbox gets mail for such addresses.",
    )

    BREAKER = ("breaker_failures", "breaker_until", "last_error")

    breaker_failures = models.PositiveIntegerField(default=0, editable=False)
    breaker_until = models.DateTimeField(null=True, editable=False, help_text="Not used before.")
    last_error = models.TextField(blank=True, editable=False)
    last_good_at = models.DateTimeField(null=True, editable=False)
    certificate_ends_at = models.DateTimeField(
        null=True, editable=False, help_text="When the certificate expires that the server last showed."
    )

    class Meta:
        ordering = ["priority", "name"]

    def __str__(self) -> str:
        return self.name

    def close_breaker(self) -> None:
        """Try it again at once: a person changed its settings, or saw it work."""
        self.breaker_failures, self.breaker_until, self.last_error = 0, None, ""

    @property
    def domains(self) -> list[str]:
        """Its sender domains, in lower case."""
        return self.sender_domains.lower().split()

    def transport_settings(self) -> TransportSettings:
        """What the transport room needs. Raises KeyringError when the password can't be read."""
        return TransportSettings(
            server=self.server,
            port=self.port,
            security=self.security,
            login=self.login,
            password=self.password.reveal() if self.password else "",
            auth_method=self.auth_method,
            ca_file=self.ca_file,
            path=self.path,
        )


class Pace(models.Model):
    """How many more recipients a server may send to now: of one domain, or (without one) at all."""

    server = models.ForeignKey(OutgoingServer, on_delete=models.CASCADE, related_name="paces")
    domain = models.CharField(max_length=255, blank=True)
    room = models.FloatField(help_text="Recipients that may be sent to at once.")
    at = models.DateTimeField(help_text="When there was so much room.")
    put_off_until = models.DateTimeField(null=True, help_text="When the last one waiting in line is due.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["server", "domain"], name="one_pace_of_a_domain")]

    def __str__(self) -> str:
        return f"{self.server} to {self.domain or 'all'}"
