"""Finds the files that old programs wrote into the text of a mail by uuencode (POSIX)."""

import base64
import binascii
import re
from dataclasses import dataclass

from .transfer import uu_line

_BEGIN = re.compile(r"begin(-base64)? [0-7]{3,4} (\S[^\n]{0,250})\Z")


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """A file that stood in a text."""

    name: str
    data: bytes


def take_files(text: str) -> tuple[str, list[EncodedFile], list[str]]:
    """Take uuencoded files out of a text with LF line ends; give what remains, the files, and defects."""
    if "begin" not in text:
        return text, [], []
    kept: list[str] = []
    files: list[EncodedFile] = []
    defects: list[str] = []
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        begin = _BEGIN.match(lines[index]) if lines[index].startswith("begin") else None
        data, after, closed = _decoded(lines, index + 1, bool(begin[1])) if begin else (b"", 0, False)
        if begin is None or (not data and not closed):
            kept.append(lines[index])
            index += 1
            continue
        if not closed:
            defects.append("a uuencoded file without its end")
        files.append(EncodedFile(begin[2].strip(), data))
        index = after
    return ("\n".join(kept), files, defects) if files else (text, [], [])


def _decoded(lines: list[str], index: int, base_64: bool) -> tuple[bytes, int, bool]:
    """Decode the lines of one file; give the bytes, the line behind them, and whether its end was there."""
    out: list[bytes] = []
    while index < len(lines):
        line = lines[index]
        if line.rstrip() == ("====" if base_64 else "end"):
            return b"".join(out), index + 1, True
        found = _line(line, base_64)
        if found is None:
            break
        out.append(found)
        index += 1
    return b"".join(out), index, False


def _line(line: str, base_64: bool) -> bytes | None:
    if not line.isascii():
        return None
    if base_64:
        try:
            return base64.b64decode(line, validate=True)
        except binascii.Error:
            return None
    if line in {"`", "", " "}:
        return b""
    # The count at the line's start must fit its length: prose seldom does.
    count = (ord(line[0]) - 32) & 63
    needed = (count + 2) // 3 * 4
    if not needed - 3 <= len(line) - 1 <= needed + 2:  # spaces at the end get lost, some add a checksum
        return None
    return uu_line(line.encode("ascii"))
