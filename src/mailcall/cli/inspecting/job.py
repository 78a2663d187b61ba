"""What is done with one mail: read it, and make a JSON line or a page of it."""

import json
import re
from dataclasses import replace
from pathlib import Path

from mailcall.cli.inspecting.form import Form
from mailcall.cli.inspecting.sources import Source
from mailcall.message import read_mail
from mailcall.message.inspection import inspect_mail
from mailcall.message.mail import Mail

MAX_BYTES = 256 * 1024 * 1024
_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
_NOT_A_MAIL = (
    "This is no mail as it was sent, but a file of Outlook (.msg) or Office; nothing of it was read."
)
# What people have kept of a mail without its header: how it begins, and what it is.
_PARTS = {
    bytes.fromhex("789f3e22"): "application/ms-tnef; name=winmail.dat",
    b"<!doctype html": "text/html",
    b"<html": "text/html",
    b"begin:vcalendar": "text/calendar",
}
# What some readers of lines take for the end of one, and what a terminal may obey; JSON escapes the rest.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029]")


def shown(source: Source, form: Form) -> bytes:
    """Read one mail and show it. Raises OSError where the file can't be read."""
    raw, cut = _read(source)
    if raw.startswith(_COMPOUND_FILE):
        return _show(source, Mail(defects=(_NOT_A_MAIL,)), len(raw), form)
    part = _part(raw)
    mail = read_mail(f"Content-Type: {part}\r\n\r\n".encode() + raw if part else raw)
    if part:
        mail = _with_defect(mail, f"This is no mail, but a part of one ({part.partition(';')[0]}).")
    if cut:
        mail = _with_defect(mail, f"Only the first {MAX_BYTES // 1024 // 1024} MB of the file were read.")
    return _show(source, mail, len(raw), form)


def _part(raw: bytes) -> str:
    """The content type of a file that is no mail but a part of one, as people keep them; else ''."""
    head = raw[:100].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((kind for start, kind in _PARTS.items() if head.startswith(start)), "")


def _with_defect(mail: Mail, defect: str) -> Mail:
    return replace(mail, defects=(*mail.defects, defect))


def not_shown(source: Source, why: str, form: Form) -> bytes:
    """Show an empty mail in place of one that could not be read, with the reason as its defect."""
    if not form.as_json:
        return valid_utf8(f"{source.name}\n  {why}\n\n")
    return _show(source, Mail(defects=(why,), unreadable=True), 0, form)


def json_line(values: dict[str, object]) -> bytes:
    """One object on one line of valid UTF-8; a lone surrogate becomes U+FFFD."""
    text = json.dumps(values, ensure_ascii=False)
    return valid_utf8(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)) + b"\n"


def valid_utf8(text: str) -> bytes:
    """Encode a text; each lone surrogate becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _show(source: Source, mail: Mail, size: int, form: Form) -> bytes:
    if form.as_json:
        return json_line({"file": source.name, **inspect_mail(mail)})
    from mailcall.cli.inspecting.page import page  # not needed for JSON

    return valid_utf8(page(source.name, mail, size, form))


def _read(source: Source) -> tuple[bytes, bool]:
    """The bytes of a mail, and whether there were more than are read of one."""
    with Path(source.path).open("rb") as file:
        file.seek(source.start)
        length = MAX_BYTES + 1 if source.end is None else min(MAX_BYTES + 1, source.end - source.start)
        raw = file.read(length)
    return raw[:MAX_BYTES], len(raw) > MAX_BYTES
