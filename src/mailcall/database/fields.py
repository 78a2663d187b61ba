"""Model fields of the house."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute

from mailcall import keyring
from mailcall.config import config


def ring() -> keyring.Keyring:
    """The installation's key ring; read anew each time, so that a rotation needs no restart."""
    return config().ring()


class _EncryptedOnAssignment(DeferredAttribute):
    """Makes a `Secret` of a text the moment it is assigned, so that no instance holds it in the clear."""

    def __set__(self, instance: models.Model, value: object) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class EncryptedField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted at rest. In Python it is a `Secret`, which no log, page or dump prints."""

    descriptor_class = _EncryptedOnAssignment

    def from_db_value(self, value: str | None, *_: object) -> "Secret":
        """The stored form as a Secret."""
        return Secret(value or "")

    def to_python(self, value: object) -> "Secret":
        """A Secret from what a caller assigned."""
        return value if isinstance(value, Secret) else Secret.of(str(value or ""))

    def get_db_prep_save(self, value: object, connection: BaseDatabaseWrapper) -> Any:
        """The encrypted form."""
        return self.to_python(value).stored


class Secret:
    """A secret in its encrypted form; `reveal` gives the text."""

    __slots__ = ("stored",)

    def __init__(self, stored: str) -> None:
        self.stored = stored

    @classmethod
    def of(cls, text: str) -> "Secret":
        """A text, encrypted with the newest key. Raises KeyringError."""
        return cls(ring().encrypt(text) if text else "")

    def reveal(self) -> str:
        """The text. Raises KeyringError."""
        return ring().decrypt(self.stored)

    def __bool__(self) -> bool:
        return bool(self.stored)

    def __str__(self) -> str:
        return "(secret)" if self.stored else ""

    __repr__ = __str__
