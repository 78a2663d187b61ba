"""Mails made to hurt a reader: each shape gives a mail of about a size in bytes with a word to find."""

import base64
from collections.abc import Callable

NEEDLE = b"needle"
END = b"\r\n\r\nneedle\r\n"
Shape = Callable[[int], bytes]


def repeated(unit: bytes, *, before: bytes = b"", after: bytes = b"") -> Shape:
    """Give a shape of one unit, as often as fits."""
    return lambda size: before + unit * max(1, (size - len(before) - len(after)) // len(unit)) + after


def numbered(unit: bytes, *, before: bytes = b"", after: bytes = b"") -> Shape:
    """Give a shape of one unit with a number in it, so that no two are the same."""
    return lambda size: (
        before + b"".join(unit % number for number in range(max(1, size // (len(unit) + 3)))) + after
    )


def header(unit: bytes, name: bytes = b"Subject", *, after: bytes = b"") -> Shape:
    """Give a shape whose field of that name is one unit again and again."""
    return repeated(unit, before=name + b": ", after=after + END)


def html(unit: bytes, *, before: bytes = b"", after: bytes = b"") -> Shape:
    """Give a shape of HTML."""
    return repeated(
        unit,
        before=b"Content-Type: text/html; charset=utf-8\r\n\r\n" + before,
        after=after + b"<p>needle</p>",
    )


def text(unit: bytes, *, fields: bytes = b"Content-Type: text/plain; charset=utf-8\r\n") -> Shape:
    """Give a shape of plain text."""
    return repeated(unit, before=fields + b"\r\n", after=END)


def multipart(unit: bytes, kind: bytes = b"mixed", *, closing: bytes = b"\r\n--b--\r\n") -> Shape:
    """Give a shape of many parts with the boundary `b`."""
    return repeated(
        unit,
        before=b"Content-Type: multipart/" + kind + b"; boundary=b\r\n\r\n--b\r\n\r\nneedle\r\n",
        after=closing,
    )


def encoded(encoding: bytes, unit: bytes) -> Shape:
    """Give a shape of a text in a transfer encoding."""
    return repeated(
        unit,
        before=b"Content-Transfer-Encoding: " + encoding + b"\r\nContent-Type: text/plain\r\n\r\n",
        after=b"\r\nneedle\r\n",
    )


def never_closed(unit: bytes, count: int) -> Shape:
    """Give a shape of formatting elements that a parser opens anew in every later paragraph."""
    opened = b"".join(unit % number for number in range(count))
    return html(b"<p>x", before=b"<p>" + opened + b"</p>")


def nested(size: int) -> bytes:
    """Give multiparts within multiparts, each with a boundary of its own."""
    out, number, length = [b"Subject: x\r\n"], 0, 0
    while length < size:
        out.append(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number))
        length += len(out[-1])
        number += 1
    return b"".join(out) + END


def nested_and_closed(size: int) -> bytes:
    """Give 30 levels of multiparts around a long text, with all their last delimiters."""
    levels = range(29)
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in levels
    )
    return (
        opened
        + b"\r\n"
        + b"\n--x" * (size // 4)
        + END
        + b"".join(b"\r\n--b%d--" % n for n in reversed(levels))
    )


def nested_mails(size: int) -> bytes:
    """Give mails attached to mails."""
    unit = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\nContent-Type: message/rfc822\r\n\r\n"
    return b"".join(unit % (n, n) for n in range(size // 90)) + END


def in_base64(content: Shape) -> Shape:
    """Give a shape that is a text in base64."""
    return lambda size: (
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(content(size * 3 // 4))
    )


def report(unit: bytes, kind: bytes = b"delivery-status") -> Shape:
    """Give a delivery or read report whose machine part is one unit again and again."""
    head = (
        b"Content-Type: multipart/report; report-type=%s; boundary=b\r\n\r\n--b\r\n\r\nneedle\r\n--b\r\n"
        % kind
    )
    return repeated(unit, before=head + b"Content-Type: message/%s\r\n\r\n" % kind, after=b"\r\n--b--\r\n")


def quoted(unit: bytes) -> Shape:
    """Give a shape of what looks like the header of a quotation."""
    return text(unit)


SHAPES: dict[str, Shape] = {
    # headers
    "one long line in the header": header(b"x"),
    "one long word without a field": repeated(b"x", before=b"Subject: a\r\n", after=END),
    "many short fields": repeated(b"X: y\r\n", after=b"Subject: a" + END),
    "many different fields": numbered(b"X-%d: y\r\n", after=b"Subject: a" + END),
    "many Subject fields": repeated(b"Subject: =?utf-8?q?x?=\r\n", after=END),
    "many From fields": repeated(b"From: a@b.example\r\n", after=END),
    "many Received fields": repeated(b"Received: from a by b; 1 Jan 2026\r\n", after=END),
    "many Authentication-Results": repeated(b"Authentication-Results: a; dkim=pass\r\n", after=END),
    "many DKIM-Signature fields": repeated(b"DKIM-Signature: v=1; d=a.example; h=from; b=x\r\n", after=END),
    "many Content-Type fields": repeated(b"Content-Type: text/plain\r\n", after=END),
    "a fold at each character": header(b"\r\n x"),
    "white space between folds": header(b" \t \t\r\n \t"),
    "carriage returns alone": repeated(b"X: y\r", after=b"\r\rneedle"),
    "carriage returns in a value": header(b"x\r"),
    "NUL bytes in the header": header(b"\0"),
    "lines that are no fields": repeated(
        b"no field\r\n", before=b"Subject: x\r\n", after=b"To: a@b.example" + END
    ),
    "fields and others by turns": repeated(b"no field\r\nX: y\r\n", after=END),
    "names without a colon": repeated(b"a" * 150 + b"\r\n", before=b"Subject: x\r\n", after=END),
    "From lines of mbox": repeated(b"From x\n", after=b"Subject: x" + END),
    "empty lines first": repeated(b"\r\n", after=b"Subject: x" + END),
    "raw 8-bit subject": header(b"\xe4\xf6"),
    # encoded words and parameters
    "beginnings of encoded words": header(b"=?"),
    "half encoded words": header(b"=?a?q?"),
    "encoded words of one letter": header(b"=?utf-8?q?a?= "),
    "encoded words in many charsets": numbered(b"=?x%d?q?=e4?= ", before=b"Subject: ", after=END),
    "an encoded word that never ends": header(b"a", after=b"", name=b"Subject: =?utf-8?q?"),
    "encoded words of base64": header(b"=?utf-8?b?w6k=?= "),
    "encoded words in names of addresses": header(b"=?utf-8?q?a?= <a@b.example>, ", b"To"),
    "parameters in sections": numbered(
        b" x*%d*=utf-8''%%e4;", before=b"Content-Type: text/plain;", after=END
    ),
    "many parameters": header(b"a=b; ", b"Content-Type: text/plain; x"),
    "a quote that never ends in a parameter": header(b'\\"', b'Content-Type: text/plain; x="'),
    "comments in a Content-Type": header(b"(", b"Content-Type: text/plain "),
    "a long file name": header(b"a/", b"Content-Disposition: attachment; filename"),
    "a file name of combining marks": header(
        "\u0301\u0323".encode(), b'Content-Disposition: attachment; filename="a'
    ),
    # addresses
    "fifty thousand recipients": numbered(b"u%d@x.example, ", before=b"To: ", after=END),
    "recipients with names": numbered(b"User %d <u@x.example>, ", before=b"To: ", after=END),
    "comments that never end": header(b"(", b"To"),
    "comments in comments": repeated(b"(", before=b"To: ", after=b")" * 1_000 + END),
    "quotes that never end": header(b'"\\', b"To"),
    "brackets that never end": header(b"<", b"To"),
    "brackets around addresses that never end": header(b"<a@b", b"To"),
    "square brackets": header(b"[", b"To"),
    "addresses with semicolons": header(b"a@b.c;", b"To"),
    "groups of one address": header(b"g: a@b.example;", b"To"),
    "addresses with comments": header(b"a@b.example (x), ", b"To"),
    "commas": header(b",", b"To"),
    "colons": header(b"a:", b"To"),
    "at signs": header(b"@", b"To"),
    "at signs with spaces": header(b"a @ ", b"To"),
    "words without an address": header(b"word ", b"From"),
    "dots with spaces": header(b" . ", b"From"),
    "backslashes": header(b"\\", b"From"),
    "international domains": numbered("a@bücher%d.example, ".encode(), before=b"To: ", after=END),
    # ids and dates
    "ids in References": numbered(b"<%d@x.example> ", before=b"References: ", after=END),
    "brackets in References": header(b"<", b"References"),
    "a word in In-Reply-To": header(b"a", b"In-Reply-To"),
    "digits in Date": header(b"1 ", b"Date"),
    "brackets in Date": header(b"(", b"Date"),
    # multiparts
    "parts within parts": nested,
    "delimiters that are none, deep inside": nested_and_closed,
    "mails within mails": nested_mails,
    "ten thousand parts": multipart(b"--b\r\n\r\nx\r\n"),
    "empty parts": multipart(b"--b\r\n"),
    "attached empty files": multipart(b"--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n\r\n"),
    "look-alikes of a delimiter": multipart(b"--c\r\n"),
    "dashes": multipart(b"--\n"),
    "delimiters with a long tail": multipart(b"--b" + b"x" * 900 + b"\r\n"),
    "last delimiters": multipart(b"--b--\r\n"),
    "a multipart without its delimiter": text(
        b"\n--x", fields=b"Content-Type: multipart/mixed; boundary=b\r\n"
    ),
    "dashes under an empty boundary": text(
        b"--\r\n", fields=b'Content-Type: multipart/mixed; boundary=""\r\n'
    ),
    "multiparts without delimiters": multipart(
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\nx\r\n"
    ),
    "parts with long headers": multipart(b"--b\r\n" + b"X: y\r\n" * 500 + b"\r\nx\r\n"),
    "many calendars": multipart(b"--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n"),
    "many attached mails": multipart(b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n"),
    "many texts in unknown charsets": multipart(
        b"--b\r\nContent-Type: text/plain\r\n\r\n\xe4\xf6\xfc\xdf\xe4\xf6\r\n"
    ),
    "many broken winmail.dat": multipart(
        b"--b\r\nContent-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22aaaa\r\n"
    ),
    "alternatives": multipart(b"--b\r\nContent-Type: text/html\r\n\r\n<p>x\r\n", b"alternative"),
    "pictures that the HTML shows": multipart(
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <a>\r\nContent-Location: x\r\n\r\nx\r\n", b"related"
    ),
    # transfer encodings
    "base64 of garbage": encoded(b"base64", b"!=*\xff"),
    "base64 with padding everywhere": encoded(b"base64", b"QQ==\r\n"),
    "base64 of padding": encoded(b"base64", b"="),
    "base64 in one line": encoded(b"base64", b"QUJD"),
    "quoted-printable of equal signs": encoded(b"quoted-printable", b"="),
    "quoted-printable of spaces": encoded(b"quoted-printable", b" "),
    "quoted-printable of soft breaks": encoded(b"quoted-printable", b"=\r\n"),
    "uuencode of garbage": encoded(b"x-uuencode", b"M!!!\r\n"),
    "beginnings of uuencoded files": text(b"begin 644 x\r\n"),
    "uuencoded files in a text": text(b"begin 644 x\r\n#86)C\r\n`\r\nend\r\n"),
    "HTML within base64": in_base64(html(b"<div>")),
    # charsets
    "UTF-7": text(b"+AGE-", fields=b"Content-Type: text/plain; charset=utf-7\r\n"),
    "UTF-16 without a mark": repeated(
        b"a\0",
        before=b"Content-Type: text/plain; charset=utf-16le\r\n\r\n",
        after=NEEDLE.decode().encode("utf-16-le"),
    ),
    "escapes of ISO 2022": text(b"\x1b$B\x1b(B", fields=b"Content-Type: text/plain; charset=iso-2022-jp\r\n"),
    "escapes of ISO 2022 undeclared": text(b"\x1b$B!!\x1b(J"),
    "HZ": text(b"~{!!~}", fields=b"Content-Type: text/plain; charset=hz-gb-2312\r\n"),
    "GB 18030": text(b"\x81\x30", fields=b"Content-Type: text/plain; charset=gb18030\r\n"),
    "a charset of Python's own": text(b"a-", fields=b"Content-Type: text/plain; charset=punycode\r\n"),
    "bytes of no charset": text(b"\xff\x81\x8d\xfe"),
    "words of no charset": text(b"\xff\x81 \x8d\xfe\r\n", fields=b""),
    "Cyrillic letters undeclared": text("Привет, ".encode("koi8-r"), fields=b""),
    "bad bytes in UTF-8": text("ü".encode() + b"\xe4\xf6"),
    "surrogates in UTF-8": text(b"\xed\xa0\xbd\xed\xb8\x80"),
    "JIS with rows of NEC": text(
        b"\x1b$B-j\x1b(B", fields=b"Content-Type: text/plain; charset=iso-2022-jp\r\n"
    ),
    "JIS cut in a long run": text(
        b"-j" * 30, fields=b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B"
    ),
    "NUL bytes": text(b"\0"),
    "combining marks": text("\u0301\u0323".encode()),
    "marks from right to left": text("\u202e\u2066".encode()),
    # HTML
    "divisions": html(b"<div>"),
    "quotations": html(b"<blockquote>"),
    "closed quotations": html(b"<blockquote>a</blockquote>"),
    "tables": html(b"<table><tr><td>"),
    "a tag that never ends": html(b"a", before=b"<a "),
    "attributes": html(b' a="b"', before=b"<a", after=b">"),
    "attributes that never end": html(b'<a href="'),
    "angle brackets": html(b"<"),
    "closing brackets": html(b">"),
    "beginnings of comments": html(b"<!--"),
    "comments and scripts": html(b"<!--<script>"),
    "scripts that never end": html(b"<script>"),
    "styles that end": html(b"<style></style>"),
    "declarations": html(b"<!x"),
    "ampersands": html(b"&"),
    "entities": html(b"&amp;&#x41;&nbsp;"),
    "entities that never end": html(b"&#1"),
    "links": html(b'<a href="http://x.example/">x</a>'),
    "pictures by Content-ID": html(b'<img src="cid:a">'),
    "formatting that no block closes": never_closed(b"<font color=aaaaaaaaaa%d>", 90),
    "bold that no block closes": never_closed(b"<b id=%d>", 900),
    "bold and paragraphs by turns": numbered(
        b"<b id=%d><p>", before=b"Content-Type: text/html\r\n\r\n<p>needle"
    ),
    "a long link that no block closes": html(
        b"<p>x", before=b"<p><a href=https://x.example/" + b"a" * 20_000 + b">"
    ),
    "end tags in comments": html(b"<div><!--</div>-->"),
    "end tags in attributes": html(b"<div title='</div>'>"),
    "rules across": html(b"<hr>"),
    "spaces in HTML": html(b"&nbsp; "),
    "lines in HTML": html(b"<br>"),
    "meta elements": html(b"<meta "),
    # texts
    "one long line": text(b"x"),
    "empty lines": text(b"\r\n"),
    "spaces": text(b" "),
    "short lines": text(b"x\r\n"),
    "headers of quotes": quoted(b"On 2020 a@b.example wrote:\r\n"),
    "half headers of quotes": quoted(b"On 2020 a@b\r\n"),
    "From lines of forwards": quoted(b"From: x\r\n"),
    "header blocks of forwards": quoted(b"From: x\r\nSent: y\r\nTo: z\r\nSubject: a\r\n\r\n"),
    "rules": quoted(b"-----Original Message-----\r\n"),
    "long rules": quoted(b"-" * 199 + b"x\r\n"),
    "quote marks": quoted(b">"),
    "lines of deep quotes": quoted(b"> " * 40 + b"\r\n"),
    "quotes and answers": quoted(b"> a\r\nb\r\n"),
    "signatures": quoted(b"-- \r\n"),
    "lines in stars": quoted(b"*From:* x\r\n"),
    "addresses in a text": quoted(b"a@b.example "),
    "format=flowed": text(b"> a \r\n", fields=b"Content-Type: text/plain; format=flowed; delsp=yes\r\n"),
    "text/enriched": text(b"<bold>", fields=b"Content-Type: text/enriched\r\n"),
    "parameters of text/enriched": text(b"<param>", fields=b"Content-Type: text/enriched\r\n"),
    "PGP armour": text(b"-----BEGIN PGP MESSAGE-----\r\n"),
    "beginnings of signed PGP": text(b"-----BEGIN PGP SIGNED MESSAGE-----\r\n"),
    "texts signed by PGP": text(
        b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA1\r\n\r\n- x\r\n"
        b"-----BEGIN PGP SIGNATURE-----\r\n\r\nab\r\n-----END PGP SIGNATURE-----\r\n"
    ),
    "signed PGP that never ends": text(
        b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nx\r\n-----BEGIN PGP SIGNATURE-----\r\n"
    ),
    "wrote": quoted(b"wrote:\r\n"),
    "marked headers of quotes": quoted(b"> On 2020 a@b.example wrote:\r\nx\r\n"),
    "delimiters and quotes": quoted(b"-- \r\n> a\r\n"),
    "delimiters and text": quoted(b"--\r\nx\r\n"),
    "closings and quotes": quoted(b"Regards\r\nx\r\n> a\r\n"),
    "telephones": quoted(b"\r\nSent from my iPhone\r\n\r\nx\r\n> a\r\n"),
    "forms": quoted(b"From: x\r\nTo: y\r\nSubject: z\r\n"),
    "attributions of Notes": quoted(b"x ---03.11.2025 09:00:00---y\r\n\r\n"),
    # reports and sealed mails
    "a read receipt of many fields": report(
        b"Final-Recipient: rfc822; a@b.example\r\n", b"disposition-notification"
    ),
    "a delivery report of many fields": report(
        b"Final-Recipient: rfc822; a@b.example\r\nStatus: 5.1.1\r\n\r\n"
    ),
    "a delivery report of one field": report(b"Diagnostic-Code: smtp; 550 5.1.1 x\r\n "),
    "a bounce of addresses": text(
        b"<a@b.example>: 550 5.1.1\r\n",
        fields=b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered Mail\r\n",
    ),
    "a bounce of the words before an address": text(
        b"Delivery has failed to these recipients or groups:\r\n\r\nBob (b@c.d)\r\n",
        fields=b"From: postmaster@x.example\r\nReturn-Path: <>\r\n",
    ),
    "a bounce of digits": text(b"5.5.5.5.", fields=b"From: MAILER-DAEMON@x.example\r\nReturn-Path: <>\r\n"),
    "S/MIME of open pieces": repeated(
        b"\x24\x80", before=b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\n", after=END
    ),
    "a calendar of properties": text(
        b"ATTENDEE:mailto:a@b.example\r\n", fields=b"Content-Type: text/calendar\r\n"
    ),
    "a winmail.dat of attributes": text(
        b"\x01\x04\x80\x01\0\0\0\0\0\0\0", fields=b"Content-Type: application/ms-tnef\r\n"
    ),
}
