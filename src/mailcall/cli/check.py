"""`mailcall check` and `mailcall migrate`: is everything there that the service needs?"""

import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import click

from mailcall import keyring
from mailcall.cli.ready import migrate_database, ready
from mailcall.config import config
from mailcall.database.readiness import unapplied


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is right, and a sentence."""

    right: bool
    about: str
    sentence: str


@click.command()
def migrate() -> None:
    """Bring the database up to this version; a copy of the old one is kept beside it."""
    ready(migrated=False)
    done = migrate_database()
    click.echo(f"{done} migrations applied." if done else "The database is of this version already.")


@click.command()
def check() -> None:
    """Verify settings, data folder, keys, database, and each account's and server's sign-in."""
    wrong = 0
    for finding in _findings():
        mark = (
            click.style("ok   ", fg="green") if finding.right else click.style("WRONG", fg="red", bold=True)
        )
        click.echo(f"{mark}  {finding.about}: {finding.sentence}")
        wrong += not finding.right
    if wrong:
        click.echo(f"\n{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
        raise SystemExit(1)
    click.echo("\nEverything is right.")


def _findings() -> Iterator[Finding]:
    settings = config()
    yield Finding(True, "settings", f"pages at {settings.base_url}, data in {settings.data_dir}")
    if not (settings.alarm_command or settings.alarm_url):
        yield Finding(True, "alarms", "only in the log; `alarm_command` or `alarm_url` tells a person")
    folder = _data_folder()
    yield folder
    if not folder.right:
        return
    keys = _keys()
    yield keys
    if not keys.right:
        return
    ready(migrated=False)
    if settings.file_storage:
        yield _file_storage()
    database = _database()
    yield database
    if database.right:
        yield from _secrets_and_accounts()
        yield from _servers()
        yield from _round_trip()


def _data_folder() -> Finding:
    folder = config().data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Finding(False, "data folder", f"{folder} can't be written: {error.strerror}.")
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    if free < 500 * 1024 * 1024:
        return Finding(False, "data folder", f"{folder} has only {free // 1024 // 1024} MB left; make room.")
    return Finding(True, "data folder", f"{folder} can be written, {free // 1024**3} GB free")


def _keys() -> Finding:
    path = config().keys_path
    try:
        ring = config().ring()
    except keyring.KeyringError as error:
        return Finding(False, "keys", str(error))
    if path.stat().st_mode & 0o077:
        return Finding(False, "keys", f"{path} can be read by others; `chmod 600` it.")
    return Finding(True, "keys", f"{len(ring.keys)} in {path}")


def _file_storage() -> Finding:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    name = f".check/{uuid.uuid4().hex}"
    try:
        default_storage.save(name, ContentFile(b"x"))
        with default_storage.open(name) as file:
            right = file.read() == b"x"
        default_storage.delete(name)
    except OSError as error:
        return Finding(False, "file storage", str(error))
    return Finding(right, "file storage", f"{config().file_storage} keeps what it is given")


def _database() -> Finding:
    from django.db import DatabaseError, connection

    from mailcall.service.troubles import explain

    name = config().database_shown
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)" if config().embedded else "SELECT 'ok'")
            answer = cursor.fetchone()[0]
        missing = unapplied()
    except DatabaseError as error:
        return Finding(False, "database", f"{name}: {explain(error)}")
    if answer != "ok":
        return Finding(False, "database", f"{name} is damaged ({answer}). Restore it from a backup.")
    if missing:
        return Finding(
            False, "database", f"{name} lacks {len(missing)} migrations; `mailcall migrate` applies them."
        )
    return Finding(True, "database", f"{name} is whole and of this version")


def _secrets_and_accounts() -> Iterator[Finding]:
    from mailcall.inbound.models import IncomingAccount
    from mailcall.mailbox import open_mailbox
    from mailcall.mailbox.interface import MailboxError

    accounts = IncomingAccount.objects.filter(active=True)
    if not accounts:
        yield Finding(False, "accounts", "There is no active incoming account; `mailcall load` adds one.")
    for account in accounts:
        about = f"account {account.name}"
        if account.is_fed:
            lmtp = config().lmtp_listen
            by = f"by LMTP at {lmtp}" if lmtp else "by LMTP once `lmtp_listen` is set"
            yield Finding(True, about, f"has no mailbox; fed by `mailcall pipe`, or {by}")
            continue
        try:
            waiting = 0
            for settings in account.mailboxes():
                with open_mailbox(account.protocol, settings) as mailbox:
                    waiting += len(mailbox.list())
                    push = "told at once of new mail" if mailbox.can_push else "checked by the clock only"
            yield Finding(True, about, f"signed in, {waiting} mails to collect, {push}")
        except (MailboxError, keyring.KeyringError) as error:
            yield Finding(False, about, str(error))


def _servers() -> Iterator[Finding]:
    from mailcall.desk.models import Partition
    from mailcall.outbound.models import OutgoingServer
    from mailcall.transport.interface import ServerTrouble
    from mailcall.transport.probing import probe

    servers = OutgoingServer.objects.filter(active=True)
    if not servers:
        yield Finding(False, "servers", "There is no active outgoing server; `mailcall load` adds one.")
    for server in servers:
        about = f"server {server.name}"
        try:
            seen = probe(server.protocol, server.transport_settings())
            server.close_breaker()
            server.save(update_fields=OutgoingServer.BREAKER)
            yield Finding(True, about, " ".join(seen))
        except (ServerTrouble, keyring.KeyringError) as error:
            yield Finding(False, about, str(error))
    served = {s.partition_id for s in servers if not (s.sender_domains or s.call_priority)}
    for partition in Partition.objects.all():
        if servers and not served & {None, partition.pk}:
            yield Finding(False, f"partition {partition}", "No active server sends its mail, so it waits.")


def _round_trip() -> Iterator[Finding]:
    from mailcall.service.round_trip import watched_account

    name = config().round_trip_account
    if name and watched_account():
        yield Finding(True, "round trip", f"a mail to account {name} every {config().round_trip_every} s")
    elif name:
        yield Finding(False, "round trip", f"There is no active account {name}; see `round_trip_account`.")
