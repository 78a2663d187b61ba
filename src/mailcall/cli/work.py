"""`mailcall collect`, `deliver` and `retry`: the service's work, once and by hand."""

import click

from mailcall.cli.ready import ready


def _once(_ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    if not value:
        raise click.BadParameter("say --once; `mailcall run` does it all the time.")
    return value


once = click.option("--once", is_flag=True, callback=_once, help="Do it once and end.")


@click.command()
@once
@click.option("--account", "name", help="Only this account.")
def collect(once: bool, name: str | None) -> None:
    """Collect new mail from every active account, and act on it."""
    ready()
    from mailcall.inbound import act
    from mailcall.inbound.collect import CollectFailed
    from mailcall.inbound.collect import collect as collect_account
    from mailcall.inbound.models import IncomingAccount
    from mailcall.service.locks import Busy, acting, alone

    accounts = IncomingAccount.to_collect().select_related("template__partition")
    if name:
        accounts = accounts.filter(name=name)
        if not accounts:
            if IncomingAccount.objects.filter(active=True, name=name).exists():
                raise click.ClickException(f"The account {name} has no mailbox: its mail is handed over.")
            raise click.ClickException(f"There is no active account named {name}.")
    failed = False
    for account in accounts:
        try:
            with alone(f"collect-{account.pk}") as lost:
                click.echo(f"{account.name}: {collect_account(account, stop=lost)} new")
        except (CollectFailed, Busy) as error:
            click.echo(str(error), err=True)
            failed = True
    try:
        with acting() as lost:
            done = sum(act.act_on_all(stop=lost))
        click.echo(f"acted on {done}")
    except Busy:
        click.echo("The running service acts on them.")
    if failed:
        raise SystemExit(1)


@click.command()
@once
def deliver(once: bool) -> None:
    """Send what is due through every active outgoing server."""
    ready()
    from mailcall.outbound.deliver import deliver as deliver_by
    from mailcall.outbound.models import OutgoingServer
    from mailcall.service.locks import Busy, alone

    failed = False
    for server in OutgoingServer.objects.filter(active=True):
        try:
            with alone(f"deliver-{server.pk}") as lost:
                click.echo(f"{server.name}: {deliver_by(server, stop=lost)} tried")
        except Busy as error:
            click.echo(f"{server.name}: {error}", err=True)
        server.refresh_from_db()
        if server.last_error:
            click.echo(f"{server.name}: {server.last_error}", err=True)
            failed = True
    if failed:
        raise SystemExit(1)


@click.command()
@click.argument("mail", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="All held mail.")
def retry(mail: int | None, everything: bool) -> None:
    """Have held mail acted on again."""
    ready()
    from mailcall.desk.errors import Refused
    from mailcall.inbound import journal
    from mailcall.inbound.models import ReceivedMail

    if everything:
        click.echo(f"{journal.retry_all()} mails will be tried again.")
        return
    if mail is None:
        raise click.UsageError("Name a mail, or say --all.")
    found = ReceivedMail.objects.filter(pk=mail).first()
    if found is None:
        raise click.ClickException(f"There is no mail {mail}.")
    try:
        journal.retry(found)
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Mail {mail} will be tried again.")
