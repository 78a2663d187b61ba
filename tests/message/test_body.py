"""What is shown of a mail, what is attached to it, and what is opened of what it holds."""

import base64
import binascii
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import Mail, read_mail
from mailcall.message.body import MAX_TEXT
from mailcall.message.flowed import unenriched, unflowed
from mailcall.message.mail import Attachment, Forwarded, Invitation, Seal
from mailcall.message.sealed import signed_content, without_armour
from mailcall.message.tnef import Winmail
from mailcall.message.uuencode import take_files

STUB = "Your mail program can't show HTML mail."


def multipart(kind: str, *parts: str, fields: str = "") -> bytes:
    """Give a part with children."""
    body = "".join(f"--{kind}\r\n{part}\r\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={kind}{fields}\r\n\r\n{body}--{kind}--\r\n".encode()


def part(content_type: str, body: str, *fields: str) -> str:
    """Give a part without children."""
    return "\r\n".join([f"Content-Type: {content_type}", *fields, "", body])


def nested(kind: str, *parts: str, fields: str = "") -> str:
    """Give a part with children, to be put into another."""
    return multipart(kind, *parts, fields=fields).decode()


def clearsigned(text: str) -> str:
    """Give a text, escaped already, in the armour of inline PGP."""
    head = "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n"
    signature = "-----BEGIN PGP SIGNATURE-----\r\nVersion: 1\r\n\r\nabcd\r\n-----END PGP SIGNATURE-----\r\n"
    return f"{head}{text}\r\n{signature}"


def named(mail: Mail) -> list[tuple[str, bool]]:
    """Give names of attachments, and whether they are inline."""
    return [(attachment.name, attachment.inline) for attachment in mail.attachments]


class TestAlternatives:
    def test_an_empty_text_gives_way_to_the_html(self) -> None:
        mail = read_mail(multipart("alternative", part("text/plain", " "), part("text/html", "<p>words")))
        assert mail.text == "words"

    def test_a_text_that_only_says_there_is_html_gives_way(self) -> None:
        words = "<p>" + "The printer on the second floor is broken. " * 5
        mail = read_mail(multipart("alternative", part("text/plain", STUB), part("text/html", words)))
        assert mail.text.startswith("The printer")

    def test_a_short_text_about_html_stays(self) -> None:
        mail = read_mail(multipart("alternative", part("text/plain", STUB), part("text/html", f"<p>{STUB}")))
        assert mail.text == STUB

    def test_an_alternative_with_a_name_is_still_the_body(self) -> None:
        mail = read_mail(
            multipart("alternative", part("text/plain", "a"), part("text/html; name=body.html", "<p>a"))
        )
        assert (mail.html, mail.attachments) == ("<p>a", ())

    def test_a_calendar_among_alternatives_is_kept(self) -> None:
        calendar = part("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\nEND:VCALENDAR")
        mail = read_mail(multipart("alternative", part("text/plain", "come"), calendar))
        assert (mail.text, named(mail)) == ("come", [("attachment-1.ics", False)])

    def test_what_begins_is_named_by_start(self) -> None:
        related = multipart(
            "related",
            part("text/css", "p {}"),
            part("text/html", "<p>words", "Content-ID: <root@x>"),
            fields='; start="<root@x>"',
        )
        assert read_mail(related).text == "words"


class TestInline:
    def test_a_picture_that_the_html_shows_is_inline(self) -> None:
        mail = read_mail(
            multipart(
                "related",
                part("text/html", '<img src="cid:a%40x"><img src="http://x.example/b.png">'),
                part("image/png; name=a.png", "a", "Content-ID: <a@x>", "Content-Disposition: attachment"),
                part("image/png; name=b.png", "b", "Content-Location: http://x.example/b.png"),
                part("image/png; name=c.png", "c", "Content-ID: <c@x>"),
                part("image/png; name=d.png", "d", "Content-Disposition: inline"),
            )
        )
        assert named(mail) == [("a.png", True), ("b.png", True), ("c.png", False), ("d.png", True)]


class TestTextForms:
    def test_soft_line_breaks_are_joined(self) -> None:
        text = "> quoted words \r\n> go on\r\n>> deeper\r\nfree words \r\ngo on\r\n\r\n-- \r\nAnn"
        mail = read_mail(part("text/plain; format=flowed", text).encode())
        assert mail.text.split("\n") == [
            "> quoted words go on", ">> deeper", "free words go on", "", "-- ", "Ann",
        ]  # fmt: skip

    def test_delsp_takes_the_space_away(self) -> None:
        assert unflowed("漢 \n字", delsp=True) == "漢字"
        assert unflowed(" From here\n >no quote") == "From here\n>no quote"

    @given(st.text(alphabet="a> -\n", max_size=80))
    def test_flowing_loses_no_letter(self, text: str) -> None:
        assert unflowed(text).count("a") == text.count("a")

    def test_enriched_text_is_words(self) -> None:
        text = "<bold>Now</bold> is\nthe <param>x</param>time <<now>\n\nend"
        assert unenriched(text) == "Now is the time <now>\nend"

    def test_a_uuencoded_file_in_a_text_is_attached_and_the_rest_stays(self) -> None:
        lines = b"".join(binascii.b2a_uu(b"0123456789" * 4) for _ in range(3)).decode()
        mail = read_mail(f"Subject: x\r\n\r\nbefore\nbegin 644 a.bin\n{lines}`\nend\nafter".encode())
        assert mail.text == "before\nafter"
        assert [(one.name, one.data) for one in mail.attachments] == [("a.bin", b"0123456789" * 12)]

    def test_base64_by_uuencode_is_read_too(self) -> None:
        assert take_files("begin-base64 644 a\naGk=\n====\nend")[1][0].data == b"hi"

    @pytest.mark.parametrize("text", ["begin 644 work on this", "we begin 644 x", "begin\n#abc\nend"])
    def test_prose_that_begins_is_no_file(self, text: str) -> None:
        assert take_files(text) == (text, [], [])

    def test_an_endless_text_is_shown_in_part_and_attached_whole(self) -> None:
        mail = read_mail(b"Subject: x\r\n\r\n" + b"word " * (MAX_TEXT // 4) + b"needle")
        assert len(mail.text) <= MAX_TEXT
        assert mail.attachments[0].data.endswith(b"needle")
        assert mail.defects == ("the text is too large: only its beginning is shown, all is attached",)


class TestAttachedMails:
    INNER = "From: Ann <ann@x.example>\r\nTo: bob@x.example\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\n"

    def test_an_attached_mail_is_read_with_its_own_header(self) -> None:
        inner = self.INNER + "Subject: Broken\r\nMessage-ID: <1@x.example>\r\n\r\nIt is broken."
        mail = read_mail(multipart("mixed", part("text/plain", "see"), part("message/rfc822", inner)))
        [found] = mail.forwarded
        assert [(box.name, box.address) for box in found.from_] == [("Ann", "ann@x.example")]
        assert found.date == dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
        assert (found.subject, found.message_id, found.text) == ("Broken", "<1@x.example>", "It is broken.")
        assert (found.attachment, found.depth, mail.attachments[0].name) == (0, 1, "Broken.eml")

    def test_a_file_of_a_mail_is_read_too(self) -> None:
        inner = base64.b64encode((self.INNER + "Subject: B\r\n\r\nwords").encode()).decode()
        file = part("application/octet-stream; name=old.eml", inner, "Content-Transfer-Encoding: base64")
        assert read_mail(multipart("mixed", part("text/plain", "see"), file)).forwarded[0].text == "words"

    def test_mails_within_mails_are_read_five_deep(self) -> None:
        raw = self.INNER + "Subject: 0\r\n\r\nwords"
        for level in range(1, 9):
            boundary = f"b{level}"
            raw = (
                f"Subject: {level}\r\nContent-Type: multipart/mixed; boundary={boundary}\r\n\r\n"
                f"--{boundary}\r\n"
                f"Content-Type: message/rfc822\r\n\r\n{raw}\r\n--{boundary}--\r\n"
            )
        mail = read_mail(raw.encode())
        assert [(one.subject, one.depth) for one in mail.forwarded] == [(str(8 - n), n) for n in range(1, 6)]
        assert "mails forwarded more than 5 times are not read" in mail.defects

    def test_what_a_delivery_report_returns_was_forwarded_by_nobody(self) -> None:
        report = multipart(
            "report",
            part("text/plain", "failed"),
            part("message/rfc822", self.INNER + "\r\nold"),
            fields="; report-type=delivery-status",
        )
        assert read_mail(report).forwarded == ()


class TestWinmail:
    def test_what_is_packed_in_a_winmail_dat_lies_beside_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def file(name: str, data: bytes) -> Attachment:
            return Attachment(name, "application/octet-stream", data, "", inline=False, content_id="")

        packed = Winmail(
            text="packed words",
            attachments=(file("a.pdf", b"a"), file("b.msg", b"b"), file("c.eml", b"Subject: C\r\n\r\nwords")),
            forwarded=(Forwarded(subject="B", attachment=1),),
            invitation=Invitation(summary="Meeting"),
            defects=("winmail.dat is cut off",),
        )
        monkeypatch.setattr("mailcall.message.attaching.unpack_winmail", lambda _data: packed)
        data = base64.b64encode(b"\x78\x9f\x3e\x22").decode()
        tnef = part("application/ms-tnef; name=winmail.dat", data, "Content-Transfer-Encoding: base64")
        mail = read_mail(multipart("mixed", part("image/png; name=x.png", "x"), tnef))
        assert [(one.name, one.container) for one in mail.attachments] == [
            ("x.png", ""),
            ("winmail.dat", ""),
            ("a.pdf", "winmail.dat"),
            ("b.msg", "winmail.dat"),
            ("c.eml", "winmail.dat"),
        ]
        assert [(one.subject, one.attachment) for one in mail.forwarded] == [("B", 3), ("C", 4)]
        assert (mail.text, mail.invitations[0].summary) == ("packed words", "Meeting")
        assert mail.defects == ("winmail.dat is cut off",)


class TestOddParts:
    def test_fragments_and_absent_bodies_are_named(self) -> None:
        mail = read_mail(
            multipart(
                "mixed",
                part("message/partial; id=x; number=1; total=2", "a"),
                part('message/external-body; access-type=URL; URL="http://x.example"', "b"),
            )
        )
        assert len(mail.attachments) == 2
        assert "message/partial" in mail.defects[0]
        assert "message/external-body" in mail.defects[1]

    def test_both_forks_of_a_macintosh_file_are_kept(self) -> None:
        file = nested(
            "appledouble", part("application/applefile; name=a", "x"), part("image/png; name=a.png", "y")
        )
        assert named(read_mail(multipart("mixed", part("text/plain", "see"), file))) == [
            ("a", False),
            ("a.png", False),
        ]

    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            (b"", ""),
            (b"\r\n\r\n", ""),
            (b"Subject: only a header", ""),
            (b"\r\nno header", "no header"),
            (b"Subject: x\r\n\r\na\0b", "ab"),
            (b"Subject: x\r\rwords", "words"),
            (b"Content-Type: text\r\n\r\nwords", "words"),
            (b"Content-Type: text/x-strange\r\n\r\nwords", "words"),
            (b"Content-Type: ;;;\r\n\r\nwords", "words"),
        ],
    )
    def test_scraps_of_mails(self, raw: bytes, text: str) -> None:
        mail = read_mail(raw)
        assert mail.text == text
        assert not mail.unreadable


def signed(content: bytes) -> bytes:
    """Give an opaque S/MIME signature of a content."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ann")])
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


class TestSeals:
    def test_an_opaque_signature_is_opened_and_kept(self) -> None:
        data = base64.encodebytes(signed(b"Content-Type: text/plain\r\n\r\nsigned words")).decode()
        raw = part(
            "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
            data,
            "Content-Transfer-Encoding: base64",
        )
        mail = read_mail(raw.encode())
        assert (mail.text, mail.seals) == ("signed words", (Seal.SMIME_SIGNED,))
        assert named(mail) == [("smime.p7m", False)]

    def test_pieces_of_a_constructed_string_are_joined(self) -> None:
        oid = bytes.fromhex("06092a864886f70d0107")
        octets = b"\x24\x80\x04\x03abc\x04\x03def\0\0"
        content = b"\x30\x80" + oid + b"\x01\xa0\x80" + octets + b"\0\0\0\0"
        data = b"\x30\x80" + oid + b"\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00" + content + b"\0\0\0\0\0\0"
        assert signed_content(data) == b"abcdef"

    @given(st.binary(max_size=80))
    def test_any_bytes_are_a_signature_or_none(self, data: bytes) -> None:
        signed_content(bytes.fromhex("308006092a864886f70d010702a0803080") + data)

    @pytest.mark.parametrize(
        ("raw", "seal"),
        [
            (
                multipart("signed", part("text/plain", "a"), part("application/pgp-signature", "s")),
                Seal.PGP_SIGNED,
            ),
            (
                multipart(
                    "signed", part("text/plain", "a"), fields='; protocol="application/pkcs7-signature"'
                ),
                Seal.SMIME_SIGNED,
            ),
            (
                multipart("encrypted", part("application/pgp-encrypted", "Version: 1"), part("text/x", "b")),
                Seal.PGP_ENCRYPTED,
            ),
            (
                b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx",
                Seal.SMIME_ENCRYPTED,
            ),
            (b"\r\n-----BEGIN PGP MESSAGE-----\r\nabc", Seal.PGP_ENCRYPTED),
            (b"\r\nhi\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nabc", Seal.PGP_SIGNED),
        ],
    )
    def test_how_a_mail_is_sealed(self, raw: bytes, seal: Seal) -> None:
        assert read_mail(raw).seals == (seal,)

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("approved\r\n- -- \r\nAnn", "approved\n-- \nAnn"),
            ("genehmigt\r\n- -----Original Message-----", "genehmigt\n-----Original Message-----"),
            ("- - one\r\n- - two", "- one\n- two"),
            ("", ""),
        ],
    )
    def test_text_signed_by_inline_pgp_is_read_without_its_armour(self, written: str, read: str) -> None:
        mail = read_mail(f"Subject: x\r\n\r\nabove\r\n{clearsigned(written)}below\r\n".encode())
        assert mail.text.strip() == f"above\n{read}\nbelow"
        assert mail.seals == (Seal.PGP_SIGNED,)
        assert "\n".join(piece.text for piece in mail.pieces) == mail.text

    def test_html_signed_by_inline_pgp_is_read_without_its_armour_too(self) -> None:
        signed = clearsigned("approved").replace("\r\n", "<br>\r\n")
        mail = read_mail(f"Content-Type: text/html\r\n\r\n{signed}".encode())
        assert (mail.reply_text.strip(), mail.seals) == ("approved", (Seal.PGP_SIGNED,))
        assert "BEGIN PGP" in mail.html

    def test_a_decision_signed_by_inline_pgp_is_the_first_line(self) -> None:
        mail = read_mail(b"Subject: x\r\n\r\n" + clearsigned("approved\r\n- -- \r\nAnn").encode())
        assert mail.reply_text.splitlines()[0] == "approved"

    def test_flowed_text_signed_by_inline_pgp_keeps_its_delimiter(self) -> None:
        fields = "Content-Type: text/plain; format=flowed"
        mail = read_mail(f"{fields}\r\n\r\n".encode() + clearsigned("ok\r\n- -- \r\nAnn").encode())
        assert (mail.reply_text, mail.signature) == ("ok", "--\nAnn")

    @pytest.mark.parametrize(
        "text",
        [
            "> -----BEGIN PGP SIGNED MESSAGE-----\n> Hash: SHA512\n> \n> approved",
            "-----BEGIN PGP SIGNED MESSAGE-----\nHidden: words\n\napproved",
            "-----BEGIN PGP SIGNED MESSAGE-----",
            "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----",
        ],
    )
    def test_what_is_no_armour_stays(self, text: str) -> None:
        assert without_armour(text) == text

    def test_nothing_is_hidden_in_an_armour(self) -> None:
        signed = clearsigned("approved").replace("abcd", "but not\nby me!")
        assert "but not\nby me!" in without_armour(signed.replace("\r", ""))

    def test_a_signed_text_that_was_cut_short_is_read_to_its_end(self) -> None:
        assert (
            without_armour("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\napproved\n- -x")
            == "approved\n-x"
        )

    @given(st.text())
    def test_any_text_signed_is_the_text(self, text: str) -> None:
        escaped = "\n".join(f"- {line}" if line[:1] == "-" else line for line in text.split("\n"))
        armoured = clearsigned(escaped).replace("\r\n", "\n")
        assert without_armour(armoured) == f"{text}\n"

    def test_the_signature_stays_an_attachment(self) -> None:
        mail = read_mail(multipart("signed", part("text/plain", "a"), part("application/pgp-signature", "s")))
        assert (mail.text, named(mail)) == ("a", [("attachment-1.asc", False)])


@pytest.mark.parametrize("word", ["H\0ell\x1bo\x07", "Gr\x08üße\x9f"])
def test_control_characters_are_left_out_and_that_is_said(word: str) -> None:
    mail = read_mail(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + word.encode())
    assert mail.text.isprintable()
    assert "control characters are left out of the text" in mail.defects
    assert not read_mail("Content-Type: text/plain; charset=utf-8\r\n\r\nGrüße\tan\r\nalle".encode()).defects
