"""What a file is, told by its first bytes."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message.true_types import true_type

OFFICE = "application/vnd.openxmlformats-officedocument."


def zipped(*names: str, stored: str = "") -> bytes:
    """Give a zip with empty files of these names, after a stored `mimetype`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        if stored:
            archive.writestr("mimetype", stored)
        for name in names:
            archive.writestr(name, b"")
    return out.getvalue()


def compound(name: str) -> bytes:
    """Give the beginning of an OLE file with one stream of that name."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(30, b"\0")
        + b"\x09\0"
        + bytes(480)
        + name.encode("utf-16-le")
    )


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"ID3\x04", "audio/mpeg"),
        (b"MZ" + bytes(70), "application/vnd.microsoft.portable-executable"),
        (b"\x7fELF", "application/x-executable"),
        (zipped("a.txt"), "application/zip"),
        (zipped("[Content_Types].xml", "word/document.xml"), OFFICE + "wordprocessingml.document"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), OFFICE + "spreadsheetml.sheet"),
        (zipped("ppt/presentation.xml"), OFFICE + "presentationml.presentation"),
        (
            zipped("word/document.xml", "word/vbaProject.bin"),
            "application/vnd.ms-word.document.macroEnabled.12",
        ),
        (
            zipped("content.xml", stored="application/vnd.oasis.opendocument.text"),
            "application/vnd.oasis.opendocument.text",
        ),
        (compound("WordDocument"), "application/msword"),
        (compound("Workbook"), "application/vnd.ms-excel"),
        (compound("__properties_version1.0"), "application/vnd.ms-outlook"),
        (compound("Other"), "application/x-ole-storage"),
        (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"  <html>", "text/html"),
        (b"<svg xmlns=''>", "image/svg+xml"),
        (b"<?xml version='1.0'?><a/>", "text/xml"),
        (b"BEGIN:VCALENDAR\r\n", "text/calendar"),
        (b"From: a@b.example\r\nSubject: x\r\n\r\nhi", "message/rfc822"),
        ("Grüße".encode(), "text/plain"),
        (b"\x01\x02\x03\x04", ""),
        (b"", ""),
    ],
)
def test_types_by_first_bytes(data: bytes, media_type: str) -> None:
    assert true_type(data) == media_type


@given(st.binary(max_size=600))
def test_any_bytes_have_a_type_or_none(data: bytes) -> None:
    assert "/" in true_type(data) or not true_type(data)
