"""The header fields that say who wrote to whom, when, and in which thread, as data."""

import re

from .addresses import scan_addresses
from .decoding import clean_value, decode_raw_value
from .domains import with_a_labels
from .mail import Mailbox
from .mime import Part

MAX_IDS = 200
_MAX_ADDRESS_BYTES = 4 * 1024 * 1024
_MAX_INTERNATIONAL = 500  # each costs some 50 microseconds
_BRACKETED = re.compile(r"<([^<>]{1,990})>")
_BETWEEN = re.compile(r"""[\s<>,;"]+""")


def read_addresses(part: Part, name: str, defects: list[str]) -> tuple[Mailbox, ...]:
    """Read every field of that name; the first international domains are in A-labels."""
    found: list[Mailbox] = []
    international = 0
    for raw in part.raw(name):
        # Address lists are longer than other values may be.
        value = clean_value(decode_raw_value(raw, part.hint, _MAX_ADDRESS_BYTES))
        boxes, complete = scan_addresses(value)
        if not complete:
            defects.append(f"the addresses in {name.title()} are too many: the rest is left out")
        for box in boxes:
            plain = box.address.isascii() or international >= _MAX_INTERNATIONAL
            international += not plain
            found.append(box if plain else Mailbox(box.name, with_a_labels(box.address)))
    return tuple(found)


def read_ids(value: str) -> tuple[str, ...]:
    """Give the `<...>` ids of a value (RFC 5322 3.6.4), in order, without repeats; a bare one gets brackets.

    Spaces within brackets came from folding and are left out. Exchange's `<[...]@x>` are ids like others.
    """
    found = [
        f"<{''.join(inside.split())}>"
        for inside in _BRACKETED.findall(value)
        if "@" in inside or len(inside.split()) == 1
    ]
    if not found and "@" not in value and len(value.split()) == 1:
        found = [f"<{value.strip('<> ')[:990]}>"] if value.strip("<> ") else []
    elif not found:
        found = [
            f"<{bare.strip('.()')}>" for bare in _BETWEEN.split(value) if "@" in bare and len(bare) < 990
        ]
    if len(found) > MAX_IDS:  # the thread's start and its latest mails are what is looked up
        found = found[:20] + found[-(MAX_IDS - 20) :]
    return tuple(dict.fromkeys(found))
