"""The mails that the demo begins with: what a support mailbox looks like on a Monday morning."""

import struct
import zlib

from mailcall.sandbox.letters import File, Letter


def welcome_letters(support: str, hr: str) -> list[Letter]:
    """What people send on the first day, in order."""
    return [
        Letter(
            sender="Ann Carter <ann@customer.example>",
            to=[support],
            subject="Can't connect to the VPN since this morning",
            body=_VPN,
        ),
        Letter(
            sender="Jonas Weber <jonas.weber@demo.example>",
            to=[support],
            subject="Drucker im 3. Stock druckt nur noch Streifen",
            body=_DRUCKER,
        ),
        Letter(
            sender="Sofia Rossi <sofia.rossi@demo.example>",
            to=[support],
            cc=["Marcus Webb <marcus.webb@demo.example>"],
            subject="Error message when I open the budget sheet",
            body=_BUDGET,
            html=_BUDGET_HTML,
            inline={"error-message@demo.example": File("error.png", _picture(), "image/png")},
            files=[File("budget-2026.csv", _BUDGET_FILE, "text/csv")],
        ),
        Letter(
            sender="Bright Ideas Weekly <news@brightideas.example>",
            to=[support],
            subject="Seven ways to tidy your desk (number four will surprise you)",
            body=_NEWSLETTER,
            html=_NEWSLETTER_HTML,
            headers={
                "List-Id": "Bright Ideas Weekly <weekly.brightideas.example>",
                "List-Unsubscribe": "<https://brightideas.example/leave?reader=4711>",
                "Precedence": "bulk",
            },
        ),
        Letter(
            sender="Kim Olsen <kim.olsen@printers.example>",
            to=[support],
            subject="Automatic reply: Toner order 2291",
            body=_AWAY,
            headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
        ),
        Letter(
            sender="Marcus Webb <marcus.webb@demo.example>",
            to=[hr],
            subject="How many days of parental leave can I still take?",
            body=_LEAVE,
        ),
    ]


def _picture() -> bytes:
    """A PNG of a small dialogue box: a grey window with a red title bar and two lines of text."""
    width, height = 240, 96
    rows = []
    for y in range(height):
        row = bytearray()
        for x in range(width):
            edge = x in (0, width - 1) or y in (0, height - 1)
            line = 24 <= x < 200 and (40 <= y < 46 or (56 <= y < 62 and x < 150))
            if edge or line:
                row += b"\x50\x58\x60"
            elif y < 22:
                row += b"\xb8\x30\x28"
            else:
                row += b"\xf0\xf1\xf3"
        rows.append(b"\x00" + bytes(row))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            _chunk(b"IDAT", zlib.compress(b"".join(rows), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_VPN = """\
Hello,

since this morning the VPN client says "Error 809: the network connection could not be
established". I have restarted the laptop twice, and my colleague next to me has no trouble.

I need the file server for a customer meeting at two o'clock. Could somebody have a look?

Thanks
Ann

-- 
Ann Carter
Customer Ltd., Sales
+44 20 7946 0991
"""  # noqa: W291  # a signature begins with two hyphens and a space

_DRUCKER = """\
Guten Morgen,

der Drucker im 3. Stock (Raum 3.14, Gerät "PRN-3-02") druckt seit Freitag nur noch graue
Streifen. Toner haben wir schon gewechselt, das hat leider nichts geändert. Für die Löhne
müssen wir heute noch etwa 200 Seiten drucken - könnten Sie bitte jemanden schicken?

Viele Grüße
Jonas Weber
"""

_BUDGET = """\
Hi,

when I open the attached budget sheet I get this error message (see the picture), and all
sums turn to zero. Marcus has the same. It worked last week.

Sofia
"""
_BUDGET_HTML = """\
<html><body style="font-family: Calibri, sans-serif">
<p>Hi,</p>
<p>when I open the attached budget sheet I get <b>this error message</b>, and all sums turn to zero:</p>
<p><img src="cid:error-message@demo.example" alt="The error message" width="240" height="96"></p>
<p>Marcus has the same. It worked last week.</p>
<p>Sofia</p>
</body></html>
"""
_BUDGET_FILE = b"month,planned,spent\r\nJanuary,12000,11480\r\nFebruary,12000,12930\r\nMarch,13500,0\r\n"

_NEWSLETTER = """\
Bright Ideas Weekly

1. Throw away the pens that don't write.
2. One cable, one label.
3. Nobody needs four mugs.
4. Answer your mail.

Leave this list: https://brightideas.example/leave?reader=4711
"""
_NEWSLETTER_HTML = """\
<html><body style="margin:0;background:#f3efe6">
<table width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table width="560" cellpadding="24" style="background:#ffffff;font-family:Georgia,serif">
<tr><td style="background:#e0a526;color:#ffffff"><h1 style="margin:0">Bright Ideas Weekly</h1></td></tr>
<tr><td><h2>Seven ways to tidy your desk</h2>
<ol><li>Throw away the pens that don't write.</li><li>One cable, one label.</li>
<li>Nobody needs four mugs.</li><li>Answer your mail.</li></ol>
<p><a href="https://brightideas.example/read/99?reader=4711">Read the other three</a></p></td></tr>
<tr><td style="font-size:12px;color:#777777"><a href="https://brightideas.example/leave?reader=4711">Leave
this list</a><img src="https://brightideas.example/open.gif?reader=4711" width="1" height="1" alt="">
</td></tr>
</table></td></tr></table>
</body></html>
"""

_AWAY = """\
Thank you for your message. I am out of the office until Thursday, without access to email.
In urgent matters please call our hotline on +47 22 85 50 50.

Kim Olsen
Printers & More
"""

_LEAVE = """\
Dear HR team,

our daughter was born in March, and I have taken four weeks of parental leave so far. How many
days are left this year, and until when must I hand in the form?

Kind regards
Marcus
"""
