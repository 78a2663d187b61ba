"""`mailcall keys` and `mailcall password`: what protects secrets, and who may sign in."""

import click

from mailcall import keyring
from mailcall.cli.ready import ready
from mailcall.config import config


@click.group()
def keys() -> None:
    """The keys that encrypt secrets at rest and sign our Message-IDs."""


@keys.command()
def create() -> None:
    """Create the key file."""
    keyring.create(config().keys_path)
    click.echo(
        f"Created {config().keys_path}. Back it up apart from the database: without it, secrets are lost."
    )


@keys.command()
def rotate() -> None:
    """Add a new key and encrypt every stored secret with it.

    Old keys stay in the file: mails signed with them will still be answered. Safe to run again.
    """
    ready()
    from mailcall.service.locks import Busy, alone_here

    try:
        with alone_here("keys"):
            keys, secrets = _rotate()
    except Busy as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The ring has {keys} keys now; {secrets} secrets are encrypted with the newest.")


def _rotate() -> tuple[int, int]:
    """Add a key and encrypt all secrets anew; how many keys there are, and how many secrets."""
    from django.db import transaction

    from mailcall.database.fields import Secret
    from mailcall.inbound.models import IncomingAccount
    from mailcall.outbound.models import DkimKey, OutgoingServer

    ring = keyring.add_key(config().keys_path)
    count = 0
    with transaction.atomic():
        for model, field in (
            (IncomingAccount, "password"),
            (OutgoingServer, "password"),
            (DkimKey, "private_key"),
        ):
            for row in model._default_manager.all():
                if secret := getattr(row, field):
                    setattr(row, field, Secret(ring.reencrypt(secret.stored)))
                    row.save(update_fields=[field])
                    count += 1
    return len(ring.keys), count


@click.command()
@click.argument("email")
@click.option("--superuser", is_flag=True, help="May do everything.")
@click.option("--password", help="Asked for when not given.")
@click.option("--off", is_flag=True, help="They can't sign in any longer.")
def password(email: str, password: str | None, superuser: bool, off: bool) -> None:
    """Set the password that the person with this address signs in with."""
    ready()
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from mailcall.desk.errors import Refused
    from mailcall.desk.models import Person
    from mailcall.message import comparable
    from mailcall.web.logins import set_password, switch_off

    person = Person.objects.filter(email=comparable(email.strip())).order_by("pk").first()
    if person is None:
        raise click.ClickException(f"Nobody has the address {email}. `mailcall load` adds people.")
    if off:
        if not switch_off(person):
            raise click.ClickException(f"{person} can't sign in anyway.")
        click.echo(f"{person} can't sign in any longer; a new password allows it again.")
        return
    if password is None:
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        validate_password(password)
        login = set_password(person, password)
    except (ValidationError, Refused) as error:
        raise click.ClickException(" ".join(getattr(error, "messages", [str(error)]))) from None
    if superuser:
        login.is_superuser = True
        login.save(update_fields=["is_superuser"])
    click.echo(f"{person} signs in as {login.username}.")
