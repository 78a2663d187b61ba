"""Keys by which our own mail is signed."""

from django.db import models
from django.utils import timezone

from mailcall.database.fields import EncryptedField, Secret
from mailcall.message.dkim_signing import public_record


class DkimKey(models.Model):
    """A key that signs mail from addresses of a domain, and below it (RFC 6376)."""

    domain = models.CharField(max_length=253)
    selector = models.CharField(max_length=63)
    private_key: "models.Field[Secret | str, Secret]" = EncryptedField(help_text="PEM.")
    active = models.BooleanField(default=False, help_text="Whether mail is signed with it.")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["domain", "pk"]
        verbose_name = "DKIM key"
        constraints = [models.UniqueConstraint(fields=["domain", "selector"], name="one_key_of_a_selector")]

    def __str__(self) -> str:
        return self.record_name

    @property
    def record_name(self) -> str:
        """The name in DNS that its public half is published at."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record of its public half. Raises KeyringError, and ValueError for what is no key."""
        return public_record(self.private_key.reveal())
