"""What is done with one mail: read it, and make a JSON line or a page of it."""

import json
import re
from dataclasses import replace
from pathlib import Path

from mailcall.cli.inspecting.form import File, Form
from mailcall.cli.inspecting.sources import MAX_BYTES, Source
from mailcall.message import read_mail
from mailcall.message.inspection import inspect_mail
from mailcall.message.mail import Mail
from mailcall.message.mime import read_header

_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
_OF_OUTLOOK = "This is an Outlook file (.msg) or an Office file, and no mail; nothing of it was read."
_EMPTY = "This is no mail: it is empty."
_WITHOUT_HEADER = "This is no mail: it has no header."
_SAMPLE = 65_536  # bytes by which text is told from what is none
_MOST_CONTROLS = 0.02  # of the bytes of a text
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\f\r\x1b"))
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
    part = _part(raw)
    no_mail = _no_mail(raw, part)
    if no_mail == _OF_OUTLOOK:
        mail = Mail()
    else:
        mail = read_mail(f"Content-Type: {part}\r\n\r\n".encode() + raw if part else raw)
    if cut:
        defect = f"Only the first {MAX_BYTES // 1024 // 1024} MB of the file were read."
        mail = replace(mail, defects=(*mail.defects, defect))
    binary = no_mail == _WITHOUT_HEADER and _is_binary(raw)
    return _show(mail, File(source.name, len(raw), no_mail, binary), form)


def _no_mail(raw: bytes, part: str) -> str:
    """What a file is that is no mail, in a sentence; else ''."""
    if not raw:
        return _EMPTY
    if raw.startswith(_COMPOUND_FILE):
        return _OF_OUTLOOK
    if part:
        return f"This is no mail, but a part of one ({part.partition(';')[0]})."
    _, _, fields, _ = read_header(raw)
    return "" if fields else _WITHOUT_HEADER


def _is_binary(raw: bytes) -> bool:
    """Whether bytes are no text in any charset: too many of them are control characters."""
    sample = raw[:_SAMPLE]
    return len(sample) - len(sample.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(sample)


def _part(raw: bytes) -> str:
    """The content type of a file that is no mail but a part of one, as people keep them; else ''."""
    head = raw[:100].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((kind for start, kind in _PARTS.items() if head.startswith(start)), "")


def not_shown(source: Source, why: str, form: Form) -> bytes:
    """Show an empty mail in place of one that could not be read, with the reason as its defect."""
    if not form.as_json:
        return valid_utf8(f"{source.name}\n  {why}\n\n")
    return _show(Mail(defects=(why,), unreadable=True), File(source.name, 0), form)


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


def _values(mail: Mail) -> dict[str, object]:
    """What was read of a mail; without its HTML where that can't be cleaned."""
    try:
        return inspect_mail(mail)
    except Exception as error:  # its header and text are still worth having
        if not mail.html:
            raise
        defect = f"Mailcall failed to clean its HTML ({error!r})."
        return inspect_mail(replace(mail, html="", defects=(*mail.defects, defect)))


def _show(mail: Mail, file: File, form: Form) -> bytes:
    if form.as_json:
        if file.no_mail:
            mail = replace(mail, defects=(file.no_mail, *mail.defects))
        return json_line({"file": file.name, **_values(mail)})
    from mailcall.cli.inspecting.page import page  # not needed for JSON

    return valid_utf8(page(mail, file, form))


def _read(source: Source) -> tuple[bytes, bool]:
    """The bytes of a mail, and whether there were more than are read of one."""
    with Path(source.path).open("rb") as file:
        file.seek(source.start)
        length = MAX_BYTES + 1 if source.end is None else min(MAX_BYTES + 1, source.end - source.start)
        raw = file.read(length)
    return raw[:MAX_BYTES], len(raw) > MAX_BYTES
