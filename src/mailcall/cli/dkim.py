"""`mailcall dkim`: the keys by which our own mail is signed, and the records to publish for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TextIO

import click

from mailcall.cli.ready import ready

if TYPE_CHECKING:
    from mailcall.outbound.models import DkimKey


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
    from mailcall.outbound import dkim_keys

    with _told():
        key = dkim_keys.make(domain, selector or "", kind, file.read() if file else "")
    _tell(key)
    click.echo(f"\nThen: mailcall dkim on {key.domain} {key.selector}")


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
    from mailcall.inbound.dns import key_lookup
    from mailcall.outbound import dkim_keys

    if not unchecked:
        with _told("`mailcall dkim show` says what to publish; --unchecked goes on without."):
            dkim_keys.refuse_unpublished(key, key_lookup())
    dkim_keys.switch_on(key)
    click.echo(f"Mail from {key.domain} is signed with {key.selector} from now on.")


@dkim.command()
@click.argument("domain")
@click.argument("selector")
def off(domain: str, selector: str) -> None:
    """Sign no longer with a key. Leave its record published for a week: mail is still on its way."""
    key = _key(domain, selector)
    from mailcall.outbound import dkim_keys

    dkim_keys.switch_off(key)
    click.echo(f"Mail from {key.domain} is no longer signed with {key.selector}.")


@dkim.command()
@click.argument("domain")
@click.argument("selector")
def remove(domain: str, selector: str) -> None:
    """Delete a key that is off."""
    key = _key(domain, selector)
    from mailcall.outbound import dkim_keys

    with _told():
        dkim_keys.remove(key)
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
    from mailcall.outbound.dkim_keys import txt_value

    click.echo(f"{key.record_name} ({'in use' if key.active else 'not in use'})")
    click.echo(f"  TXT {txt_value(key)}")


@contextmanager
def _told(advice: str = "") -> Iterator[None]:
    """Tell why something is refused, and what can be done."""
    from mailcall.desk.errors import Refused

    try:
        yield
    except Refused as refusal:
        raise click.ClickException(f"{refusal} {advice}".strip()) from None
