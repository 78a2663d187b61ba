"""The bytes of the journal's mails where a reader finds them: in memory, or in a file on this machine."""

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django.core.files.storage import FileSystemStorage, default_storage

from mailcall.config import config
from mailcall.desk.models.calls import content_name
from mailcall.inbound.models import ReceivedMail
from mailcall.inbound.spool import claim


def sources_of(mails: Sequence[ReceivedMail]) -> list[bytes | Path]:
    """The bytes of each of these as it came, or the file that has them, in order, by one query.

    What only a storage elsewhere has is fetched; `forget` it once the mail is dealt with. Raises OSError.
    """
    raws = dict(ReceivedMail.objects.filter(pk__in=[mail.pk for mail in mails]).values_list("pk", "raw"))
    return [_file(mail) if (raw := raws[mail.pk]) is None else bytes(raw) for mail in mails]


def forget(mails: Sequence[ReceivedMail]) -> None:
    """Remove what was fetched of these."""
    if not isinstance(default_storage, FileSystemStorage):
        for mail in mails:
            _fetched(mail).unlink(missing_ok=True)


def _file(mail: ReceivedMail) -> Path:
    name = content_name(mail.sha256)
    if isinstance(default_storage, FileSystemStorage):
        return Path(default_storage.path(name))
    with default_storage.open(name) as stored, _fetched(mail).open("wb") as file:
        shutil.copyfileobj(stored, file)
    return _fetched(mail)


def _fetched(mail: ReceivedMail) -> Path:
    return _spool() / str(mail.pk)


@cache
def _spool() -> Path:
    return claim(config().spool_dir / "fetched")
