"""Cutting a listing into batches that fit in memory and in one transaction."""

from collections.abc import Iterable, Iterator

from mailcall.mailbox.interface import BATCH_BYTES, BATCH_MAILS, Listed


def batches(
    listed: Iterable[Listed], *, mails: int = BATCH_MAILS, size: int = BATCH_BYTES
) -> Iterator[list[Listed]]:
    """Batches in order, each of at most so many mails and bytes.

    A mail of unknown size counts as a batch's fair share.
    """
    batch: list[Listed] = []
    held = 0
    for mail in listed:
        weight = size // mails if mail.size is None else mail.size
        if batch and (len(batch) >= mails or held + weight > size):
            yield batch
            batch, held = [], 0
        batch.append(mail)
        held += weight
    if batch:
        yield batch
