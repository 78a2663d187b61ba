"""Who may sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from mailcall.desk.models import Person


class Login(AbstractUser):
    """A sign-in; `person` says whose. The user name is the person's address."""

    person = models.OneToOneField(
        Person, null=True, blank=True, on_delete=models.CASCADE, related_name="login"
    )
