"""How a charset is found, and what is said of it."""

# ruff: noqa: RUF001 - the letters of many scripts

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import read_mail
from mailcall.message.charset_guess import guess_charset
from mailcall.message.charset_names import codec_name
from mailcall.message.charsets import decode
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
        (WORDS.encode("cp1252"), "", "windows-1252", "guessed from the bytes: Western European letters"),
        (WORDS.encode("cp1252"), "utf-8", "windows-1252", "guessed from the bytes: Western European letters"),
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


GERMAN = "Grüße aus Köln, der Drucker im Büro läuft nicht mehr. Könnten Sie bitte prüfen?"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (GERMAN.encode()[:-1] + b"\xc3", GERMAN[:-1] + "\ufffd"),
        ("Grüße".encode() + b"\xa0an alle", "Grüße\ufffdan alle"),
        (b"Hello \x96 it\xe2\x80\x99s", "Hello \ufffd it’s"),
        ("Grüße, schön".encode() + b"\r\n--\r\nf\xfcr alle", "Grüße, schön\r\n--\r\nf\ufffdr alle"),
    ],
)
def test_declared_utf_8_stays_utf_8_where_a_byte_is_bad(data: bytes, text: str) -> None:
    found = decode(data, "utf-8")
    assert (found.text, found.charset) == (text, "utf-8")
    assert found.defect == "some bytes are not valid utf-8"


def test_a_long_footer_in_latin_1_below_utf_8_is_read_too() -> None:
    found = decode(
        "Schöne Grüße".encode() + "\r\nDürfen wir Sie künftig übergehen? Öfter?".encode("cp1252"), "utf-8"
    )
    assert found.text == "Schöne Grüße\r\nDürfen wir Sie künftig übergehen? Öfter?"
    assert found.evidence == "declared, mixed with windows-1252"


def test_surrogates_in_utf_8_are_one_character() -> None:
    assert decode(b"Hi \xed\xa0\xbd\xed\xb8\x80", "utf-8").text == "Hi 😀"


def test_latin_1_declared_utf_8_is_no_utf_8_by_one_chance_sequence() -> None:
    text = "Viel Spaß“ wünschen Größe, Öl und Ärger für Müller"
    assert decode(text.encode("cp1252"), "utf-8").text == text


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", "windows-1251", "koi8-r"])
def test_utf_8_under_another_name_is_utf_8(declared: str) -> None:
    found = decode(GERMAN.encode(), declared)
    assert (found.text, found.charset) == (GERMAN, "utf-8")
    assert found.evidence == "valid UTF-8 under the name of another charset"
    assert found.defect == f"charset {declared!r} does not fit"


def test_chinese_in_utf_8_under_another_name_is_utf_8() -> None:
    assert decode("打印机坏了，请帮忙".encode(), "gb2312").text == "打印机坏了，请帮忙"


@pytest.mark.parametrize(
    ("text", "declared"),
    [("Ã¤", "iso-8859-1"), ("Grüße", "iso-8859-1"), ("联通", "gb2312"), ("МОСКВА – «Ё»", "windows-1251")],
)
def test_what_could_be_utf_8_by_chance_is_what_it_says(text: str, declared: str) -> None:
    assert decode(text.encode(codec_name(declared)), declared).text == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1b$B3t<02q<R\x1b(B \x1b$B-j-!\x1b(B ok \x1b$BF|K\\8l\x1b(B", "株式会社 ㈱① ok 日本語"),
        (b"\x1b$Byu\x1b(B", "﨑"),
        (b"\x1b$B3t<02q<R\x1b(B \x1b$BF|K\\8", "株式会社 日本\ufffd"),
        (b"\x1b$B3t<02q<R", "株式会社"),
        (b"\x1b(I1\x1b(B-\x1b$B-j\x1b(J", "ｱ-㈱"),
    ],
)
def test_japanese_of_windows_in_seven_bits_is_read_also_when_cut(data: bytes, text: str) -> None:
    for declared in ("iso-2022-jp", ""):
        found = decode(data, declared)
        assert found.text == text
        assert found.charset.startswith("iso-2022-jp")


SENTENCES = {
    "Der Drucker im Büro läuft nicht mehr, können Sie ihn prüfen?": ("cp1252",),
    "L’imprimante du deuxième étage ne répond plus, s’il vous plaît": ("cp1252",),
    "It doesn’t work – “Access denied” again, see §5": ("cp1252",),
    "50 m² bei 30 °C": ("cp1252",),
    "Müller": ("cp1252",),
    "Skrivaren på våning två är trasig, kan ni hjälpa mig?": ("cp1252",),
    "La contraseña no funciona desde el miércoles": ("cp1252",),
    "A impressora não está a funcionar, verifiquem a configuração": ("cp1252",),
    "Dzień dobry, drukarka nie działa, proszę o pomoc": ("cp1250", "iso8859_2"),
    "Nie mogę się zalogować": ("cp1250", "iso8859_2"),
    "Dobrý den, tiskárna nefunguje, prosím o pomoc. Děkuji": ("cp1250", "iso8859_2"),
    "A nyomtató nem működik, kérem segítsenek. Köszönettel": ("cp1250", "iso8859_2"),
    "Yazıcı çalışmıyor, lütfen yardım eder misiniz?": ("cp1254",),
    "Spausdintuvas neveikia, prašau padėti kuo greičiau": ("cp1257",),
    "Добрый день! Не работает принтер, помогите пожалуйста": ("cp1251", "koi8_r", "iso8859_5", "cp866"),
    "Не работает принтер": ("cp1251", "koi8_r"),
    "НЕ РАБОТАЕТ ПРИНТЕР": ("cp1251", "koi8_r"),
    "Добрий день! Не працює принтер, їх тут багато": ("cp1251", "koi8_u"),
    "Καλημέρα, ο εκτυπωτής δεν λειτουργεί": ("cp1253", "iso8859_7"),
    "שלום, המדפסת לא עובדת": ("cp1255",),
    "مرحبا، الطابعة لا تعمل": ("cp1256", "iso8859_6"),
    "เครื่องพิมพ์เสีย ช่วยตรวจสอบด้วยครับ": ("cp874",),
    "印表機壞了,請協助處理": ("cp950",),
    "打印机坏了,请帮忙处理一下": ("gb18030",),
    "프린터가 작동하지 않습니다": ("cp949",),
    "プリンターが動きません。ご確認をお願いします": ("cp932", "euc_jp"),
}


@pytest.mark.parametrize(
    ("text", "codec"), [(text, codec) for text, codecs in SENTENCES.items() for codec in codecs]
)
def test_a_sentence_in_an_undeclared_charset_is_read(text: str, codec: str) -> None:
    assert decode(text.encode(codec)).text == text


@pytest.mark.parametrize(
    "data", [b"\xff\x81\x8d\xfe", b"\x89PNG\r\n\x1a\n\0\xff\xd8\xff\xe0", b"\xb6\xae\x98\xad\x7f\x9d\xff"]
)
def test_bytes_that_are_no_letters_anywhere_are_not_guessed(data: bytes) -> None:
    assert decode(data).evidence == "nothing fits"


@given(st.binary(max_size=300))
def test_a_guess_is_a_charset_or_none(data: bytes) -> None:
    guess = guess_charset(data)
    assert guess is None or codec_name(guess.codec)


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
