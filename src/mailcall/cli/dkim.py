"""`mailcall dkim`: the keys by which our own mail is signed, and the records to publish for them."""

import datetime as dt
import re
from typing import TYPE_CHECKING, Literal, TextIO

import click

from mailcall.cli.ready import ready

if TYPE_CHECKING:
    from mailcall.outbound.models import DkimKey

LONGEST_STRING = 255  # of a TXT record (RFC 1035 3.3.14)


@click.group()
def dkim() -> None:
    """Sign what leaves by DKIM (RFC 6376).

    Make a key, publish its record, and switch the key on once DNS knows it.
    """


@dkim.command()
@click.argument("domain")
@click.option("--selector", help="The name of the key; by default that of the month.")
@click.option("--type", "kind", type=click.Choice(["rsa", "ed25519"]), default="rsa", show_default=True)
@click.option("--file", type=click.File(), help="A private key that you have, PEM; - is standard input.")
def create(domain: str, selector: str | None, kind: Literal["rsa", "ed25519"], file: TextIO | None) -> None:
    """Make a key for mail from addresses of DOMAIN, not in use yet, and say what to publish."""
    ready()
    from mailcall.message import ascii_domain
    from mailcall.message.dkim_signing import new_key, public_record
    from mailcall.outbound.models import DkimKey

    name = ascii_domain(domain.strip().lower())
    if not re.fullmatch(r"(?=.{4,190}\Z)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", name):
        raise click.ClickException(f"“{domain}” is no domain.")
    selector = (selector or f"mc{dt.datetime.now(dt.UTC):%Y%m}").lower()
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", selector):
        raise click.ClickException(f"“{selector}” is no selector: letters, digits and hyphens.")
    if DkimKey.objects.filter(domain=name, selector=selector).exists():
        raise click.ClickException(f"There is a key {selector} of {name}; choose another --selector.")
    pem = file.read() if file else new_key(kind)
    try:
        public_record(pem)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    _tell(DkimKey.objects.create(domain=name, selector=selector, private_key=pem))
    click.echo(f"\nThen: mailcall dkim on {name} {selector}")


@dkim.command()
def show() -> None:
    """All keys, with the records to publish for them."""
    ready()
    from mailcall.outbound.models import DkimKey

    keys = list(DkimKey.objects.all())
    for key in keys:
        _tell(key)
    if not keys:
        click.echo("There is no DKIM key; `mailcall dkim create DOMAIN` makes one.")


@dkim.command()
@click.argument("domain")
@click.argument("selector")
@click.option("--unchecked", is_flag=True, help="Though DNS does not show its record from here.")
def on(domain: str, selector: str, unchecked: bool) -> None:
    """Sign with a key, once its record is published. Any other key of the domain is switched off."""
    key = _key(domain, selector)
    if not unchecked and (problem := _not_published(key)):
        raise click.ClickException(problem)
    from django.db import transaction

    from mailcall.outbound.models import DkimKey

    with transaction.atomic():
        DkimKey.objects.filter(domain=key.domain).update(active=False)
        DkimKey.objects.filter(pk=key.pk).update(active=True)
    click.echo(f"Mail from {key.domain} is signed with {key.selector} from now on.")


@dkim.command()
@click.argument("domain")
@click.argument("selector")
def off(domain: str, selector: str) -> None:
    """Sign no longer with a key. Leave its record published for a week: mail is still on its way."""
    key = _key(domain, selector)
    key.active = False
    key.save(update_fields=["active"])
    click.echo(f"Mail from {key.domain} is no longer signed with {key.selector}.")


@dkim.command()
@click.argument("domain")
@click.argument("selector")
def remove(domain: str, selector: str) -> None:
    """Delete a key that is off."""
    key = _key(domain, selector)
    if key.active:
        raise click.ClickException("It is in use: switch it off first, or another on.")
    key.delete()
    click.echo(f"The key {selector} of {domain} is deleted.")


def _key(domain: str, selector: str) -> "DkimKey":
    ready()
    from mailcall.message import ascii_domain
    from mailcall.outbound.models import DkimKey

    key = DkimKey.objects.filter(domain=ascii_domain(domain.lower()), selector=selector.lower()).first()
    if key is None:
        raise click.ClickException(f"There is no key {selector} of {domain}; `mailcall dkim show` lists all.")
    return key


def _tell(key: "DkimKey") -> None:
    click.echo(f"{key.record_name} ({'in use' if key.active else 'not in use'})")
    strings = [key.record[at : at + LONGEST_STRING] for at in range(0, len(key.record), LONGEST_STRING)]
    quoted = " ".join(f'"{string}"' for string in strings)
    click.echo(f"  TXT {quoted}")


def _not_published(key: "DkimKey") -> str:
    """Why DNS does not show its record, in a sentence; empty where it does."""
    from mailcall.inbound.dns import key_lookup
    from mailcall.message.dkim import LookupFailed

    try:
        published = key_lookup()(key.record_name)
    except LookupFailed as failed:
        return f"Nobody says what {key.record_name} holds: {failed}. --unchecked goes on without."
    wanted = key.record.rpartition("p=")[2]
    if wanted not in published.replace(" ", ""):
        found = "another record" if published else "no record"
        return f"DNS has {found} at {key.record_name}. `mailcall dkim show` says what to publish."
    return ""
