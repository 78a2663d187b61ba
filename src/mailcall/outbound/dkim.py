"""Which of our DKIM keys signs which mail."""

import datetime as dt
import time

from mailcall.keyring import KeyringError
from mailcall.message.dkim_signing import Signer, read_key
from mailcall.outbound.models import DkimKey

FRESH = 5.0  # seconds for which the keys are remembered


class Signing:
    """The keys in use, for one run of a server."""

    def __init__(self) -> None:
        self._signers: list[Signer] | None = None
        self._until = 0.0

    def refresh(self) -> None:
        """Ask for the keys, if that is long ago. Raises KeyringError when one can't be read at first.

        Later those known before go on to sign: what was sent meanwhile must be recorded.
        """
        if time.monotonic() < self._until:
            return
        self._until = time.monotonic() + FRESH
        try:
            self._signers = [_signer(key) for key in DkimKey.objects.filter(active=True)]
        except KeyringError:
            if self._signers is None:
                raise

    def sign(self, raw: bytes, sender: str, at: dt.datetime) -> bytes:
        """The mail signed by the key nearest to its sender's domain, the newest of several; else as it is."""
        serving = [signer for signer in self._signers or () if signer.serves(sender)]
        if not serving:
            return raw
        return max(reversed(serving), key=lambda signer: len(signer.domain)).sign(raw, at)


def _signer(key: DkimKey) -> Signer:
    return Signer(key.domain, key.selector, read_key(key.private_key.reveal()))
