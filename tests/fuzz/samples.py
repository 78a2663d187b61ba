"""What the fuzzer starts from: a small sample of each form that the readers know."""

import base64
import hashlib
import struct
from pathlib import Path

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
_HEAD = b"From: Ann <ann@example.com>\r\nTo: support@example.com\r\nDate: Mon, 3 Nov 2025 10:15:00 +0100\r\n"


def _mail(fields: bytes, body: bytes) -> bytes:
    return _HEAD + fields.replace(b"\n", b"\r\n") + b"\r\n" + body.replace(b"\n", b"\r\n")


def _parts(kind: bytes, *parts: bytes) -> bytes:
    inside = b"".join(b"--b\n" + part + b"\n" for part in parts) + b"--b--\n"
    return _mail(b"MIME-Version: 1.0\nContent-Type: multipart/" + kind + b"; boundary=b\n", inside)


_SIGNED_BODY = b"Hello.\r\n"
_BODY_HASH = base64.b64encode(hashlib.sha256(_SIGNED_BODY).digest())
_DKIM = b"v=1; a=%s; c=relaxed/relaxed; d=example.com; s=%s; h=From:To:Date; bh=" + _BODY_HASH + b"; b="
_NUMBERS = base64.b64encode(bytes(range(1, 129)))

MAILS = [
    _mail(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?b?5Q==?=\n", b"Hello.\n\n-- \nAnn\n"),
    _mail(
        b"Subject: Re: x\nIn-Reply-To: <a@b>\nReferences: <a@b> <c@d>\n",
        b"Yes.\n\nOn Mon, Bob wrote:\n> No?\n",
    ),
    _mail(
        b'Content-Type: text/plain; charset="gb2312"; format=flowed; delsp=yes\n', b"\xc4\xe3 \n\xba\xc3\n"
    ),
    _mail(b"Content-Transfer-Encoding: quoted-printable\n", b"a=3D=\nb=C3=A9\n"),
    _parts(
        b"alternative",
        b"Content-Type: text/plain\n\nHello",
        b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPHA+SGVsbG8=\n",
    ),
    _parts(
        b"related",
        b"Content-Type: text/html\n\n<p>Hello<img src='cid:i@example.com'>",
        b"Content-Type: image/png\nContent-ID: <i@example.com>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n",
    ),
    _parts(
        b"mixed",
        b"\nHello\n\nbegin 644 a.txt\n#86)C\n`\nend",
        b"Content-Type: application/x; name*0*=utf-8''%e2%82; name*1*=%ac.txt\nContent-Disposition: attachment\n\nx",
        b"Content-Type: message/rfc822\n\nFrom: x@example.net\nSubject: Inner\nMessage-ID: <x@y>\n\nInside\n",
    ),
    _parts(
        b'report; report-type="delivery-status"',
        b"\nIt failed.",
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
        b"Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 <bob@example.net>: unknown\n",
        b"Content-Type: text/rfc822-headers\n\nMessage-ID: <orig@example.com>\nSubject: Hi\n",
    ),
    _parts(
        b"report; report-type=disposition-notification",
        b"\nRead.",
        b"Content-Type: message/disposition-notification\n\nDisposition: manual-action/MDN-sent-manually; displayed\n"
        b"Original-Message-ID: <orig@example.com>\n",
    ),
    _parts(
        b"report; report-type=feedback-report",
        b"\nAbuse.",
        b"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n",
    ),
    _parts(
        b'signed; protocol="application/pgp-signature"',
        b"\nHi",
        b"Content-Type: application/pgp-signature\n\nx",
    ),
    _parts(
        b"encrypted",
        b"Content-Type: application/pgp-encrypted\n\nVersion: 1",
        b"\n-----BEGIN PGP MESSAGE-----\n",
    ),
    _mail(
        b"Content-Type: application/pkcs7-mime; smime-type=signed-data\nContent-Transfer-Encoding: base64\n",
        b"MIAGCSqGSIb3DQEHAqCAMIACAQExDzANBglghkgBZQMEAgEFADCABgkqhkiG9w0BBwGggCSABAVIZWxsbwAAAAAAAA==\n",
    ),
    _mail(
        b"Subject: Fwd: Printer\n",
        b"See below.\n\n---------- Forwarded message ---------\nFrom: Bob <bob@example.net>\n"
        b"Date: Sun, 2 Nov 2025 09:00:00 +0100\nSubject: Printer\nTo: ann@example.com\n\nBroken.\n",
    ),
    _mail(
        b"Subject: Out of office\nAuto-Submitted: auto-replied\nPrecedence: bulk\nList-Id: <l.example.com>\n",
        b"Away.\n",
    ),
    _mail(
        b"From: MAILER-DAEMON@example.net\nSubject: Undelivered mail\nX-Failed-Recipients: bob@example.net\n",
        b"This is the mail system.\n\n<bob@example.net>: host mx[192.0.2.1] said: 550 5.1.1 User unknown\n"
        b"------ This is a copy of the message ------\nMessage-ID: <orig@example.com>\n",
    ),
    _mail(
        b"Authentication-Results: mx.example.com; dkim=pass header.d=example.com; dmarc=pass header.from=example.com\n"
        b"Received: from a (b [192.0.2.9]) by mx.example.com with ESMTP; Mon, 3 Nov 2025 10:15:00 +0100\n"
        b"X-Internal: yes\n",
        b"Hello.\n",
    ),
    _mail(b"DKIM-Signature: " + _DKIM % (b"rsa-sha256", b"rsa") + _NUMBERS + b"\n", b"Hello.\n"),
    _mail(b"DKIM-Signature: " + _DKIM % (b"ed25519-sha256", b"ed") + _NUMBERS[:86] + b"==\n", b"Hello.\n"),
    _mail(
        b"ARC-Seal: i=1; a=rsa-sha256; d=example.com; s=rsa; cv=none; b=" + _NUMBERS + b"\n"
        b"ARC-Message-Signature: i=1; " + (_DKIM % (b"rsa-sha256", b"rsa"))[5:] + _NUMBERS + b"\n"
        b"ARC-Authentication-Results: i=1; mx.example.com; dkim=pass header.d=example.com\n",
        b"Hello.\n",
    ),
    _mail(b"Content-Type: text/enriched\n", b"<bold>Hi</bold><param>x</param> <<b\n"),
    b"From ann@example.com Mon Nov  3 10:15:00 2025\n" + _HEAD.replace(b"\r\n", b"\n") + b"\nHello.\n",
]
TEXTS = [
    b"Yes.\n\nOn Mon, 3 Nov 2025 at 09:00, Bob <bob@example.net> wrote:\n> one\n>> two\n\nBottom.\n-- \nAnn\n",
    b"Ja.\n\nAm 03.11.2025 um 09:00 schrieb Bob:\n> eins\n\nVon meinem iPhone gesendet\n",
    b"Hi\n\n-----Original Message-----\nFrom: Bob\nSent: Monday\nTo: Ann\nSubject: RE: x\n\nOld.\n",
    b"________________________________\nDe : Bob\nEnvoy\xc3\xa9 : lundi\n\xc3\x80 : Ann\nObjet : x\n\nVieux.\n",
    b"| quoted\n}x quoted\n  indented\n\n* Bob [2025]:\n\n\xe2\x9d\xaf x\n\nBob> said\n",
]
MARKUP = [
    b"<html><head><style>p{}</style></head><body><p>Hello<br>you</p><blockquote type=cite>old</blockquote>",
    b"<div class=gmail_quote><div dir=ltr>On Mon wrote:</div><blockquote>x</blockquote></div><ul><li>a<ol><li>b</ul>",
    b"<table><tr><td background='http://x/y'>a<td style=\"color:red;background:url('cid:a')\">b</table><pre> x\n y</pre>",
    b"<a href='jav&#x09;ascript:alert(1)' onclick=x>x</a><img src=cid:a srcset='a 1x'><svg><script>x</script></svg>",
    b"<!--[if mso]><o:p>&nbsp;</o:p><![endif]--><span style='mso-x:y'>&amp;&#128512;&bogus;</span><![CDATA[x]]>",
    b"<div id=divRplyFwdMsg><b>From:</b> Bob<br><b>Sent:</b> Mon<br></div><hr><form><input value='x'></form>",
]
VALUES = [
    b'Ann <ann@example.com>, "Baker, Bob" <bob@example.net> (a (nested) comment), x@[192.0.2.1]',
    b"Friends: a@example.com, b@example.com;, undisclosed-recipients:;",
    b"=?utf-8?q?Zo=C3=AB?= <zoe@b\xc3\xbccher.example>, <@route,@two:x@example.com>",
    b"=?utf-8?B?w6k=?= =?utf-8?Q?=20x?= =?gb2312*en?b?xOM=?= =?bogus?q?a_b?= plain \xe9",
    b'"a\\"b"@example.com; c at example dot com <mailto:d@example.com>',
    b"=?utf-7?q?+AGE-?= =?utf-16?b?AGE=?= =?iso-2022-jp?b?GyRCJCIbKEI=?=",
]
SUBJECTS = [
    b"Re: [EXT] CLOSE CALL 12, #13: works",
    b"APPROVE TASK 9 [ab2c.d3ef]: fine",
    b"LOG TASK ON REQUEST 77: order",
    b"FORWARD CALL 12 TO Network: look",
    b"SUMMARY CALLS GROUP",
    b"LOG CALL New starter: Ann",
    b"CLOSE COL 12 and 13.",
    "AW: Schließe Meldung \uff11\uff12\uff1aläuft".encode(),
    "TRANSFÉRER TÂCHE 5 À Réseau".encode(),
    b"Approved: fine\nAnn",
    b"Automatic reply: Printer",
]
CALENDARS = [
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Paris\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n"
    b"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n"
    b"END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1@x\r\nSEQUENCE:2\r\nSUMMARY;LANGUAGE=en:Lunch\\, long\r\n"
    b'DTSTART;TZID=Paris:20251103T101500\r\nDURATION:PT1H30M\r\nORGANIZER;CN="Bob; B":mailto:bob@example.net\r\n'
    b"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN=Ann:mailto:ann@example.com\r\n"
    b"DESCRIPTION:Long\\n te\r\n xt\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    b"BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nDTSTART:20251103T101500Z\nDTEND;VALUE=DATE:20251104\n"
    b"SUMMARY;ENCODING=QUOTED-PRINTABLE:Caf=C3=A9\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE\nEND:VEVENT\nEND:VCALENDAR\n",
]


def _winmail() -> bytes:
    """A TNEF stream (MS-OXTNEF) with a subject, a body and one attachment."""
    body = b"{\\rtf1 Hi}"
    compressed = struct.pack("<IIII", len(body) + 12, len(body), 0x414C454D, 0) + body
    properties = (
        struct.pack("<I", 2)
        + struct.pack("<HHII", 0x0102, 0x1009, 1, len(compressed))
        + compressed
        + bytes(-len(compressed) % 4)
        + struct.pack("<HHI", 0x0003, 0x0017, 1)
    )
    attributes = [
        (1, 0x00089006, struct.pack("<I", 0x00010000)),
        (1, 0x00018004, b"Subject\0"),
        (1, 0x00069003, properties),
        (2, 0x00069002, struct.pack("<HIIH", 1, 0xFFFFFFFF, 0, 0) + bytes(2)),
        (2, 0x00018010, b"a.txt\0"),
        (2, 0x0006800F, b"file content"),
    ]
    stream = struct.pack("<IH", 0x223E9F78, 1)
    for level, name, data in attributes:
        stream += struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
    return stream


SAMPLES = {
    "mails": MAILS,
    "texts": TEXTS,
    "markup": MARKUP,
    "values": VALUES,
    "subjects": SUBJECTS,
    "calendars": CALENDARS,
    "winmail": [_winmail()],
}
# Folders of the corpora that hold such samples, read where they are.
FOLDERS = {
    "mails": [
        "stalwart-mail-parser",
        "apache-mime4j",
        "mikel-mail",
        "zammad/messages",
        "sisimai-bounces/messages",
    ],
    "texts": ["mail-parser-reply/messages", "crisp-email-reply-parser/messages"],
    "markup": ["mailgun-talon/html"],
    "values": [],
    "subjects": [],
    "calendars": [],
    "winmail": ["mimekit/tnef"],
}


def folders(samples: str) -> list[Path]:
    """The folders of the corpora with such samples, where they are beside this checkout."""
    return [CORPORA / name for name in FOLDERS[samples] if (CORPORA / name).is_dir()]
