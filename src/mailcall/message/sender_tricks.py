"""What is odd about the sender of a mail, in sentences for people. Nothing here grants or refuses."""

import re
import unicodedata
from collections.abc import Collection, Iterator

from .domains import ascii_domain, comparable
from .lookalikes import looks_like, mixed_scripts, readable
from .mail import Mail, Mailbox

_MAX_BOXES = 5
_MAX_NAME = 500
_ADDRESS = re.compile(r"[^\s<>\"'@]{1,64}@([^\s<>\"'@]{1,255})")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")


def notes_on_sender(mail: Mail, own_addresses: Collection[str]) -> Iterator[str]:
    """Give the notes on From, Sender and Reply-To. `own_addresses` are the desk's, comparable."""
    own_domains = {_domain(address) for address in own_addresses} - {""}
    if mail.from_header_count > 1 or len(mail.from_) > 1:
        yield f"From names {', '.join(_shown(box.address) for box in mail.from_[:_MAX_BOXES])}."
    for box in mail.from_[:_MAX_BOXES]:
        yield from _notes_on_name(box, own_addresses, own_domains)
        for note in (looks_like(_domain(box.address), own_domains), mixed_scripts(_domain(box.address))):
            if note:
                yield note
    if len(mail.from_) == 1:
        yield from _notes_on_others(mail)


def _notes_on_name(
    box: Mailbox, own_addresses: Collection[str], own_domains: Collection[str]
) -> Iterator[str]:
    name, address = box.name[:_MAX_NAME], comparable(box.address)
    if "@" not in name and "." not in name:
        return
    for match in _ADDRESS.finditer(name):
        if comparable(match[0]) == address:
            continue
        ours = comparable(match[0]) in own_addresses or _domain(match[0]) in own_domains
        shown = _shown(match[0]) + (", which is ours" if ours else "")
        yield f"The sender's name shows {shown}, but the mail is from {_shown(box.address)}."
    for match in _HOST.finditer(_ADDRESS.sub(" ", name)):
        host = ascii_domain(match[0])
        if host in own_domains and not f".{_domain(box.address)}".endswith("." + host):
            yield f"The sender's name shows our domain {host}, but the mail is from {_shown(box.address)}."


def _notes_on_others(mail: Mail) -> Iterator[str]:
    domain = _domain(mail.from_[0].address)
    for what, boxes in (("Sender is", mail.sender), ("Answers are asked to go to", mail.reply_to)):
        others = [box.address for box in boxes[:_MAX_BOXES] if _domain(box.address) not in {domain, ""}]
        if others:
            yield f"{what} {', '.join(map(_shown, others))}, of another domain than From."


def _domain(address: str) -> str:
    return ascii_domain(address.rpartition("@")[2].strip().rstrip(".")) if "@" in address else ""


def _shown(address: str) -> str:
    """An address for people, without the characters that would have it shown as another."""
    local, at, domain = address[:300].rpartition("@")
    text = f"{local}{at}{readable(domain)}"
    return "".join(char for char in text if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"})
