"""Giving people a sign-in."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from mailcall.desk.errors import Refused
from mailcall.desk.models import Person
from mailcall.web.models import Login


def set_password(person: Person, password: str) -> Login:
    """Give this person a sign-in with this password, or a new password for the one they have.

    The user name is the person's address. Raises Refused when another person signs in with it, when it
    can't be a user name, or when the password is too weak.
    """
    username = person.email
    if not username or len(username) > _longest_username():
        raise Refused(
            f"{person} needs an address of at most {_longest_username()} characters to sign in with."
        )
    try:
        validate_password(password)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from None
    with transaction.atomic():
        login = Login.objects.filter(person=person).first() or Login(person=person)
        if Login.objects.filter(username=username).exclude(pk=login.pk).exists():
            raise Refused(f"Somebody else signs in as {username} already.")
        login.username = login.email = username
        login.is_active = True
        login.set_password(password)
        login.save()
    return login


def follow_address(person: Person) -> None:
    """Have a person's sign-in be known by the address on record, which changed.

    Raises Refused when another person signs in with it.
    """
    login = Login.objects.filter(person=person).exclude(username=person.email).first()
    if login is None:
        return
    if Login.objects.filter(username=person.email).exists():
        raise Refused(f"Somebody else signs in as {person.email} already.")
    login.username = login.email = person.email
    login.save(update_fields=["username", "email"])


def switch_off(person: Person) -> bool:
    """Take a person's sign-in away, also where they are signed in now; whether they had one."""
    return bool(Login.objects.filter(person=person, is_active=True).update(is_active=False))


def _longest_username() -> int:
    return int(Login._meta.get_field("username").max_length or 150)
