"""How right headers and attachments are read, by what six projects expect of mails that they keep for it."""

import datetime as dt
import hashlib
import html
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.utils import getaddresses
from typing import Any

from mailcall.message import Mail, Mailbox, comparable
from mailcall.message.reading import read_mail_strictly

from .report import CORPORA, Miss, Report, Row

FOLDERS = (
    "stalwart-mail-parser",
    "apache-mime4j",
    "mikel-mail",
    "zammad",
    "django-helpdesk",
    "freescout",
)
MEASURES = ("subjects", "addresses", "ids", "dates", "attachment names", "attachment hashes")
_HEADERS = {"from": "from_", "to": "to", "cc": "cc", "reply-to": "reply_to", "sender": "sender"}

EXPLANATIONS = {
    "unreadable expectation": "What is expected has a replacement character where the mail has raw 8-bit "
    "bytes: RFC 2047 forbids them, but the charset of the text tells which letters they are.",
    "uuencode": "`x-uuencode` is an encoding that RFC 2045 6.3 leaves to private agreement; the one project "
    "keeps the encoded bytes, we (as Zammad does) decode them, so that the picture opens.",
    "two References fields": "RFC 5322 3.6 allows one field; the project reads the first, we read both, as "
    "an id too many costs nothing and a missing one breaks the thread.",
    "subject cut short": "Zammad cuts the title of its ticket; the mail's subject goes on.",
    "address with a space": "`Test test@example.com` without brackets: the project takes all of it for the "
    "address, but no address has a space outside quotes (RFC 5322 3.2.3); we read a name and an address.",
}


@dataclass(frozen=True)
class Check:
    """One expectation: what is measured, under which name `unsound.json` leaves it out, wanted and got."""

    measure: str
    field: str
    wanted: Any
    got: Any

    @property
    def right(self) -> bool:
        """Whether what was read is what was wanted, or holds it, where a set is given."""
        if isinstance(self.got, (set, Counter)):
            return self.wanted in self.got
        return bool(self.wanted == self.got)


def score() -> Report:
    """Read all mails of the six corpora, and compare."""
    report = Report("Parse trees", explanations=EXPLANATIONS)
    unsound = json.loads((CORPORA / "unsound.json").read_text())["parse"]
    total: Counter[tuple[str, bool]] = Counter()
    for folder in FOLDERS:
        counts: Counter[tuple[str, bool]] = Counter()
        for case in _cases(folder):
            mail = read_mail_strictly((CORPORA / folder / case["file"]).read_bytes())
            for check in _checks(folder, case, mail):
                if _left_out(unsound.get(case["id"], {}), check):
                    continue
                counts[check.measure, check.right] += 1
                if not check.right:
                    kind = _kind(case["id"], check)
                    report.misses.append(Miss(case["id"], kind, str(check.wanted), str(check.got)))
        report.rows += _rows(folder, counts)
        total += counts
    report.rows += _rows("all six", total)
    report.notes.append(_crashes())
    return report


def _kind(case: str, check: Check) -> str:
    """Name the kind of a miss, '' for one that nobody has looked into."""
    if "\ufffd" in str(check.wanted):
        return "unreadable expectation"
    return _KINDS.get(case, "")


_KINDS = {
    "stalwart-legacy-048": "uuencode",
    "mikel-error_emails-multiple_references_with_one_invalid": "two References fields",
    "zammad-process-process_simple-20": "subject cut short",
    "zammad-parse-mail087": "address with a space",
}


def _cases(folder: str) -> Iterator[dict[str, Any]]:
    for line in (CORPORA / folder / "cases.jsonl").read_text().splitlines():
        yield json.loads(line)


def _rows(where: str, counts: Counter[tuple[str, bool]]) -> list[Row]:
    return [
        Row(
            f"{where}: {measure}",
            "Mailcall",
            counts[measure, True],
            counts[measure, True] + counts[measure, False],
        )
        for measure in MEASURES
        if counts[measure, True] + counts[measure, False]
    ]


def _left_out(unsound: dict[str, str], check: Check) -> bool:
    """Say whether `unsound.json` names a field, or `field:part of what is expected`."""
    name = check.field.partition(":")[0]
    wanted = f"{check.field} {check.wanted}"
    return any(
        left_out in {"*", name} or (left_out.startswith(f"{name}:") and left_out.partition(":")[2] in wanted)
        for left_out in unsound
    )


def _crashes() -> str:
    """Read every file of all corpora, whatever it is."""
    files = [path for path in CORPORA.rglob("*") if path.is_file() and path.stat().st_size < 5_000_000]
    for path in files:
        read_mail_strictly(path.read_bytes())
    return f"Every one of the {len(files)} files of all corpora, mails or not, reads without an error."


def _checks(folder: str, case: dict[str, Any], mail: Mail) -> Iterator[Check]:
    expect = case["expect"]
    if folder == "stalwart-mail-parser":
        yield from _stalwart(expect, mail)
    elif folder == "apache-mime4j":
        yield from _mime4j(expect, mail)
    elif folder == "mikel-mail":
        yield from _mikel(expect, mail)
    elif folder == "zammad":
        yield from _zammad(expect, mail)
    else:
        yield from _helpdesk(expect, mail)


def _stalwart(expect: dict[str, Any], mail: Mail) -> Iterator[Check]:
    if "subject" in expect:
        yield Check("subjects", "subject", _words(expect["subject"]), _words(mail.subject))
    for header in ("from", "to"):
        boxes = [box for box in expect.get(header) or [] if box.get("address")]
        if boxes:
            wanted = [(_words(box.get("name") or ""), comparable(box["address"])) for box in boxes]
            yield Check("addresses", header, wanted, _pairs(_boxes(mail, header)))
    if "message_id" in expect:
        yield Check("ids", "message_id", expect["message_id"], mail.message_id.strip("<>"))
    yield from _date(expect, mail)
    names, hashes = _names(mail), {attachment.sha256 for attachment in mail.attachments}
    for attachment in expect["attachments"]:
        params = {**(attachment.get("ct_params") or {}), **(attachment.get("disp_params") or {})}
        name = params.get("filename") or params.get("name")
        if name:
            yield Check("attachment names", f"att_name:{name}", _words(name), names)
        if attachment.get("sha256"):
            yield Check("attachment hashes", f"att_hash:{name}", attachment["sha256"], hashes)


def _mime4j(expect: dict[str, Any], mail: Mail) -> Iterator[Check]:
    fields: dict[str, str] = {}
    for field in expect["root_fields"]:
        name, _, value = field.partition(":")
        fields.setdefault(name.strip().lower(), " ".join(value.split()))
    if "subject" in fields:
        yield Check("subjects", "subject", _words(_decoded(fields["subject"])), _words(mail.subject))
    for header in _HEADERS:
        if fields.get(header):
            wanted = [comparable(address) for _, address in getaddresses([fields[header]]) if address]
            yield Check("addresses", header, wanted, _addresses(_boxes(mail, header)))
    if "message-id" in fields:
        yield Check("ids", "message_id", fields["message-id"].strip("<> "), mail.message_id.strip("<>"))
    hashes = {attachment.sha256 for attachment in mail.attachments}
    for leaf in expect["leaves"]:
        if leaf["kind"] == "binary-body" and ".m" not in leaf["path"]:  # attached mails stay whole
            yield Check("attachment hashes", f"leaf:{leaf['path']}", leaf["sha256"], hashes)


def _mikel(expect: dict[str, Any], mail: Mail) -> Iterator[Check]:
    if "subject" in expect:
        yield Check("subjects", "subject", _words(expect["subject"]), _words(mail.subject))
    for header, name in _HEADERS.items():
        if name.rstrip("_") in expect:
            told = expect[name.rstrip("_")]
            wanted = [comparable(address) for address in ([told] if isinstance(told, str) else told)]
            yield Check("addresses", header, wanted, _addresses(_boxes(mail, header)))
        if f"{header}_display" in expect:
            shown = {box.name for box in _boxes(mail, header)}
            yield Check("addresses", f"{header}_name", expect[f"{header}_display"], shown)
    for field, got in (("in_reply_to", mail.in_reply_to), ("references", mail.references)):
        if field in expect:
            yield Check("ids", field, expect[field], [one.strip("<>") for one in got])
    if "message_id" in expect:
        yield Check("ids", "message_id", expect["message_id"], mail.message_id.strip("<>"))
    yield from _date(expect, mail)
    for name in expect.get("attachment_filenames", []):
        yield Check("attachment names", f"att_name:{name}", name, _names(mail))


def _zammad(expect: dict[str, Any], mail: Mail) -> Iterator[Check]:
    subject = expect.get("subject") or (expect.get("ticket") or {}).get("title", "-")
    if subject not in {"", "-"}:
        yield Check("subjects", "subject", _words(subject), _words(mail.subject))
    told = expect.get("from_email") or expect.get("sender_email")
    if told:
        yield Check("addresses", "from", [told.lower()], _addresses(mail.from_))
    if expect.get("from_display_name"):
        shown = {_words(box.name) for box in mail.from_}
        yield Check("addresses", "from_name", _words(expect["from_display_name"]), shown)
    for header in ("to", "cc", "reply-to"):
        if expect.get(header):
            wanted = [comparable(address) for _, address in getaddresses([expect[header]]) if address]
            yield Check("addresses", header, wanted, _addresses(_boxes(mail, header)))
    names = _names(mail)
    # Texts have CRLF on the wire (RFC 2046 4.1.1); Zammad keeps them with LF.
    forms = (form for one in mail.attachments for form in (one.data, one.data.replace(b"\r\n", b"\n")))
    hashes = {hashlib.md5(form).hexdigest() for form in forms}
    for attachment in expect.get("attachments") or []:
        if attachment.get("is_html_original_copy"):
            continue  # Zammad's own copy of the body
        name = html.unescape(attachment["filename"])
        yield Check("attachment names", f"att_name:{name}", _words(name), names)
        if "md5" in attachment:
            yield Check("attachment hashes", f"att_hash:{name}", attachment["md5"], hashes)


def _helpdesk(expect: dict[str, Any], mail: Mail) -> Iterator[Check]:
    if "subject" in expect:
        yield Check("subjects", "subject", _words(expect["subject"]), _words(mail.subject))
    if "subject_startswith" in expect:
        start = _words(expect["subject_startswith"])
        yield Check("subjects", "subject", start, _words(mail.subject)[: len(start)])
    if "attachment_filename" in expect:
        yield Check("attachment names", "att_name", _words(expect["attachment_filename"]), _names(mail))
    if "attachment_startswith" in expect:
        starts = {
            one.data[: len(expect["attachment_startswith"])].decode("latin-1") for one in mail.attachments
        }
        yield Check("attachment hashes", "att_hash", expect["attachment_startswith"], starts)


def _date(expect: dict[str, Any], mail: Mail) -> Iterator[Check]:
    if expect.get("date"):
        wanted = dt.datetime.fromisoformat(expect["date"])
        wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=dt.UTC)
        yield Check("dates", "date", wanted, mail.date)


def _boxes(mail: Mail, header: str) -> tuple[Mailbox, ...]:
    boxes: tuple[Mailbox, ...] = getattr(mail, _HEADERS[header])
    return boxes


def _pairs(boxes: tuple[Mailbox, ...]) -> list[tuple[str, str]]:
    return [(_words(box.name), comparable(box.address)) for box in boxes]


def _addresses(boxes: tuple[Mailbox, ...]) -> list[str]:
    return [comparable(box.address) for box in boxes]


def _names(mail: Mail) -> set[str]:
    return {_words(attachment.name) for attachment in mail.attachments}


def _decoded(value: str) -> str:
    return str(policy.default.header_factory("subject", value))


def _words(text: str) -> str:
    """Make texts comparable whose white space and composition differ."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
