"""Mails made to hurt whoever reads them, each in a form that a mail server would hand over."""

import base64
import gzip
import random

HEAD = b"From: %s\r\nTo: support@desk.example\r\nSubject: Hostile\r\nMIME-Version: 1.0\r\n"
SENDER = b"hostile@customer.example"


def headed(fields: bytes, body: bytes) -> bytes:
    return HEAD % SENDER + fields + b"\r\n" + body


def empty() -> bytes:
    return b""


def headers_only() -> bytes:
    return HEAD % SENDER


def no_from() -> bytes:
    return b"Subject: Who am I?\r\n\r\nHelp.\r\n"


def unknown_charset() -> bytes:
    return headed(b"Content-Type: text/plain; charset=x-klingon\r\n", b"Gr\xfc\xdfe\r\n")


def zeros() -> bytes:
    return headed(b"X: \0\0\r\n", b"He\0lp\0\r\n" * 10_000)


def ten_thousand_parts() -> bytes:
    parts = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\nPart %d\r\n" % n for n in range(10_000))
    return headed(b"Content-Type: multipart/mixed; boundary=b\r\n", parts + b"--b--\r\n")


def ten_thousand_files() -> bytes:
    part = b"--b\r\nContent-Disposition: attachment; filename=%d.bin\r\n\r\n%d\r\n"
    parts = b"".join(part % (n, n) for n in range(10_000))
    return headed(b"Content-Type: multipart/mixed; boundary=b\r\n", parts + b"--b--\r\n")


def header_of_a_megabyte() -> bytes:
    return headed(b"".join(b"X-%d: %s\r\n" % (n, b"y" * 60) for n in range(14_000)), b"Help.\r\n")


def field_of_a_megabyte() -> bytes:
    return headed(b"Subject: " + b"=?utf-8?q?a?= " * 75_000 + b"\r\n", b"Help.\r\n")


def nested_multiparts() -> bytes:
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5_000)
    )
    return HEAD % SENDER + levels + b"\r\nHelp.\r\n"


def nested_mails() -> bytes:
    return HEAD % SENDER + b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + b"\r\nHelp.\r\n"


def nested_base64() -> bytes:
    inner = b"Subject: Innermost\r\n\r\nHelp.\r\n"
    for _ in range(30):
        head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        inner = head + base64.encodebytes(inner)
    return HEAD % SENDER + inner


def gzip_bomb() -> bytes:
    data = base64.encodebytes(gzip.compress(bytes(200_000_000), 1))
    return headed(
        b"Content-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Transfer-Encoding: base64\r\n", data
    )


def quoted_printable_bomb() -> bytes:
    return headed(b"Content-Transfer-Encoding: quoted-printable\r\n", b"=\r\n" * 1_000_000)


def nested_html() -> bytes:
    return headed(b"Content-Type: text/html\r\n", b"<div>" * 200_000 + b"Help.")


def quotes_without_end() -> bytes:
    return headed(b"", b"".join(b">" * (n % 200) + b" From: x\r\n" for n in range(20_000)))


def recipients() -> bytes:
    people = b",\r\n ".join(b'"Person %d" <p%d@x.example>' % (n, n) for n in range(50_000))
    return headed(b"Cc: " + people + b"\r\n", b"Help.\r\n")


def long_text() -> bytes:
    return headed(b"Content-Type: text/plain; charset=utf-8\r\n", "🦄 a long tale\r\n".encode() * 700_000)


def long_html() -> bytes:
    return headed(
        b"Content-Type: text/html; charset=utf-8\r\n", "<p>🦄 a long <b>tale</b>\r\n".encode() * 400_000
    )


def big_attachment() -> bytes:
    """30 MB on the wire, 22 MB decoded."""
    data = base64.encodebytes(random.Random(1).randbytes(22 * 1024 * 1024)).replace(b"\n", b"\r\n")
    return headed(
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"--b\r\n\r\nThe file.\r\n--b\r\nContent-Type: application/zip; name=big.zip\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + data + b"--b--\r\n",
    )


def dies() -> bytes:
    return headed(b"", b"Die, reader\r\n")


def hangs() -> bytes:
    return headed(b"", b"Compute, reader\r\n")
