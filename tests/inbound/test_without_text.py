"""A mail in which nobody wrote a text still says on its call what it is."""

from desks import Desk

HEAD = (
    b"From: Ann <ann@customer.example>\r\nTo: support@desk.example\r\nSubject: Meeting\r\n"
    b"MIME-Version: 1.0\r\n"
)
INVITATION = HEAD + (
    b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n"
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@x\r\nSUMMARY:Printer move\r\n"
    b"DTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\nLOCATION:Room 4\r\n"
    b"ORGANIZER;CN=Ann:mailto:ann@customer.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
ENCRYPTED = HEAD + (
    b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nMIIBAAYJKoZIhvcNAQcDoIA=\r\n"
)


def text_of(desk: Desk, raw: bytes) -> str:
    return desk.receive(raw).entry.text


def test_an_invitation_is_told_in_words(desk: Desk) -> None:
    text = text_of(desk, INVITATION)
    assert "Printer move" in text
    assert "Room 4" in text
    assert "1 December 2026" in text


def test_an_encrypted_mail_says_so_and_its_file_is_there(desk: Desk) -> None:
    received = desk.receive(ENCRYPTED)
    assert received.entry.text == "[This mail is encrypted. Its content is in the attached file.]"
    assert [file.name for file in received.entry.attachments.all()] == ["smime.p7m"]


def test_a_file_that_is_not_what_it_says_is_told_of(desk: Desk) -> None:
    raw = HEAD + (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the photo.\r\n--b\r\n"
        b"Content-Type: image/jpeg; name=photo.jpg\r\nContent-Disposition: attachment; filename=photo.jpg\r\n"
        b"\r\n%PDF-1.4 and so on\r\n--b\r\nContent-Type: application/octet-stream; name=a.pdf\r\n"
        b"Content-Disposition: attachment\r\n\r\n%PDF-1.4 and so on\r\n--b--\r\n"
    )
    files = desk.receive(raw).entry.attachments.order_by("pk")
    assert [(file.name, file.warning) for file in files] == [
        ("photo.jpg", "Really application/pdf."),
        ("a.pdf", ""),
    ]
