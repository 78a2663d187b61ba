"""What is attached to a mail: files with safe names, their true types, whether the HTML shows them."""

import hashlib
import mimetypes
import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from .file_names import declared_name, name_of, safe_name
from .mail import Attachment, Forwarded
from .mime import Part, parse
from .tnef import Winmail, unpack_winmail
from .true_types import true_type

MAX_MAILS = 20
MAX_CALENDARS = 20
MAX_WINMAILS = 20
MAIL_TYPES = {"message/rfc822", "message/global"}
_TNEF_TYPES = {"application/ms-tnef", "application/vnd.ms-tnef"}
_TNEF_NAME = re.compile(r"(?:winmail|att\d{0,10})\.dat\Z", re.IGNORECASE)
_TNEF_MAGIC = b"\x78\x9f\x3e\x22"  # 0x223E9F78, little-endian (MS-OXTNEF 2.1.3.1)
_UNTOLD = {"application/octet-stream", "application/eml", "application/x-eml", "text/plain"}
_SUBJECT_IN = 65_536
_CID = re.compile(r"cid:([^\"'\s<>)]{1,998})", re.IGNORECASE)
_SOURCE = re.compile(r"(?:src|background|href)\s?=\s?[\"']?([^\"'\s<>]{1,998})", re.IGNORECASE)


@dataclass(slots=True)
class Attachments:
    """Collects the attachments of a mail in order; `mails` and `calendars` are those to read further."""

    defects: list[str]
    found: list[Attachment] = field(default_factory=list)
    mails: list[tuple[int, bytes]] = field(default_factory=list)  # position in `found`, decoded
    calendars: list[tuple[bytes, str]] = field(default_factory=list)  # decoded, and their charset
    winmails: list[Winmail] = field(default_factory=list)
    forwarded: list[Forwarded] = field(default_factory=list)  # in winmail.dat
    locations: dict[str, int] = field(default_factory=dict)  # Content-Location: position in `found`
    container: str = ""  # what is kept from now on was packed in this file

    def keep(self, part: Part, *, inline: bool) -> bytes:
        """Keep a part, and open what is packed in it; give its data."""
        data, defect = part.data()
        if defect:
            self.defects.append(defect)
        if part.content_type == "message/external-body":
            self.defects.append("a part is not in the mail but elsewhere (message/external-body)")
        elif part.content_type == "message/partial":
            self.defects.append("the mail is a fragment of a longer one (message/partial)")
        subject = ""
        if part.content_type in MAIL_TYPES and not declared_name(part):
            subject = parse(data[:_SUBJECT_IN], []).text("subject")
        kind = true_type(data)
        location = part.value("content-location")[:998]
        attachment = Attachment(
            name=name_of(part, len(self.found) + 1, subject, kind),
            content_type=part.content_type,
            data=data,
            sha256=hashlib.sha256(data).hexdigest(),
            inline=inline,
            content_id=part.value("content-id").strip("<> ")[:998],
            true_type=kind,
            container=self.container,
            location=location,
        )
        if location:
            self.locations[location] = len(self.found)
        self.found.append(attachment)
        self.look_into(attachment, part.params.get("charset", ""))
        if data.startswith(_TNEF_MAGIC) and (
            part.content_type in _TNEF_TYPES or _TNEF_NAME.match(attachment.name)
        ):
            self.unpack(attachment)
        return data

    def keep_file(self, name: str, data: bytes) -> None:
        """Keep a file that stood in a text."""
        name = safe_name(name) or f"attachment-{len(self.found) + 1}.bin"
        self.found.append(
            Attachment(
                name=name,
                content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
                data=data,
                sha256=hashlib.sha256(data).hexdigest(),
                inline=False,
                content_id="",
                true_type=true_type(data),
                container=self.container,
            )
        )

    def look_into(self, attachment: Attachment, charset: str = "") -> None:
        """Note the mail or calendar that was found last for further reading."""
        name = attachment.name.lower()
        kind = attachment.content_type
        if kind in MAIL_TYPES or (name.endswith(".eml") and kind in _UNTOLD):
            if len(self.mails) < MAX_MAILS:
                self.mails.append((len(self.found) - 1, attachment.data))
            else:
                self.defects.append(f"more than {MAX_MAILS} attached mails: the rest is not read")
        elif kind in {"text/calendar", "application/ics"} or name.endswith((".ics", ".vcs")):
            if len(self.calendars) < MAX_CALENDARS:
                self.calendars.append((attachment.data, charset))
            else:
                self.defects.append(f"more than {MAX_CALENDARS} calendars: the rest is not read")

    def unpack(self, winmail: Attachment) -> None:
        """Keep what is packed in a winmail.dat beside it."""
        if len(self.winmails) >= MAX_WINMAILS:
            self.defects.append(f"more than {MAX_WINMAILS} winmail.dat: the rest is not unpacked")
            return
        unpacked = unpack_winmail(winmail.data)
        self.winmails.append(unpacked)
        self.defects += unpacked.defects
        before = len(self.found)
        self.forwarded += (
            one if one.attachment is None else replace(one, attachment=before + one.attachment)
            for one in unpacked.forwarded
        )
        read_already = {one.attachment for one in unpacked.forwarded}
        for number, attachment in enumerate(unpacked.attachments):
            self.found.append(replace(attachment, container="winmail.dat"))
            if number not in read_already:
                self.look_into(attachment)
        # The body as it was packed has more than its text: fonts, colours, drawings.
        kept = {attachment.sha256 for attachment in unpacked.attachments}
        self.found += (
            replace(body, container="winmail.dat", inline=True)
            for body in unpacked.bodies
            if body.sha256 not in kept
        )

    def shown_in(self, html: str) -> list[Attachment]:
        """Give all, those inline that the HTML shows, by Content-ID or Content-Location (RFC 2392, 2557)."""
        if not html or not self.found:
            return self.found
        shown = {unquote(cid).lower() for cid in _CID.findall(html)} if "cid:" in html.lower() else set()
        places = set(_SOURCE.findall(html)) if self.locations else set()
        located = {position for location, position in self.locations.items() if location in places}
        return [
            replace(attachment, inline=True)
            if not attachment.inline and (attachment.content_id.lower() in shown or index in located)
            else attachment
            for index, attachment in enumerate(self.found)
        ]
