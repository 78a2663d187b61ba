"""Servers that mail leaves by."""

from django.db import models

from mailcall.database.fields import EncryptedField, Secret
from mailcall.desk.models import Partition
from mailcall.transport.interface import TransportSettings


class OutgoingServer(models.Model):
    """A server that mail leaves by."""

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
