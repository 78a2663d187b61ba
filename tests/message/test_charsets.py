"""How a charset is found, and what is said of it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import read_mail
from mailcall.message.charsets import codec_name, decode
from mailcall.message.decoding import normal_newlines

WORDS = "Größe, naïve, „Übung“, 5 €"


@pytest.mark.parametrize(
    ("data", "declared", "charset", "evidence"),
    [
        (b"plain", "", "us-ascii", "plain ASCII"),
        (b"plain", "utf-8", "utf-8", "declared"),
        (WORDS.encode(), "utf-8", "utf-8", "declared"),
        (WORDS.encode(), "", "utf-8", "valid UTF-8"),
        (WORDS.encode(), "us-ascii", "utf-8", "valid UTF-8"),
        (WORDS.encode(), "no-such-charset", "utf-8", "valid UTF-8"),
        (WORDS.encode("cp1252"), "iso-8859-1", "windows-1252", "declared"),
        (WORDS.encode("cp1252"), "", "windows-1252", "guessed from the bytes"),
        (WORDS.encode("cp1252"), "utf-8", "windows-1252", "guessed from the bytes"),
        (b"\xef\xbb\xbf" + WORDS.encode(), "iso-8859-1", "utf-8", "byte order mark"),
        (b"\xff\xfe" + WORDS.encode("utf-16-le"), "", "utf-16", "byte order mark"),
        (WORDS.encode("utf-16-le"), "utf-16le", "utf-16-le", "declared"),
        ("Größe".encode() * 50 + b"\xe4", "utf-8", "utf-8", "declared, with a few bad bytes"),
    ],
)
def test_the_evidence_is_ordered(data: bytes, declared: str, charset: str, evidence: str) -> None:
    found = decode(data, declared)
    assert (found.charset, found.evidence) == (charset, evidence)
    assert "Größe" in found.text or data == b"plain"


def test_japanese_is_read_by_its_escapes_where_nothing_is_declared() -> None:
    found = decode("障害の報告".encode("iso-2022-jp"), "us-ascii")
    assert (found.text, found.evidence) == ("障害の報告", "ISO 2022 escapes")


def test_the_meta_element_counts_where_the_mail_declares_nothing() -> None:
    data = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>Привет'.encode(
        "cp1251"
    )
    found = decode(data, markup=True)
    assert found.text.endswith("Привет")
    assert found.evidence == "meta element of the HTML"


def test_plain_bytes_are_not_utf_16_though_declared() -> None:
    assert decode(b"hello", "utf-16").text == "hello"


@pytest.mark.parametrize("name", ["punycode", "idna", "rot13", "hex", "unicode_escape", "x" * 100])
def test_pythons_own_codecs_are_no_charsets(name: str) -> None:
    assert codec_name(name) == ""


@pytest.mark.parametrize(
    ("name", "codec"),
    [("UTF8", "utf_8"), ("ks_c_5601-1987", "cp949"), ("gb2312", "gb18030"), ("x-sjis", "cp932"),
     ("windows-1252", "cp1252"), ("ISO-8859-15", "iso8859_15"),
     ("cp-850", "cp850"), ("iso-8859-8-i", "iso8859_8")],
)  # fmt: skip
def test_charsets_by_the_names_that_mail_has_for_them(name: str, codec: str) -> None:
    assert codec_name(name) == codec


def test_a_mail_says_how_it_was_decoded() -> None:
    mail = read_mail("Subject: =?iso-8859-1?q?Gr=F6=DFe?=\r\nFrom: Jörg <j@x.example>\r\n\r\nGrüße".encode())
    assert [(one.where, one.name, one.evidence) for one in mail.charsets] == [
        ("subject", "iso-8859-1", "declared in an encoded word"),
        ("from", "utf-8", "valid UTF-8 (RFC 6532)"),
        ("text", "utf-8", "valid UTF-8"),
    ]


def test_raw_bytes_between_the_escapes_of_a_word_are_of_its_charset() -> None:
    assert read_mail(b"Subject: =?iso-8859-1?q?Gr\xf6=DFe?=\r\n\r\n").subject == "Größe"


def test_texts_are_composed() -> None:
    assert normal_newlines("Gru\u0308n\r\n") == "Grün\n"


@given(st.text(alphabet="ae\u0301\u0323\u0308\n", max_size=1_500))
def test_composing_changes_no_character_for_another(text: str) -> None:
    assert unicodedata.normalize("NFD", normal_newlines(text)) == unicodedata.normalize("NFD", text)


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "utf-8", "utf-16", "utf-7", "iso-2022-jp", "gb2312"]),
)
def test_any_bytes_are_some_text(data: bytes, declared: str) -> None:
    assert decode(data, declared).evidence
