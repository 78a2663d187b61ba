"""From a mailbox to the journal: nothing is lost, nothing comes twice."""

import datetime as dt
import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import structlog
from django.db import transaction
from django.utils import timezone

from mailcall.checkpoints import checkpoint
from mailcall.config import config
from mailcall.database.rows import insert_rows
from mailcall.desk.models.calls import keep_file
from mailcall.inbound.journalling import Kept, journal_row, journalled, tell
from mailcall.inbound.models import IncomingAccount, KeptMail
from mailcall.keyring import KeyringError
from mailcall.mailbox import batches, open_mailbox
from mailcall.mailbox.interface import (
    BATCH_MAILS,
    LIST_MAILS,
    Fetched,
    FolderError,
    Listed,
    Mailbox,
    MailboxError,
)

log = structlog.get_logger("inbound.collect")

GOOD_EVERY = dt.timedelta(minutes=1)


class CollectFailed(Exception):
    """An account could not be collected. The text is one sentence for people."""


def collect(
    account: IncomingAccount,
    *,
    stop: Callable[[], bool] = lambda: False,
    arrived: Callable[[], None] = lambda: None,
) -> int:
    """Bring all new mail of an account into the journal; how many. The caller works alone on it.

    `arrived` is called whenever the journal has some more, so that they are acted on meanwhile.

    1. The mailbox lists what is there; what it tells apart, and the journal holds, is not fetched again.
    2. A batch is fetched and written raw to the journal, in one transaction.
    3. Only then is the mailbox told to delete, move or keep, also what an earlier run had journalled. What is
       too big, so that the journal has only its header, is set aside.

    All this for each folder; one that can't be used does not stop the others. Raises CollectFailed, after
    writing the sentence to the account.
    """
    try:
        return _collect(account, stop, arrived)
    except (MailboxError, KeyringError) as error:
        _checked(account, str(error))
        raise CollectFailed(f"Account {account.name}: {error}") from None
    except OSError as error:
        _checked(account, f"The mail can't be kept: {error.strerror or error}.")
        raise


def _checked(account: IncomingAccount, error: str) -> None:
    """Remember the check, so that the next one comes with the interval and not at once."""
    IncomingAccount.objects.filter(pk=account.pk).update(last_checked_at=timezone.now(), last_error=error)


def _collect(account: IncomingAccount, stop: Callable[[], bool], arrived: Callable[[], None]) -> int:
    spool = _empty_spool(account)
    new, troubles = 0, list[str]()
    mailboxes = account.mailboxes()
    for settings in mailboxes:
        opened = False
        try:
            with open_mailbox(account.protocol, settings) as mailbox:
                opened = True
                for some in _collect_folder(account, settings.folder, mailbox, spool, stop):
                    new += some
                    if not troubles:
                        _still_good(account)
                    if some:
                        arrived()
        except MailboxError as error:
            of_folder = isinstance(error, FolderError)
            named = of_folder or not opened or len(mailboxes) == 1
            troubles.append(str(error) if named else f"Folder {settings.folder}: {error}")
            if not (opened or of_folder):
                break  # the others are behind the same door
    if troubles:
        raise MailboxError(" ".join(troubles), temporary=True)
    now = timezone.now()
    IncomingAccount.objects.filter(pk=account.pk).update(last_checked_at=now, last_good_at=now, last_error="")
    return new


def _still_good(account: IncomingAccount) -> None:
    """Say that mail comes: a mailbox that is drained for an hour is not one that can't be checked.

    Not of an account of which another folder just failed, since that would never be heard of.
    """
    now = timezone.now()
    last = account.last_good_at
    if (account.last_error and len(account.folders) > 1) or (
        last and dt.timedelta() <= now - last < GOOD_EVERY
    ):
        return
    account.last_good_at = now
    IncomingAccount.objects.filter(pk=account.pk).update(last_good_at=now)


def _collect_folder(
    account: IncomingAccount, folder: str, mailbox: Mailbox, spool: Path, stop: Callable[[], bool]
) -> Iterator[int]:
    """Collect batch after batch, and tell how many new mails each had."""
    more = True
    while more and not stop():
        listed = mailbox.list()
        more = len(listed) >= LIST_MAILS
        for batch in batches(listed, mails=min(BATCH_MAILS, account.session_limit or BATCH_MAILS)):
            if stop():
                break
            new = _collect_batch(account, mailbox, batch, spool)
            _save_mark(account, folder, mailbox.high_water)
            checkpoint("collect.disposed")
            yield new
    _save_mark(account, folder, mailbox.high_water)  # also when mails that it names have gone


def _collect_batch(account: IncomingAccount, mailbox: Mailbox, batch: Sequence[Listed], spool: Path) -> int:
    known = journalled(account, [listed.identity for listed in batch if listed.identity])
    kept = _kept(account, [listed.kept_as for listed in batch if listed.kept_as])
    wanted = [listed for listed in batch if listed.identity not in known and listed.kept_as not in kept]
    fetched = list(mailbox.fetch(wanted, spool)) if wanted else []
    checkpoint("collect.fetched")
    known |= journalled(account, [mail.identity for mail in fetched])
    fresh = {mail.identity: mail for mail in fetched if mail.identity not in known}
    rows = [journal_row(account, mail.identity, _keep(mail)) for mail in fresh.values()]
    header_only = {mail.key: mail.header_only for mail in fetched}
    with transaction.atomic():
        insert_rows(rows)
        _remember_kept(account, [listed for listed in wanted if listed.key in header_only])
    tell(rows, log)
    checkpoint("collect.journalled")
    header_only |= {m.key: known[m.identity] for m in batch if m.identity in known}
    header_only |= {m.key: True for m in batch if m.kept_as in kept}  # it stays, as it did
    mailbox.dispose([key for key, header in header_only.items() if not header])
    if too_big := [key for key, header in header_only.items() if header]:
        mailbox.set_aside(too_big)
    return len(rows)


def _save_mark(account: IncomingAccount, folder: str, mark: str) -> None:
    if mark == account.high_water.get(folder, ""):
        return
    marks = {**account.high_water, folder: mark}
    account.high_water = {name: marks[name] for name in account.folders if marks.get(name)}
    account.save(update_fields=["high_water"])


def _kept(account: IncomingAccount, names: Sequence[str]) -> set[str]:
    if not names:
        return set()
    held = KeptMail.objects.filter(account=account, kept_as__in=names)
    return set(held.values_list("kept_as", flat=True))


def _remember_kept(account: IncomingAccount, mails: Sequence[Listed]) -> None:
    names = [listed.kept_as for listed in mails if listed.kept_as]
    insert_rows((KeptMail(account=account, kept_as=name) for name in names), ignore_conflicts=True)


def _keep(mail: Fetched) -> Kept:
    if mail.header_only:
        raw = mail.raw or b""
        return Kept(mail.size, hashlib.sha256(raw).hexdigest(), raw, header_only=True)
    if mail.file is not None:
        with mail.file.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        keep_file(sha256, mail.file)
        return Kept(mail.size, sha256, None)
    raw = mail.raw or b""
    return Kept(mail.size, hashlib.sha256(raw).hexdigest(), raw)


def _empty_spool(account: IncomingAccount) -> Path:
    """The account's own spool, without what a killed run left there."""
    spool: Path = config().spool_dir / str(account.pk)
    shutil.rmtree(spool, ignore_errors=True)
    spool.mkdir(parents=True, exist_ok=True)
    return spool


def due(account: IncomingAccount, now: dt.datetime) -> bool:
    """Whether its interval has passed since the last check; also when the clock was set back."""
    last = account.last_checked_at
    interval = dt.timedelta(seconds=account.check_interval or config().check_interval)
    return last is None or not (dt.timedelta() <= now - last < interval)
