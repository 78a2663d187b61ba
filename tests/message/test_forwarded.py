"""Mails that are forwarded in the text: found in the form of each program, none of their words lost."""

# ruff: noqa: E501, RUF001 - rows of examples in many scripts

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import Mailbox
from mailcall.message.forwarded import inline_forwards, read_written_mailboxes
from mailcall.message.mail import Forwarded, Piece, PieceKind
from mailcall.message.quotes import split_reply, split_text
from mailcall.message.written_dates import read_written_date

MORNING = dt.datetime(2026, 11, 2, 10, 0)
ANN = Mailbox("Ann Lee", "ann@x.example")


def forwards(text: str) -> tuple[Forwarded, ...]:
    return inline_forwards(split_text(text))


FORMS = {
    ("Gmail", "English"): "---------- Forwarded message ---------\nFrom: Ann Lee <ann@x.example>\nDate: Mon, Nov 2, 2026 at 10:00 AM\nSubject: Printer\nTo: <desk@x.example>\n\n\nBroken",
    ("Outlook", "English"): "From: Ann Lee <ann@x.example>\nSent: Monday, November 2, 2026 10:00 AM\nTo: desk@x.example\nSubject: Printer\n\nBroken",
    ("Exchange, phone", "English"): "________________________________\nFrom: Ann Lee <ann@x.example>\nSent: Monday, November 2, 2026 10:00:00 AM\nTo: desk@x.example <desk@x.example>\nSubject: Printer\n\nBroken",
    ("Apple Mail", "English"): "Begin forwarded message:\n\n> From: Ann Lee <ann@x.example>\n> Subject: Printer\n> Date: 2 November 2026 at 10:00:00\n> To: desk@x.example\n> \n> Broken",
    ("Lotus Notes", "English"): "----- Forwarded by Bob/ACME on 03.11.2026 11:00 -----\n\nFrom:\tAnn Lee <ann@x.example>\nTo:\tdesk@x.example\nDate:\t02.11.2026 10:00\nSubject:\tPrinter\n\n\n\nBroken",
    ("Samsung", "English"): "-------- Original message --------\nFrom: Ann Lee <ann@x.example>\nDate: 02/11/2026 10:00\nTo: desk@x.example\nSubject: Printer\n\nBroken",
    ("Outlook, starred", "English"): "*From:* Ann Lee [mailto:ann@x.example]\n*Sent:* Monday, November 2, 2026 10:00 AM\n*To:* desk@x.example\n*Subject:* Printer\n\nBroken",
    ("Thunderbird", "German"): "-------- Weitergeleitete Nachricht --------\nBetreff: \tPrinter\nDatum: \tMon, 2 Nov 2026 10:00:00\nVon: \tAnn Lee <ann@x.example>\nAn: \tdesk@x.example\n\n\n\nBroken",
    ("Outlook", "German"): "Von: Ann Lee <ann@x.example>\nGesendet: Montag, 2. November 2026 10:00\nAn: desk@x.example\nBetreff: Printer\n\nBroken",
    ("GMX", "German"): "Gesendet: Montag, 02. November 2026 um 10:00 Uhr\nVon: \"Ann Lee\" <ann@x.example>\nAn: desk@x.example\nBetreff: Printer\n\nBroken",
    ("Apple Mail", "German"): "Anfang der weitergeleiteten Nachricht:\n\nVon: Ann Lee <ann@x.example>\nBetreff: Printer\nDatum: 2. November 2026 um 10:00:00\nAn: desk@x.example\n\nBroken",
    ("Outlook", "French"): "De : Ann Lee <ann@x.example>\nEnvoyé : lundi 2 novembre 2026 10:00\nÀ : desk@x.example\nObjet : Printer\n\nBroken",
    ("Orange", "French"): "> Message du : 02/11/26 10:00\n> De : \"Ann Lee\" <ann@x.example>\n> A : desk@x.example\n> Objet : Printer\n> \n> Broken",
    ("Gmail", "Spanish"): "---------- Forwarded message ---------\nDe: Ann Lee <ann@x.example>\nDate: lun, 2 nov 2026 a las 10:00\nSubject: Printer\nTo: <desk@x.example>\n\nBroken",
    ("Outlook", "Spanish"): "De: Ann Lee <ann@x.example>\nEnviado el: lunes, 2 de noviembre de 2026 10:00\nPara: desk@x.example\nAsunto: Printer\n\nBroken",
    ("Outlook", "Italian"): "Da: Ann Lee <ann@x.example>\nInviato: lunedì 2 novembre 2026 10:00\nA: desk@x.example\nOggetto: Printer\n\nBroken",
    ("Outlook", "Portuguese"): "De: Ann Lee <ann@x.example>\nEnviada em: segunda-feira, 2 de novembro de 2026 10:00\nPara: desk@x.example\nAssunto: Printer\n\nBroken",
    ("Outlook", "Dutch"): "Van: Ann Lee <ann@x.example>\nVerzonden: maandag 2 november 2026 10:00\nAan: desk@x.example\nOnderwerp: Printer\n\nBroken",
    ("Outlook", "Swedish"): "Från: Ann Lee <ann@x.example>\nSkickat: den 2 november 2026 10:00\nTill: desk@x.example\nÄmne: Printer\n\nBroken",
    ("Outlook", "Danish"): "Fra: Ann Lee <ann@x.example>\nSendt: 2. november 2026 10:00\nTil: desk@x.example\nEmne: Printer\n\nBroken",
    ("Outlook", "Norwegian"): "Fra: Ann Lee <ann@x.example>\nSendt: mandag 2. november 2026 kl. 10:00\nTil: desk@x.example\nEmne: Printer\n\nBroken",
    ("Outlook", "Finnish"): "Lähettäjä: Ann Lee <ann@x.example>\nLähetetty: maanantai 2. marraskuuta 2026 10.00\nVastaanottaja: desk@x.example\nAihe: Printer\n\nBroken",
    ("Outlook", "Polish"): "Od: Ann Lee <ann@x.example>\nWysłano: poniedziałek, 2 listopada 2026 10:00\nDo: desk@x.example\nTemat: Printer\n\nBroken",
    ("Outlook", "Czech"): "Od: Ann Lee <ann@x.example>\nOdesláno: pondělí 2. listopadu 2026 10:00\nKomu: desk@x.example\nPředmět: Printer\n\nBroken",
    ("Outlook", "Slovak"): "Od: Ann Lee <ann@x.example>\nOdoslané: pondelok 2. novembra 2026 10:00\nKomu: desk@x.example\nPredmet: Printer\n\nBroken",
    ("Outlook", "Hungarian"): "Feladó: Ann Lee <ann@x.example>\nElküldve: 2026. november 2., hétfő 10:00\nCímzett: desk@x.example\nTárgy: Printer\n\nBroken",
    ("Outlook", "Romanian"): "De la: Ann Lee <ann@x.example>\nTrimis: luni, 2 noiembrie 2026 10:00\nCătre: desk@x.example\nSubiect: Printer\n\nBroken",
    ("Outlook", "Bulgarian"): "От: Ann Lee <ann@x.example>\nИзпратено: понеделник, 2 ноември 2026 г. 10:00\nДо: desk@x.example\nОтносно: Printer\n\nBroken",
    ("Outlook", "Russian"): "От: Ann Lee <ann@x.example>\nОтправлено: 2 ноября 2026 г. 10:00\nКому: desk@x.example\nТема: Printer\n\nBroken",
    ("Outlook", "Ukrainian"): "Від: Ann Lee <ann@x.example>\nНадіслано: 2 листопада 2026 р. 10:00\nКому: desk@x.example\nТема: Printer\n\nBroken",
    ("Outlook", "Croatian"): "Šalje: Ann Lee <ann@x.example>\nPoslano: 2. studenoga 2026. 10:00\nPrima: desk@x.example\nPredmet: Printer\n\nBroken",
    ("Outlook", "Slovenian"): "Od: Ann Lee <ann@x.example>\nPoslano: ponedeljek, 02. november 2026 10:00\nZa: desk@x.example\nZadeva: Printer\n\nBroken",
    ("Outlook", "Greek"): "Από: Ann Lee <ann@x.example>\nΣτάλθηκε: Δευτέρα, 2 Νοεμβρίου 2026 10:00 πμ\nΠρος: desk@x.example\nΘέμα: Printer\n\nBroken",
    ("Outlook", "Turkish"): "Kimden: Ann Lee <ann@x.example>\nGönderildi: 2 Kasım 2026 Pazartesi 10:00\nKime: desk@x.example\nKonu: Printer\n\nBroken",
    ("Outlook", "Hebrew"): "מאת: Ann Lee <ann@x.example>\nנשלח: יום שני 02 נובמבר 2026 10:00\nאל: desk@x.example\nנושא: Printer\n\nBroken",
    ("Outlook", "Arabic"): "من: Ann Lee <ann@x.example>\nتم الإرسال: ٢ نوفمبر ٢٠٢٦ ١٠:٠٠\nإلى: desk@x.example\nالموضوع: Printer\n\nBroken",
    ("Outlook", "Chinese, simplified"): "发件人: Ann Lee <ann@x.example>\n发送时间: 2026年11月2日 10:00\n收件人: desk@x.example\n主题: Printer\n\nBroken",
    ("QQ", "Chinese, simplified"): "------------------ 原始邮件 ------------------\n发件人: \"Ann Lee\"<ann@x.example>;\n发送时间: 2026年11月2日(星期一) 上午10:00\n收件人: \"desk\"<desk@x.example>;\n主题: Printer\n\nBroken",
    ("Outlook", "Chinese, traditional"): "寄件者： Ann Lee <ann@x.example>\n寄件日期： 2026年11月2日 上午 10:00\n收件者： desk@x.example\n主旨： Printer\n\nBroken",
    ("Outlook", "Japanese"): "差出人: Ann Lee <ann@x.example>\n送信日時: 2026年11月2日 月曜日 10:00\n宛先: desk@x.example\n件名: Printer\n\nBroken",
    ("Outlook", "Korean"): "보낸 사람: Ann Lee <ann@x.example>\n보낸 날짜: 2026년 11월 2일 월요일 오전 10:00\n받는 사람: desk@x.example\n제목: Printer\n\nBroken",
    ("Gmail", "Vietnamese"): "---------- Forwarded message ---------\nTừ: Ann Lee <ann@x.example>\nDate: 10:00, Th 2, 2 thg 11, 2026\nSubject: Printer\nTo: <desk@x.example>\n\nBroken",
    ("Outlook", "Indonesian"): "Dari: Ann Lee <ann@x.example>\nDikirim: Senin, 02 November 2026 10:00\nKepada: desk@x.example\nSubjek: Printer\n\nBroken",
    ("Outlook", "Thai"): "จาก: Ann Lee <ann@x.example>\nส่ง: 2 พฤศจิกายน 2569 10:00\nถึง: desk@x.example\nเรื่อง: Printer\n\nBroken",
    ("Outlook", "Estonian"): "Saatja: Ann Lee <ann@x.example>\nSaadetud: esmaspäev, 2. november 2026 10:00\nAdressaat: desk@x.example\nTeema: Printer\n\nBroken",
    ("Outlook", "Lithuanian"): "Nuo: Ann Lee <ann@x.example>\nIšsiųsta: 2026 m. lapkričio 2 d. 10:00\nKam: desk@x.example\nTema: Printer\n\nBroken",
    ("Outlook", "Catalan"): "De: Ann Lee <ann@x.example>\nEnviat el: dilluns, 2 de novembre de 2026 10:00\nPer a: desk@x.example\nAssumpte: Printer\n\nBroken",
}  # fmt: skip


@pytest.mark.parametrize("note", ["", "Please look.\n\n"], ids=["without a note", "with a note"])
@pytest.mark.parametrize("form", FORMS.values(), ids=map(", ".join, FORMS))
def test_a_forwarded_mail_is_found(form: str, note: str) -> None:
    (found,) = forwards(note + form)
    assert (found.from_, found.subject, found.text) == ((ANN,), "Printer", "Broken")
    assert [box.address for box in found.to] == ["desk@x.example"]
    assert found.depth == 1
    assert found.attachment is None
    expected = None if "02/11/2026" in form else MORNING
    assert found.date == expected
    assert split_reply(note + form)[0] == note.strip()


def test_twenty_five_languages_are_known() -> None:
    assert len({language for _, language in FORMS}) >= 25


def test_a_chain_is_given_outermost_first() -> None:
    block = "From: {0} <{0}@x.example>\nSent: Monday, November 2, 2026 10:00 AM\nTo: desk@x.example\nSubject: {0}\n\ntext of {0}\n\n"
    found = forwards("fyi\n\n" + "".join(block.format(name) for name in ("ann", "bob", "cem")))
    assert [(mail.subject, mail.text, mail.depth) for mail in found] == [
        ("ann", "text of ann", 1),
        ("bob", "text of bob", 2),
        ("cem", "text of cem", 3),
    ]


def test_a_mail_below_a_nested_one_is_as_deep_as_its_marks() -> None:
    block = "{1}From: {0}@x.example\n{1}To: desk@x.example\n{1}Subject: {0}\n{1}\n{1}text\n"
    found = forwards(
        "Begin forwarded message:\n"
        + block.format("a", "> ")
        + block.format("b", "> > ")
        + block.format("c", "> ")
    )
    assert [(mail.subject, mail.depth) for mail in found] == [("a", 1), ("b", 2), ("c", 2)]


def test_values_may_be_wrapped_or_share_a_line() -> None:
    long = "a subject that goes on for so long that the program had to break it at"
    (found,) = forwards(
        f"-----Original Message-----\nFrom: Ann Lee \n<ann@x.example>\nSent: 2 November 2026 10:00\nTo: Bob <bob@x.example>;\n Cem <cem@x.example>\nCc: d@x.example\nSubject: {long}\nthe seventieth\n\ntext"
    )
    assert found.from_ == (ANN,)
    assert [box.address for box in found.to] == ["bob@x.example", "cem@x.example"]
    assert found.subject == f"{long} the seventieth"
    (found,) = forwards(
        "-------- Message d'origine --------\nDe : Ann Lee <ann@x.example>\nDate : 23/06/26  10:46\nÀ : desk@x.example Objet : Bonjour\n\ntext"
    )
    assert (found.to, found.subject) == ((Mailbox("", "desk@x.example"),), "Bonjour")


def test_text_below_a_header_without_an_empty_line_is_text() -> None:
    (found,) = forwards(
        "-----Original Message-----\nFrom: Ann <ann@x.example>\nTo: desk@x.example\nSubject: Printer\nBroken"
    )
    assert (found.subject, found.text) == ("Printer", "Broken")


@pytest.mark.parametrize(
    ("value", "boxes"),
    [
        ("Ann Lee [mailto:ann@x.example]", [ANN]),
        ("Ann Lee <ann@x.example<mailto:ann@x.example>>", [ANN]),
        ("Ann Lee <ann@x.example> <mailto:ann@x.example>", [ANN, Mailbox("", "ann@x.example")]),
        ("ann@x.example<mailto:ann@x.example>", [Mailbox("", "ann@x.example")]),
        ("Ann Lee<mailto:ann@x.example>", [ANN]),
        ("Lee, Ann <ann@x.example>; Ray, Bob <bob@x.example>", [Mailbox("Lee, Ann", "ann@x.example"), Mailbox("Ray, Bob", "bob@x.example")]),
        ("Ann Lee (ann@x.example)", [ANN]),
        ('"Ann Lee" [ann@x.example]', [ANN]),
        ("a@x.example, b@x.example", [Mailbox("", "a@x.example"), Mailbox("", "b@x.example")]),
        ("a@x.example, Ann Lee <ann@x.example>", [Mailbox("", "a@x.example"), ANN]),
        ("Lee, Ann; 'Service Desk'", [Mailbox("Lee, Ann", ""), Mailbox("Service Desk", "")]),
        ("", []),
    ],
)  # fmt: skip
def test_mailboxes_are_read_as_programs_show_them(value: str, boxes: list[Mailbox]) -> None:
    assert list(read_written_mailboxes(value)) == boxes


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("Mon, 2 Nov 2026 10:00:00 +0100", MORNING.replace(tzinfo=dt.timezone(dt.timedelta(hours=1)))),
        ("2 November 2026 at 10:00:00 CET", MORNING.replace(tzinfo=dt.timezone(dt.timedelta(hours=1)))),
        ("11/2/26 10:00 (GMT-05:00)", None),
        ("25/11/2026 10:00", dt.datetime(2026, 11, 25, 10)),
        ("11/25/2026 10:00 PM", dt.datetime(2026, 11, 25, 22)),
        ("02.11.2026 10:00", MORNING),
        ("2026-11-02 10:00:00", MORNING),
        ("Monday, November 2, 2026 12:05 AM", dt.datetime(2026, 11, 2, 0, 5)),
        ("2026年11月2日 下午3:05", dt.datetime(2026, 11, 2, 15, 5)),
        ("2026년 11월 2일 월요일 오후 3:05", dt.datetime(2026, 11, 2, 15, 5)),
        ("Mar 3 nov. 2026 à 10:00", dt.datetime(2026, 11, 3, 10)),
        ("2. November 2026", dt.datetime(2026, 11, 2)),
        ("yesterday", None),
        ("32 November 2026", None),
        ("", None),
    ],
)
def test_dates_are_read_where_their_form_is_known(value: str, date: dt.datetime | None) -> None:
    assert read_written_date(value, english=True) == date


@given(st.text())
def test_no_value_is_too_strange(value: str) -> None:
    read_written_date(value)
    read_written_mailboxes(value)


LINES = st.sampled_from(["From: a@x", "> From: b@x", "To: c@x", "Subject: d", "> Subject: d", "Date: 2.11.2026", "", ">", "text", "-----Original Message-----", "Von: x An: y"])  # fmt: skip


@given(st.lists(LINES, max_size=30))
def test_nothing_that_looks_forwarded_stops_the_reader(lines: list[str]) -> None:
    for found in inline_forwards([Piece(PieceKind.QUOTE, "\n".join(lines))]):
        assert found.depth >= 1


@pytest.mark.parametrize(
    "hostile",
    ["From: a@x\nTo: b\nSubject: c\n" * 4_000, "From:\n" * 10_000, "From: " + "<a@b" * 25_000, "To: " + "a," * 50_000, "> " * 50_000, "From: a@x\n" + "x\n" * 50_000],
)  # fmt: skip
def test_hostile_text_is_read_to_its_end(hostile: str) -> None:
    assert len(inline_forwards([Piece(PieceKind.QUOTE, hostile)])) <= 50
