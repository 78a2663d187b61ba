"""Scores winmail.dat: the files that another unpacker wrote, by name, size and SHA-256."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from tnefparse import TNEF

from mailcall.message.tnef import unpack_winmail

from .report import CORPORA, Miss, Report, Row

_FOLDER = CORPORA / "mimekit"
_NUMBERED = re.compile(r"\.\d+\Z")  # the unpacker numbers files of one name
_UNTITLED = {"untitled attachment", "untitled_attachment"}  # stands where no name was given

File = tuple[str, bytes]


def score() -> Report:
    """Score us, and tnefparse beside us."""
    report = Report("winmail.dat")
    cases = [json.loads(line) for line in (_FOLDER / "cases.jsonl").read_text().splitlines()]
    missing = {who: [_missing(case, unpack) for case in cases] for who, unpack in _UNPACKERS.items()}
    for measure, counted in _MEASURES.items():
        for who, files in missing.items():
            right = sum(not any(counted(name) for name, _, _ in each) for each in files)
            report.rows.append(Row(measure, who, right, len(cases)))
    for case, files in zip(cases, missing["Mailcall"], strict=True):
        if files:
            names = ", ".join(f"{name} ({size} bytes)" for name, size, _ in files)
            report.misses.append(Miss(case["id"], "a file is missing or differs", names, ""))
    report.notes.append(
        "Some expected text files were stored with LF line ends; content is compared as it is and with its "
        "line ends made so. 'Untitled Attachment' counts as no name. tnefparse is measured as installed: it "
        "leaves rich text compressed."
    )
    return report


_MEASURES: dict[str, Callable[[str], bool]] = {
    "streams with every attachment right (name, size, SHA-256)": lambda name: name not in _BODIES,
    "streams with every attachment and body right": lambda _: True,
}
_BODIES = {"message.txt", "message.html", "message.rtf"}


def _missing(case: dict[str, Any], unpack: Callable[[bytes], list[File]]) -> Counter[tuple[str, int, str]]:
    """Give the expected files that were not found; all of them if the unpacker raised."""
    expected = case["expect"]["extracted"]
    wanted = Counter(_known(name, file["size"], file["sha256"]) for name, file in expected.items())
    try:
        found = unpack((_FOLDER / case["file"]).read_bytes())
    except Exception as error:  # noqa: BLE001 - that is what is measured
        return wanted or Counter([(type(error).__name__, 0, "")])
    return wanted - Counter(known for name, data in found for known in _forms(name, data))


def _known(name: str, size: int, sha256: str) -> tuple[str, int, str]:
    plain = _NUMBERED.sub("", name)
    return ("" if plain.lower() in _UNTITLED else plain, size, sha256)


def _forms(name: str, data: bytes) -> set[tuple[str, int, str]]:
    """Give all that a found file answers to: with and without its name, as it is and with LF line ends."""
    contents = {data, data.replace(b"\r\n", b"\n")}
    return {(each, len(c), hashlib.sha256(c).hexdigest()) for each in ("", name) for c in contents}


def _ours(data: bytes) -> list[File]:
    winmail = unpack_winmail(data)
    return [(file.name, file.data) for file in (*winmail.attachments, *winmail.bodies)]


def _tnefparse(data: bytes) -> list[File]:
    stream = TNEF(data, do_checksum=False)
    files = [(file.long_filename().strip("\0"), bytes(file.data)) for file in stream.attachments]
    html = stream.htmlbody or ""
    bodies = {
        "message.txt": _octets(stream.body or "", stream.codepage),
        "message.html": _octets(html, stream.codepage),
        "message.rtf": stream.rtfbody or b"",
    }
    return files + [(name, body.rstrip(b"\0")) for name, body in bodies.items()]


def _octets(text: str | bytes, codec: str) -> bytes:
    return text.encode(codec, "replace") if isinstance(text, str) else text


_UNPACKERS = {"Mailcall": _ours, "tnefparse": _tnefparse}
