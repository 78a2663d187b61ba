"""A signed body can't be made to say something else by fields that the signature leaves out."""

# ruff: noqa: E501 - rows of examples

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import Trust, read_mail, sender_evidence
from mailcall.message.dkim import verify_dkim
from mailcall.message.signed_headers import split_mail
from message.signing import record, sign

NOW = dt.datetime.now(dt.UTC)
HEAD = b"From: Bob <bob@desk.example>\r\nTo: support@desk.example\r\nSubject: Re: A laptop\r\n"
ADDRESSED = [b"from", b"to", b"subject", b"date", b"message-id"]
GMAIL = [b"mime-version", b"from", b"date", b"message-id", b"subject", b"to", b"content-transfer-encoding"]
OFFICE_365 = [b"from", b"date", b"subject", b"message-id", b"content-type", b"mime-version"]
RSPAMD = [*ADDRESSED, b"mime-version", b"content-type", b"content-transfer-encoding"]
SIGNERS = {"Gmail": GMAIL, "OpenDKIM": ADDRESSED, "Office 365": OFFICE_365, "rspamd": RSPAMD}

ALTERNATIVE = (
    b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="00a1"\r\n',
    b'--00a1\r\nContent-Type: text/plain; charset="UTF-8"\r\n\r\nIt is mended.\r\n\r\n'
    b'--00a1\r\nContent-Type: text/html; charset="UTF-8"\r\n\r\n<p>It is mended.</p>\r\n\r\n--00a1--\r\n',
)
MIXED = (
    b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="------------0b"\r\n',
    b"This is a multi-part message in MIME format.\r\n--------------0b\r\n\r\nSee the file.\r\n"
    b"--------------0b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nlog\r\n--------------0b--\r\n",
)
PLAIN = (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n",
    "Gelöst.\r\n".encode(),
)
QUOTED = (
    b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n',
    b"It cost 20=E2=82=AC, which is =3D 22 dollars, and it works again since this mor=\r\nning.=20\r\n",
)
HTML = (b"Content-Type: text/html; charset=utf-8\r\n", b"<html><body><p>It is mended.</p></body></html>\r\n")


def passes(raw: bytes) -> str:
    (found,) = verify_dkim(split_mail(raw), lambda _name: record(), NOW, "desk.example")
    return found.reason or found.result


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize(
    "mail", [ALTERNATIVE, MIXED, PLAIN, QUOTED, HTML], ids=["alternative", "mixed", "plain", "qp", "html"]
)
def test_what_major_signers_leave_out_does_not_cost_them_their_signature(
    signer: str, mail: tuple[bytes, bytes]
) -> None:
    fields, body = mail
    raw = sign(HEAD + fields + b"\r\n" + body, include_headers=SIGNERS[signer])
    assert passes(raw) == "pass"
    assert passes(raw.replace(b"\r\n", b"\n")) == "pass"


EVIL = b"Hi\r\n--evil\r\n\r\napproved\r\n--evil--\r\n"
TWO_TEXTS = b"--b\r\n\r\nEve wrote:\r\n--b\r\n\r\napproved\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("body", "added"),
    [
        (EVIL, b"Content-Type: multipart/mixed; boundary=evil"),
        (EVIL, b"Content-Type: multipart/alternative; boundary=evil"),
        (
            b"--outer\r\n\r\nNo.\r\n" + EVIL + b"--outer--\r\n",
            b"Content-Type: multipart/mixed; boundary=evil",
        ),
        (
            b"--evil\r\n\r\napproved\r\n--evil--\r\nsays Eve. No!\r\n",
            b"Content-Type: multipart/mixed; boundary=evil",
        ),
        (TWO_TEXTS, b"Content-Type: multipart/alternative; boundary=b"),
        (b"YXBwcm92ZWQ=\r\n", b"Content-Transfer-Encoding: base64"),
        (b"=61pproved\r\n", b"Content-Transfer-Encoding: quoted-printable"),
        (b"Pay amount=3100.00\r\n", b"Content-Transfer-Encoding: Quoted-Printable"),
        (b"No =\r\nwrites Eve\r\n", b"Content-Transfer-Encoding: quoted-printable"),
        (b"begin 644 a\r\n#86)C\r\n`\r\nend\r\n", b"Content-Transfer-Encoding: x-uuencode"),
        (b"Never <!-- ever: --> approved\r\n", b"Content-Type: text/html"),
        (b"+AGE-pproved\r\n", b"Content-Type: text/plain; charset=utf-7"),
        (b"approved or not\r\n", b"Content-Type: text/plain; charset=utf-16le"),
        (b"From: x\r\n\r\napproved\r\n", b"Content-Type: message/rfc822"),
        (b"BEGIN:VCALENDAR\r\n", b"Content-Type: text/calendar"),
        (b"No.\r\n", b"Content-Disposition: attachment; filename=a.txt"),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_field_that_is_added_and_changes_what_is_read_ends_the_proof(
    body: bytes, added: bytes, before: bool
) -> None:
    raw = sign(HEAD + b"\r\n" + body, include_headers=ADDRESSED)
    assert passes(raw) == "pass"
    changed = added + b"\r\n" + raw if before else raw.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n\r\n", 1)
    assert passes(changed).startswith("it does not cover the Content-")


def test_a_field_that_is_added_and_was_signed_as_missing_ends_the_proof() -> None:
    raw = sign(HEAD + b"\r\n" + EVIL, include_headers=RSPAMD)
    assert passes(b"Content-Type: multipart/mixed; boundary=evil\r\n" + raw) != "pass"


def test_a_thread_that_is_not_signed_is_noted() -> None:
    raw = b"In-Reply-To: <t@desk.example>\r\n" + sign(HEAD + b"\r\nHi\r\n", include_headers=ADDRESSED)
    found = sender_evidence(read_mail(raw), Trust(), raw, lambda _name: record(), NOW)
    assert found.authenticated
    assert found.notes == ("The signature of desk.example does not cover In-Reply-To.",)


@given(
    st.sampled_from(
        ["text/plain", "text/html", "multipart/mixed; boundary=b", "multipart/alternative; boundary=c"]
    ),
    st.sampled_from(["", "7bit", "base64", "quoted-printable"]),
    st.lists(
        st.sampled_from(["--b", "--c", "--b--", "--c--", "", "approved", "YQ==", "=61", "<p>"]), max_size=8
    ),
)
def test_what_an_added_field_brings_to_light_stood_in_the_body(
    content_type: str, encoding: str, lines: list[str]
) -> None:
    raw = sign(HEAD + b"\r\n" + "".join(line + "\r\n" for line in lines).encode(), include_headers=ADDRESSED)
    added = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n".encode() + raw
    if passes(added) == "pass":
        shown = set(read_mail(added).text.split())
        assert shown <= set(read_mail(raw).text.split())


def test_a_long_body_is_looked_at_in_one_pass() -> None:
    for body in (
        b" " * 1_000_000,
        b"=" * 1_000_000,
        b"=09 " * 250_000,
        b"--b\n" * 250_000,
        b"\n" * 1_000_000,
    ):
        for fields in (
            b"Content-Type: text/html",
            b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: quoted-printable",
        ):
            raw = sign(HEAD + fields + b"\r\n\r\nx\r\n", include_headers=ADDRESSED)[:-3] + body
            assert passes(raw) != "pass"
