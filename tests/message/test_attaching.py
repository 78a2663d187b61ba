"""What a winmail.dat holds stands beside it among the attachments of the mail that brought it."""

import base64

from mailcall.message.reading import read_mail_strictly
from message import tnef_writing as tnef

RTF = rb"{\rtf1\ansi Good morning, \b help\b0 , the printer burns.\par}"


def test_the_packed_body_is_read_and_kept_as_it_was_written_but_is_no_file_of_the_sender() -> None:
    packed = tnef.message([tnef.binary(0x1009, tnef.compressed(RTF))], tnef.file(b"%PDF-1.4 x", b"plan.pdf"))
    mail = read_mail_strictly(
        b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(packed)
    )
    assert "the printer burns" in mail.text
    files = {file.name: file for file in mail.attachments}
    assert not files["plan.pdf"].inline
    [body] = [file for file in mail.attachments if file.data.startswith(rb"{\rtf1")]
    assert body.container == "winmail.dat"
    assert body.data == RTF
    assert "winmail.dat" in files
