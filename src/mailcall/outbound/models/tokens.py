"""Tokens of approval mails."""

from django.db import models

from mailcall.database.fields import ring
from mailcall.desk.models import Approval, Person
from mailcall.message import approval_tokens


class Token(models.Model):
    """What an approval mail carries, so that an answer counts as the word of the person it was sent to.

    The row does not have the secret: that is derived from it by the key ring.
    """

    PURPOSE = "approval-token"

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="tokens")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    nonce = models.CharField(max_length=8, db_index=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True, help_text="When what it was for changed.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Token {self.pk} of {self.approval}"

    @property
    def text(self) -> str:
        """The secret, signed with the newest key. Raises KeyringError."""
        return approval_tokens.make(
            self.nonce, self.approval_id, self.person_id, ring().derived(self.PURPOSE)
        )
