"""Reads addresses as people type and paste them: between commas, semicolons, blanks or line breaks."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.headerregistry import Address

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from mailcall.message import address_ok, comparable, with_a_labels
from mailcall.message.header_writing import clean_line

Mailbox = tuple[str, str]  # name and address
MOST_TYPED = 60_000  # characters; more are not looked at
_NAMED = re.compile(r'(?:"(?P<quoted>[^"]*)"|(?P<name>[^<>"]*?))\s*<(?P<address>[^<>\s]+)>\Z')


@dataclass(frozen=True, slots=True)
class Typed:
    """The mailboxes that were typed, each once, and what is none."""

    mailboxes: tuple[Mailbox, ...]
    wrong: tuple[str, ...]


def read_typed(text: str) -> Typed:
    """Read a list of addresses with or without names. Never raises; the cost is linear."""
    found: dict[str, Mailbox] = {}
    wrong: list[str] = []
    for part in _parts(text[:MOST_TYPED]):
        mailbox = _mailbox(part)
        if mailbox:
            found.setdefault(comparable(mailbox[1]), mailbox)
        else:
            wrong.append(clean_line(part)[:100])
    if len(text) > MOST_TYPED:
        wrong.append(f"all after the first {MOST_TYPED} characters")
    return Typed(tuple(found.values()), tuple(dict.fromkeys(wrong)))


def as_typed(name: str, address: str) -> str:
    """A mailbox as one would type it."""
    name = clean_line(name)
    if not name or any(sign in name for sign in '<>"'):
        return address
    try:
        return str(Address(display_name=name, addr_spec=address)) if _parted(name) else f"{name} <{address}>"
    except (ValueError, IndexError):
        return address


def all_as_typed(mailboxes: Iterable[Mailbox]) -> str:
    """Several of them."""
    return ", ".join(as_typed(*mailbox) for mailbox in mailboxes)


def _parted(name: str) -> bool:
    return "," in name or ";" in name


def _parts(text: str) -> Iterator[str]:
    """What stands between separators that are not within quotation marks."""
    begin, within = 0, False
    for at, sign in enumerate(text):
        if sign == '"':
            within = not within
        elif sign == "\n" or (sign in ",;" and not within):
            yield from _unpacked(text[begin:at])
            begin, within = at + 1, False
    yield from _unpacked(text[begin:])


def _unpacked(part: str) -> Iterator[str]:
    """Bare addresses between blanks are several."""
    words = part.split()
    if words and not any(sign in part for sign in '<>"') and all("@" in word for word in words):
        yield from words
    elif words:
        yield part.strip()


def _mailbox(part: str) -> Mailbox | None:
    if len(part) > 1_000:
        return None
    match = _NAMED.match(part)
    name, address = (match["quoted"] or match["name"] or "", match["address"]) if match else ("", part)
    address = with_a_labels(address)
    try:
        validate_email(address)
    except ValidationError:
        return None
    return (clean_line(name)[:200], address) if address_ok(address) else None
