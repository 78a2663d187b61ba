"""What IMAP tells of mails (RFC 3501 7.2.5, 7.4.2), and how it names several of them."""

import contextlib
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailcall.mailbox.imap_wire import Response, number
from mailcall.mailbox.interface import MOST_HEADER

WHOLE = b"(UID RFC822.SIZE INTERNALDATE BODY.PEEK[])"
HEADER = b"(UID INTERNALDATE BODY.PEEK[HEADER]<0.%d>)" % MOST_HEADER

_FLAGS = re.compile(rb"FLAGS \([^)]*\)")
_BODY_QUOTED = re.compile(rb'BODY\[(?:HEADER)?\](?:<0>)? "((?:[^"\\]|\\.)*)"', re.DOTALL | re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d{1,18})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,18})\b")
_ARRIVED = re.compile(rb'INTERNALDATE "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Content:
    """A mail, or its header, as it was handed over."""

    uid: int
    body: bytes | Path
    arrived: dt.datetime | None


def found_in(responses: Iterable[Response]) -> Sequence[int]:
    """What a search found. Raises ProtocolViolation."""
    return [
        number(word)
        for response in responses
        if response.text[:6].upper() == b"SEARCH"
        for word in response.text[6:].split()
    ]


def sizes_in(responses: Iterable[Response]) -> dict[int, int]:
    """Sizes in bytes by UID, where both were said."""
    sizes = dict[int, int]()
    for response in responses:
        uid, size = _UID.search(response.text), _SIZE.search(response.text)
        if uid and size:
            sizes[int(uid[1])] = int(size[1])
    return sizes


def content_in(response: Response) -> Content | None:
    """The answer to WHOLE or HEADER, or None if it is another."""
    text = _FLAGS.sub(b"", response.text)
    body: bytes | Path | None = response.literals[-1] if response.literals else None
    if body is None and (quoted := _BODY_QUOTED.search(text)):
        body = re.sub(rb"\\(.)", rb"\1", quoted[1])
        text = text[: quoted.start()] + text[quoted.end() :]
    uid = _UID.search(text)
    if uid is None or body is None:
        return None
    arrived = _ARRIVED.search(text)
    return Content(int(uid[1]), body, _internal_date(arrived[1]) if arrived else None)


def uid_set(uids: Iterable[int]) -> bytes:
    """`1:3,7` for 1, 2, 3, 7 (RFC 3501 sequence-set): only UIDs that were asked for."""
    ranges: list[list[int]] = []
    for uid in uids:
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return b",".join(b"%d" % first if first == last else b"%d:%d" % (first, last) for first, last in ranges)


def _internal_date(text: bytes) -> dt.datetime | None:
    with contextlib.suppress(ValueError):
        return dt.datetime.strptime(text.decode("ascii", "replace").strip(), "%d-%b-%Y %H:%M:%S %z")
    return None
