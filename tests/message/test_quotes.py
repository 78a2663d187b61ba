"""What is new in a mail, and that nothing of it is lost."""

# ruff: noqa: E501, RUF001 - rows of examples in many scripts

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import split_reply
from mailcall.message.html_text import read_html
from mailcall.message.mail import PieceKind
from mailcall.message.quotes import joined, split_text

LINES = st.sampled_from(
    ["> old", ">", "On 1.1.2020 10:00, Ann <a@x.example>", "wrote:", "> wrote:", "", " ", "-- ", "--", "Hello", "Hello  ",
     "From: Ann", "Sent: today", "To: me", "Subject: x", "-----Original Message-----", "____________________",
     "Sent from my iPhone", "Am 1.1.2020 schrieb A:", "Best regards,", "Ann", "reply above this line", ">:", "| a | b |",
     "Begin forwarded message:", "----- End forwarded message -----", "[mc.c1042.aaaaaaaa.aaaaaaaaaaaaaaaa]"]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(LINES, max_size=20).map("\n".join))


@given(TEXTS)
def test_all_pieces_in_order_are_the_text(text: str) -> None:
    assert "\n".join(piece.text for piece in split_text(text)) == text


@given(TEXTS)
def test_neighbouring_pieces_differ_in_kind(text: str) -> None:
    kinds = [piece.kind for piece in split_text(text)]
    assert all(one is not other for one, other in itertools.pairwise(kinds))


@given(
    TEXTS, st.sampled_from(["-- \nBob", "Sent from my iPhone", "Regards,\nBob", "> quoted", "> a\n> b", "--"])
)
def test_something_is_new_unless_a_header_says_that_all_is_quoted(text: str, alone: str) -> None:
    assert split_reply(alone)[0].strip()
    if text.strip() and not any(mark in text for mark in ":@-=_*–—~[t"):
        assert split_reply(text)[0].strip()


ANSWERED = "Please do.\n\nThanks"

# Attribution lines, as (program, language) writes them above what it quotes.
WROTE = {
    ("Gmail", "English"): "On Mon, 2 Nov 2026 at 10:00, Ann Lee <ann@x.example> wrote:",
    ("Gmail, broken", "English"): "On Mon, 2 Nov 2026 at 10:00, Ann Lee <\nann@x.example> wrote:",
    ("Gmail, broken twice", "English"): "On Mon, 2 Nov 2026 at 10:00, Ann Lee\n<ann@x.example>\nwrote:",
    ("Gmail, broken late", "English"): "On Mon, 2 Nov 2026 at 10:00, Ann Lee <ann@x.example\n> wrote:",
    ("Apple Mail", "English"): "On 2 Nov 2026, at 10:00, Ann Lee <ann@x.example> wrote:",
    ("Thunderbird", "English"): "On 11/2/26 10:00 AM, Ann Lee wrote:",
    ("Yahoo", "English"): "On Monday, November 2, 2026 at 10:00:00 AM GMT+1, Ann Lee <ann@x.example> wrote:",
    ("mutt", "English"): "On Mon, Nov 02, 2026 at 10:00:00AM +0100, Ann Lee wrote:",
    ("Evolution", "English"): "On Mon, 2026-11-02 at 10:00 +0100, Ann Lee wrote:",
    ("KMail", "English"): "On Monday, 2 November 2026 10:00:00 CET Ann Lee wrote:",
    ("Gnus", "English"): "Ann Lee <ann@x.example> writes:",
    ("Horde", "English"): "Quoting Ann Lee <ann@x.example>:",
    ("Roundcube", "English"): "On 2026-11-02 10:00, Ann Lee wrote:",
    ("ProtonMail", "English"): "On Monday, November 2nd, 2026 at 10:00 AM, Ann Lee <ann@x.example> wrote:",
    ("Zoho", "English"): "---- On Mon, 02 Nov 2026 10:00:00 +0100 Ann Lee <ann@x.example> wrote ----",
    ("Lotus Notes", "English"): '-----"Ann Lee" <ann@x.example> wrote: -----',
    ("NetEase", "English"): 'At 2026-11-02 10:00:00, "Ann Lee" <ann@x.example> wrote:',
    ("K-9", "English"): "On 2 November 2026 10:00:00 CET, Ann Lee <ann@x.example> wrote:",
    ("Gmail, old", "any"): "2026/11/2 Ann Lee <ann@x.example>",
    ("Gmail, older", "any"): "2026-11-02 10:00 GMT+01:00 Ann Lee <ann@x.example>:",
    ("Thunderbird", "German"): "Am 02.11.2026 um 10:00 schrieb Ann Lee:",
    ("Gmail", "German"): "Am Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Ann Lee <ann@x.example>:",
    ("Apple Mail", "German"): "Am 02.11.2026 um 10:00 schrieb Ann Lee <ann@x.example>:",
    ("Roundcube", "German"): "Am 2026-11-02 10:00, schrieb Ann Lee:",
    ("Horde", "German"): "Zitat von Ann Lee <ann@x.example>:",
    ("Lotus Notes", "German"): '-----"Ann Lee" <ann@x.example> schrieb: -----',
    ("Gmail", "French"): "Le lun. 2 nov. 2026 à 10:00, Ann Lee <ann@x.example> a écrit :",
    ("Thunderbird", "French"): "Le 02/11/2026 à 10:00, Ann Lee a écrit :",
    ("Apple Mail", "French"): "Le 2 nov. 2026 à 10:00, Ann Lee <ann@x.example> a écrit :",
    ("Gmail", "Spanish"): "El lun, 2 nov 2026 a las 10:00, Ann Lee (<ann@x.example>) escribió:",
    ("Thunderbird", "Spanish"): "El 2/11/26 a las 10:00, Ann Lee escribió:",
    ("Gmail", "Italian"): "Il giorno lun 2 nov 2026 alle ore 10:00 Ann Lee <ann@x.example> ha scritto:",
    ("Thunderbird", "Italian"): "Il 02/11/2026 10:00, Ann Lee ha scritto:",
    ("Gmail", "Dutch"): "Op ma 2 nov. 2026 om 10:00 schreef Ann Lee <ann@x.example>:",
    ("Apple Mail", "Dutch"): "Op 2 nov. 2026 om 10:00 heeft Ann Lee <ann@x.example> het volgende geschreven:",
    ("Gmail", "Portuguese"): "Em seg., 2 de nov. de 2026 às 10:00, Ann Lee <ann@x.example> escreveu:",
    ("Thunderbird", "Portuguese"): "Em 02/11/2026 10:00, Ann Lee escreveu:",
    ("Gmail", "Swedish"): "Den mån 2 nov. 2026 kl 10:00 skrev Ann Lee <ann@x.example>:",
    ("Apple Mail", "Swedish"): "2 nov. 2026 kl. 10:00 skrev Ann Lee <ann@x.example>:",
    ("Gmail", "Danish"): "Den man. 2. nov. 2026 kl. 10.00 skrev Ann Lee <ann@x.example>:",
    ("Gmail", "Norwegian"): "man. 2. nov. 2026 kl. 10:00 skrev Ann Lee <ann@x.example>:",
    ("Gmail", "Finnish"): "ma 2. marrask. 2026 klo 10.00 Ann Lee (ann@x.example) kirjoitti:",
    ("Gmail", "Icelandic"): "Þann mán., 2. nóv. 2026 kl. 10:00 skrifaði Ann Lee <ann@x.example>:",
    ("Gmail", "Polish"): "pon., 2 lis 2026 o 10:00 Ann Lee <ann@x.example> napisał(a):",
    ("Thunderbird", "Polish"): "W dniu 2.11.2026 o 10:00, Ann Lee pisze:",
    ("Onet", "Polish"): "W dniu 2026-11-02 10:00:00 użytkownik Ann Lee <ann@x.example> napisał:",
    ("WP", "Polish"): "Dnia 2 listopada 2026 10:00 Ann Lee <ann@x.example> napisał(a):",
    ("Gmail", "Czech"): "po 2. 11. 2026 v 10:00 odesílatel Ann Lee <ann@x.example> napsal:",
    ("Thunderbird", "Czech"): "Dne 02.11.26 v 10:00 Ann Lee napsal(a):",
    ("Gmail", "Slovak"): "po 2. 11. 2026 o 10:00 Ann Lee <ann@x.example> napísal(a):",
    ("Gmail", "Hungarian"): "Ann Lee <ann@x.example> ezt írta (időpont: 2026. nov. 2., H, 10:00):",
    ("Thunderbird", "Hungarian"): "2026. 11. 02. 10:00 keltezéssel, Ann Lee írta:",
    ("Gmail", "Romanian"): "În lun., 2 nov. 2026 la 10:00, Ann Lee <ann@x.example> a scris:",
    ("Gmail", "Russian"): "пн, 2 нояб. 2026 г. в 10:00, Ann Lee <ann@x.example>:",
    ("Thunderbird", "Russian"): "02.11.2026 10:00, Ann Lee пишет:",
    ("Yandex", "Russian"): '02.11.2026, 10:00, "Ann Lee" <ann@x.example>:',
    ("mail.ru", "Russian"): "Понедельник, 2 ноября 2026, 10:00 +03:00 от Ann Lee <ann@x.example>:",
    ("Android", "Russian"): "2 ноября 2026 г. 10:00 пользователь Ann Lee <ann@x.example> написал:",
    ("Gmail", "Ukrainian"): "пн, 2 лист. 2026 р. о 10:00 Ann Lee <ann@x.example> пише:",
    ("Gmail", "Bulgarian"): "На пн, 2.11.2026 г. в 10:00 Ann Lee <ann@x.example> написа:",
    ("Gmail", "Serbian"): "пон, 2. нов 2026. у 10:00 Ann Lee <ann@x.example> је написао/ла:",
    ("Gmail", "Croatian"): "pon, 2. stu 2026. u 10:00 Ann Lee <ann@x.example> napisao je:",
    ("Gmail", "Slovenian"): "V V pon., 2. nov. 2026 ob 10:00 je oseba Ann Lee <ann@x.example> napisala:",
    ("Gmail", "Greek"): "Στις Δευ 2 Νοε 2026 στις 10:00 π.μ., ο/η Ann Lee <ann@x.example> έγραψε:",
    ("Gmail", "Turkish"): "Ann Lee <ann@x.example>, 2 Kas 2026 Pzt, 10:00 tarihinde şunu yazdı:",
    ("Gmail", "Hebrew"): "\u202bבתאריך יום ב׳, 2 בנוב׳ 2026 ב-10:00 מאת \u202aAnn Lee\u202c\u200f <\u202aann@x.example\u202c\u200f>:\u202c",
    ("Gmail", "Arabic"): "في الاثنين، ٢ نوفمبر ٢٠٢٦ في ١٠:٠٠ ص تمت كتابة ما يلي بواسطة Ann Lee <ann@x.example>:",
    ("Gmail", "Persian"): "در تاریخ دوشنبه ۲ نوامبر ۲۰۲۶ ساعت ۱۰:۰۰ Ann Lee <ann@x.example> نوشت:",
    ("Gmail", "Chinese, simplified"): "Ann Lee <ann@x.example> 于2026年11月2日周一 10:00写道：",
    ("Apple Mail", "Chinese, simplified"): "在 2026年11月2日，10:00，Ann Lee <ann@x.example> 写道：",
    ("Gmail", "Chinese, traditional"): "Ann Lee <ann@x.example> 於 2026年11月2日 週一 上午10:00寫道：",
    ("Gmail", "Japanese"): "2026年11月2日(月) 10:00 Ann Lee <ann@x.example>:",
    ("Apple Mail", "Japanese"): "2026/11/02 10:00、Ann Lee <ann@x.example>のメール:",
    ("Gmail", "Korean"): "2026년 11월 2일 (월) 오전 10:00, Ann Lee <ann@x.example>님이 작성:",
    ("Gmail", "Vietnamese"): "Vào Th 2, 2 thg 11, 2026 vào lúc 10:00 Ann Lee <ann@x.example> đã viết:",
    ("Gmail", "Indonesian"): "Pada Sen, 2 Nov 2026 10.00, Ann Lee <ann@x.example> menulis:",
    ("Gmail", "Thai"): "ในวันที่ จ. 2 พ.ย. 2026 เวลา 10:00 Ann Lee <ann@x.example> เขียนว่า:",
    ("Gmail", "Hindi"): "सोम, 2 नव॰ 2026 को 10:00 बजे Ann Lee <ann@x.example> ने लिखा:",
    ("Gmail", "Catalan"): "Missatge de Ann Lee <ann@x.example> del dia dl., 2 de nov. 2026 a les 10:00:",
    ("Gmail", "Estonian"): "Kuupäev E, 2. november 2026 kell 10:00 kirjutas Ann Lee <ann@x.example>:",
    ("Gmail", "Latvian"): "Pirmd., 2026. g. 2. nov., plkst. 10:00 — lietotājs Ann Lee (<ann@x.example>) rakstīja:",
    ("Gmail", "Lithuanian"): "2026-11-02, pr, 10:00 Ann Lee <ann@x.example> rašė:",
}  # fmt: skip

# Titles and header blocks that Outlook and others write.
BLOCKS = {
    ("Outlook", "English"): "From: Ann Lee <ann@x.example>\nSent: Monday, November 2, 2026 10:00 AM\nTo: Desk\nSubject: Printer\n",
    ("Outlook, old", "English"): "-----Original Message-----\nFrom: Ann Lee\n",
    ("Exchange, phone", "English"): "________________________________\nFrom: Ann Lee <ann@x.example>\nSent: Monday, November 2, 2026 10:00:00 AM\nTo: Desk <desk@x.example>\nSubject: Printer\n",
    ("Samsung", "English"): "-------- Original message --------\nFrom: Ann Lee <ann@x.example>\nDate: 11/2/26 10:00 (GMT+01:00)\nTo: desk@x.example\nSubject: Printer\n",
    ("eM Client", "English"): '------ Original Message ------\nFrom "Ann Lee" <ann@x.example>\nTo desk@x.example\nDate 02/11/2026 10:00:00\nSubject Printer\n',
    ("Zimbra", "English"): "----- Original Message -----\nFrom: \"Ann Lee\" <ann@x.example>\nTo: desk@x.example\nSent: Monday, November 2, 2026 10:00:00 AM\nSubject: Printer\n",
    ("Gmail", "English"): "---------- Forwarded message ---------\nFrom: Ann Lee <ann@x.example>\nDate: Mon, Nov 2, 2026\nSubject: Printer\nTo: <desk@x.example>\n",
    ("Apple Mail", "English"): "Begin forwarded message:\n\nFrom: Ann Lee <ann@x.example>\nSubject: Printer\nDate: 2 November 2026\nTo: desk@x.example\n",
    ("mutt", "English"): "----- Forwarded message from Ann Lee <ann@x.example> -----\n",
    ("Lotus Notes", "English"): "----- Forwarded by Ann Lee/ACME on 02.11.2026 10:00 -----\n\nFrom:\tAnn Lee/ACME\nTo:\tDesk/ACME\nDate:\t02.11.2026 10:00\nSubject:\tPrinter\n",
    ("Zoho", "English"): "============ Forwarded message ============\nFrom: Ann Lee <ann@x.example>\n",
    ("Outlook", "German"): "Von: Ann Lee <ann@x.example>\nGesendet: Montag, 2. November 2026 10:00\nAn: Desk\nBetreff: Drucker\n",
    ("Outlook, old", "German"): "-----Ursprüngliche Nachricht-----\nVon: Ann\n",
    ("GMX", "German"): "Gesendet: Montag, 02. November 2026 um 10:00 Uhr\nVon: \"Ann Lee\" <ann@x.example>\nAn: desk@x.example\nBetreff: Drucker\n",
    ("Thunderbird", "German"): "-------- Weitergeleitete Nachricht --------\nBetreff: Drucker\nDatum: Mon, 2 Nov 2026\nVon: Ann <ann@x.example>\n",
    ("Apple Mail", "German"): "Anfang der weitergeleiteten Nachricht:\n\nVon: Ann <ann@x.example>\nBetreff: Drucker\nDatum: 2. November 2026\n",
    ("Outlook", "French"): "De : Ann Lee <ann@x.example>\nEnvoyé : lundi 2 novembre 2026 10:00\nÀ : Desk\nObjet : Imprimante\n",
    ("Outlook, starred", "French"): "*De :* Ann\n*Envoyé :* lundi 2 novembre 2026 10:00\n*À :* Desk\n*Objet :* Imprimante\n",
    ("Orange", "French"): "Message du : 02/11/26 10:00\nDe : \"Ann\" <ann@x.example>\nA : desk@x.example\nObjet : Imprimante\n",
    ("Outlook", "Spanish"): "De: Ann Lee <ann@x.example>\nEnviado el: lunes, 2 de noviembre de 2026 10:00\nPara: Desk\nAsunto: Impresora\n",
    ("Outlook", "Italian"): "Da: Ann Lee <ann@x.example>\nInviato: lunedì 2 novembre 2026 10:00\nA: Desk\nOggetto: Stampante\n",
    ("Outlook", "Portuguese"): "De: Ann Lee <ann@x.example>\nEnviada em: segunda-feira, 2 de novembro de 2026 10:00\nPara: Desk\nAssunto: Impressora\n",
    ("Outlook", "Dutch"): "Van: Ann Lee <ann@x.example>\nVerzonden: maandag 2 november 2026 10:00\nAan: Desk\nOnderwerp: Printer\n",
    ("Outlook", "Swedish"): "Från: Ann Lee <ann@x.example>\nSkickat: den 2 november 2026 10:00\nTill: Desk\nÄmne: Skrivare\n",
    ("Outlook", "Danish"): "Fra: Ann Lee <ann@x.example>\nSendt: 2. november 2026 10:00\nTil: Desk\nEmne: Printer\n",
    ("Outlook", "Norwegian"): "Fra: Ann Lee <ann@x.example>\nSendt: mandag 2. november 2026 10:00\nTil: Desk\nEmne: Skriver\n",
    ("Outlook", "Finnish"): "Lähettäjä: Ann Lee <ann@x.example>\nLähetetty: maanantai 2. marraskuuta 2026 10.00\nVastaanottaja: Desk\nAihe: Tulostin\n",
    ("Outlook", "Polish"): "Od: Ann Lee <ann@x.example>\nWysłano: poniedziałek, 2 listopada 2026 10:00\nDo: Desk\nTemat: Drukarka\n",
    ("Outlook", "Czech"): "Od: Ann Lee <ann@x.example>\nOdesláno: pondělí 2. listopadu 2026 10:00\nKomu: Desk\nPředmět: Tiskárna\n",
    ("Outlook", "Slovak"): "Od: Ann Lee <ann@x.example>\nOdoslané: pondelok 2. novembra 2026 10:00\nKomu: Desk\nPredmet: Tlačiareň\n",
    ("Outlook", "Hungarian"): "Feladó: Ann Lee <ann@x.example>\nElküldve: 2026. november 2., hétfő 10:00\nCímzett: Desk\nTárgy: Nyomtató\n",
    ("Outlook", "Romanian"): "De la: Ann Lee <ann@x.example>\nTrimis: luni, 2 noiembrie 2026 10:00\nCătre: Desk\nSubiect: Imprimanta\n",
    ("Outlook", "Bulgarian"): "От: Ann Lee <ann@x.example>\nИзпратено: понеделник, 2 ноември 2026 г. 10:00\nДо: Desk\nОтносно: Принтер\n",
    ("Outlook", "Russian"): "От: Ann Lee <ann@x.example>\nОтправлено: 2 ноября 2026 г. 10:00\nКому: Desk\nТема: Принтер\n",
    ("mail.ru", "Russian"): "-------- Пересылаемое сообщение --------\nОт: Ann Lee <ann@x.example>\n",
    ("Outlook", "Ukrainian"): "Від: Ann Lee <ann@x.example>\nНадіслано: 2 листопада 2026 р. 10:00\nКому: Desk\nТема: Принтер\n",
    ("Outlook", "Croatian"): "Šalje: Ann Lee <ann@x.example>\nPoslano: 2. studenoga 2026. 10:00\nPrima: Desk\nPredmet: Pisač\n",
    ("Outlook", "Slovenian"): "Od: Ann Lee <ann@x.example>\nPoslano: ponedeljek, 02. november 2026 10:00\nZa: Desk\nZadeva: Tiskalnik\n",
    ("Outlook", "Greek"): "Από: Ann Lee <ann@x.example>\nΣτάλθηκε: Δευτέρα, 2 Νοεμβρίου 2026 10:00 πμ\nΠρος: Desk\nΘέμα: Εκτυπωτής\n",
    ("Outlook", "Turkish"): "Kimden: Ann Lee <ann@x.example>\nGönderildi: 2 Kasım 2026 Pazartesi 10:00\nKime: Desk\nKonu: Yazıcı\n",
    ("Outlook", "Hebrew"): "מאת: Ann Lee <ann@x.example>\nנשלח: יום שני 02 נובמבר 2026 10:00\nאל: Desk\nנושא: מדפסת\n",
    ("Outlook", "Arabic"): "من: Ann Lee <ann@x.example>\nتم الإرسال: 2 نوفمبر 2026 10:00\nإلى: Desk\nالموضوع: طابعة\n",
    ("Outlook", "Chinese, simplified"): "发件人: Ann Lee <ann@x.example>\n发送时间: 2026年11月2日 10:00\n收件人: Desk\n主题: 打印机\n",
    ("QQ", "Chinese, simplified"): "------------------ 原始邮件 ------------------\n发件人: \"Ann\" <ann@x.example>;\n",
    ("Outlook, wide colons", "Chinese, traditional"): "寄件者： Ann Lee <ann@x.example>\n寄件日期： 2026年11月2日 上午 10:00\n收件者： Desk\n主旨： 印表機\n",
    ("Outlook", "Japanese"): "差出人: Ann Lee <ann@x.example>\n送信日時: 2026年11月2日 10:00\n宛先: Desk\n件名: プリンター\n",
    ("Outlook", "Korean"): "보낸 사람: Ann Lee <ann@x.example>\n보낸 날짜: 2026년 11월 2일 월요일 오전 10:00\n받는 사람: Desk\n제목: 프린터\n",
    ("Naver", "Korean"): "-----Original Message-----\nFrom: \"Ann\"<ann@x.example>\nTo: <desk@x.example>;\n",
    ("Outlook", "Vietnamese"): "Từ: Ann Lee <ann@x.example>\nĐã gửi: 02 Tháng Mười Một 2026 10:00\nTới: Desk\nChủ đề: Máy in\n",
    ("Outlook", "Indonesian"): "Dari: Ann Lee <ann@x.example>\nDikirim: 02 November 2026 10:00\nKepada: Desk\nSubjek: Printer\n",
    ("Outlook", "Thai"): "จาก: Ann Lee <ann@x.example>\nส่ง: 2 พฤศจิกายน 2026 10:00\nถึง: Desk\nเรื่อง: เครื่องพิมพ์\n",
    ("Outlook", "Estonian"): "Saatja: Ann Lee <ann@x.example>\nSaadetud: 2. november 2026 10:00\nAdressaat: Desk\nTeema: Printer\n",
    ("Outlook", "Latvian"): "No: Ann Lee <ann@x.example>\nNosūtīts: 2. novembris 2026 10:00\nKam: Desk\nTēma: Printeris\n",
    ("Outlook", "Lithuanian"): "Nuo: Ann Lee <ann@x.example>\nIšsiųsta: 2026 m. lapkričio 2 d. 10:00\nKam: Desk\nTema: Spausdintuvas\n",
    ("Outlook", "Catalan"): "De: Ann Lee <ann@x.example>\nEnviat el: dilluns, 2 de novembre de 2026 10:00\nPer a: Desk\nAssumpte: Impressora\n",
    ("after a rule", "one that nobody knows"): "________________________________\nOdoslal/a: Ann Lee <ann@x.example>\nQachon: 2-noyabr 2026\nKimga: Desk\nMavzu: Printer\n",
}  # fmt: skip

# What telephones and programs put below what was written.
MOBILE = {
    ("iPhone", "English"): "Sent from my iPhone",
    ("Outlook", "English"): "Get Outlook for iOS<https://aka.ms/o0ukef>",
    ("Mail for Windows", "English"): "Sent from Mail<https://go.microsoft.com/fwlink/?LinkId=550986> for Windows",
    ("Samsung", "English"): "Sent from my Galaxy",
    ("K-9", "English"): "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
    ("Yahoo", "English"): "Sent from Yahoo Mail for iPhone",
    ("ProtonMail", "English"): "Sent with Proton Mail secure email.",
    ("BlackBerry", "English"): "Sent via BlackBerry from T-Mobile",
    ("iPhone", "German"): "Von meinem iPhone gesendet",
    ("Outlook", "German"): "Gesendet von Outlook für Android<https://aka.ms/AAb9ysg>",
    ("K-9", "German"): "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    ("GMX", "German"): "Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.",
    ("Samsung", "German"): "Von meinem/meiner Galaxy gesendet",
    ("iPhone", "French"): "Envoyé de mon iPhone",
    ("Outlook", "French"): "Télécharger Outlook pour iOS",
    ("Orange", "French"): "Envoyé depuis l'application Mail Orange",
    ("Mail for Windows", "French"): "Provenance : Courrier pour Windows",
    ("iPhone", "Spanish"): "Enviado desde mi iPhone",
    ("Outlook", "Spanish"): "Obtener Outlook para Android",
    ("iPhone", "Italian"): "Inviato da iPhone",
    ("iPhone", "Portuguese"): "Enviado do meu iPhone",
    ("Outlook", "Portuguese"): "Obter o Outlook para iOS",
    ("iPhone", "Dutch"): "Verstuurd vanaf mijn iPhone",
    ("Outlook", "Dutch"): "Outlook voor iOS downloaden",
    ("iPhone", "Swedish"): "Skickat från min iPhone",
    ("iPhone", "Danish"): "Sendt fra min iPhone",
    ("Outlook", "Norwegian"): "Hent Outlook for iOS",
    ("iPhone", "Finnish"): "Lähetetty iPhonesta",
    ("iPhone", "Polish"): "Wysłane z iPhone'a",
    ("Outlook", "Polish"): "Pobierz aplikację Outlook dla systemu iOS",
    ("iPhone", "Czech"): "Odesláno z iPhonu",
    ("iPhone", "Slovak"): "Odoslané z iPhonu",
    ("iPhone", "Hungarian"): "Elküldve az iPhone-omról",
    ("iPhone", "Romanian"): "Trimis de pe iPhone-ul meu",
    ("iPhone", "Bulgarian"): "Изпратено от моя iPhone",
    ("iPhone", "Russian"): "Отправлено с iPhone",
    ("mail.ru", "Russian"): "Отправлено из мобильной Почты Mail.ru",
    ("iPhone", "Ukrainian"): "Надіслано з iPhone",
    ("iPhone", "Croatian"): "Poslano s mog iPhonea",
    ("iPhone", "Greek"): "Στάλθηκε από το iPhone μου",
    ("iPhone", "Turkish"): "iPhone'umdan gönderildi",
    ("iPhone", "Hebrew"): "נשלח מה-iPhone שלי",
    ("iPhone", "Arabic"): "أُرسلت من الـ iPhone",
    ("iPhone", "Chinese, simplified"): "发自我的 iPhone",
    ("QQ", "Chinese, simplified"): "来自我的手机QQ邮箱",
    ("iPhone", "Chinese, traditional"): "從我的 iPhone 傳送",
    ("iPhone", "Japanese"): "iPhoneから送信",
    ("iPhone", "Korean"): "나의 iPhone에서 보냄",
    ("iPhone", "Vietnamese"): "Đã gửi từ iPhone của tôi",
    ("iPhone", "Indonesian"): "Dikirim dari iPhone saya",
    ("iPhone", "Thai"): "ส่งจาก iPhone ของฉัน",
    ("iPhone", "Catalan"): "Enviat des del meu iPhone",
}  # fmt: skip

CLOSINGS = [
    "Best regards,\nBob", "Kind regards\n\nBob Ray\nDesk 4\n+44 20 7946 0000", "Mit freundlichen Grüßen\nBob", "MfG\nBob",
    "Cordialement,\n\nBob", "Saludos cordiales,\nBob", "Cordiali saluti\nBob", "Atenciosamente,\nBob",
    "Met vriendelijke groet,\nBob", "Med vänlig hälsning\nBob", "Med venlig hilsen\nBob", "Vennlig hilsen\nBob",
    "Ystävällisin terveisin\nBob", "Pozdrawiam,\nBob", "S pozdravem\nBob", "S pozdravom\nBob", "Üdvözlettel:\nBob",
    "Cu stimă,\nBob", "С уважение,\nBob", "С уважением,\nBob", "З повагою,\nBob", "Srdačan pozdrav,\nBob", "Lep pozdrav,\nBob",
    "Με εκτίμηση,\nBob", "Saygılarımla,\nBob", "בברכה,\nBob", "مع أطيب التحيات،\nBob", "此致\n敬礼", "Trân trọng,\nBob",
    "Lugupidamisega\nBob", "Ar cieņu,\nBob", "Pagarbiai\nBob", "/Bob", "-- \nBob\nDesk 4", "--\nBob\nDesk 4",
    "Regards,\nBob\n\nThis message is confidential and may be privileged. If you are not the intended recipient, delete it, please, and tell us at once.",
    "_______________________________________________\ndesk mailing list\ndesk@lists.example",
]  # fmt: skip


def test_at_least_twenty_five_languages_are_known() -> None:
    for table in (WROTE, BLOCKS, MOBILE):
        assert len({language for _, language in table}) >= 25


@pytest.mark.parametrize("header", WROTE.values(), ids=map(", ".join, WROTE))
def test_what_stands_below_an_attribution_is_quoted(header: str) -> None:
    assert split_reply(f"{ANSWERED}\n\n{header}\nold text") == (ANSWERED, f"{header}\nold text")
    marked = f"{header}\n\n> old text\n>\n> more"
    assert split_reply(f"{ANSWERED}\n\n{marked}") == (ANSWERED, marked)


@pytest.mark.parametrize("header", WROTE.values(), ids=map(", ".join, WROTE))
def test_an_answer_below_the_quote_is_new(header: str) -> None:
    assert split_reply(f"{header}\n> old text\n\nBelow")[0] == "Below"


@pytest.mark.parametrize(
    "header", ["Ann Lee wrote:", "Ann Lee kirjoitti 2.11.2026 klo 10.00:", "Ann Lee 2.11.2026 10:00:"]
)
def test_some_attributions_are_known_by_the_marked_lines_below(header: str) -> None:
    assert split_reply(f"{ANSWERED}\n\n{header}\n> old text") == (ANSWERED, f"{header}\n> old text")


@pytest.mark.parametrize("header", BLOCKS.values(), ids=map(", ".join, BLOCKS))
def test_what_stands_below_a_header_block_is_quoted(header: str) -> None:
    assert split_reply(f"{ANSWERED}\n\n{header}\nold text")[0] == ANSWERED
    assert split_reply(f"{ANSWERED}\n{header}\nold text")[0] == ANSWERED


@pytest.mark.parametrize("line", MOBILE.values(), ids=map(", ".join, MOBILE))
def test_what_a_telephone_adds_is_signature(line: str) -> None:
    pieces = split_text(
        f"{ANSWERED}\n\n{line}\n\nOn Mon, 2 Nov 2026 at 10:00, Ann <ann@x.example> wrote:\n> old"
    )
    assert [piece.kind.value for piece in pieces] == ["new", "signature", "quote"]
    assert joined(pieces, PieceKind.SIGNATURE) == line


@pytest.mark.parametrize("signature", CLOSINGS)
def test_a_signature_is_told_apart(signature: str) -> None:
    pieces = split_text(f"{ANSWERED}\n\n{signature}")
    assert joined(pieces, PieceKind.NEW) == ANSWERED
    assert joined(pieces, PieceKind.SIGNATURE).split() == signature.split()


@pytest.mark.parametrize(
    "text",
    [
        "Sent from my desk, is much easier than my mobile phone.",
        "Regards the printer: it is broken.",
        "Thanks,\nBob",
        "Hello\n\nRegards,\nBob\n\nPS: the other one is broken too",
        "Hello\n\nKind regards from the printer, which is\nbroken again?",
        "I list:\n-- first\n-- second",
        "Here is the log\n----\n1. one\n----\nand that was it",
        "The notification was sent from my iPhone app to all users.",
        "Hello\n-Bob",
    ],
)
def test_prose_is_not_mistaken_for_a_signature(text: str) -> None:
    assert split_reply(text) == (text, "")


APPLE = "> On 3 Nov 2025, at 09:00, IT <s@d.example> wrote:\n> \n> Try again."


@pytest.mark.parametrize(
    "quote",
    [
        APPLE,
        "> Am 03.11.2025 um 09:00 schrieb IT <s@d.example>:\n> \n> Noch einmal.",
        "> Le 3 nov. 2025 à 09:00, IT <s@d.example> a écrit :\n> \n> Encore.",
        "> El 3 nov 2025, a las 9:00, IT <s@d.example> escribió:\n> \n> Otra vez.",
        "> 2025/11/03 9:00、IT <s@d.example>のメール:\n> \n> もう一度",
        "> On 3 Nov 2025, at 09:00, IT Support\n> <s@d.example> wrote:\n> \n> Try again.",
        ">> On 3 Nov 2025, at 09:00, IT <s@d.example> wrote:\n>> Try again.",
        "> On 3 Nov 2025, at 09:00, IT <s@d.example> wrote:\n\nTry again, without marks.",
        "> quoted by a program that says not whom",
    ],
)  # fmt: skip
def test_what_a_telephone_adds_stands_above_a_quote_whose_attribution_is_marked_too(quote: str) -> None:
    pieces = split_text(f"Works.\n\nSent from my iPhone\n\n{quote}")
    assert [piece.kind.value for piece in pieces] == ["new", "signature", "quote"]
    assert joined(pieces, PieceKind.SIGNATURE) == "Sent from my iPhone"
    assert split_reply(f"{quote}\n\nBelow")[0] == ("Below" if "without" not in quote else "")


def test_answers_below_a_marked_attribution_are_new_where_marked_lines_follow_later() -> None:
    text = "> On 3 Nov 2025, Ann <a@x.example> wrote:\nYes, that is right.\n> And this?\nNo."
    assert split_reply(text)[0] == "Yes, that is right.\nNo."


# What people fill in or write that looks like the header of a mail.
FORMS = [
    "Von: Ann\nAn: IT\nBetreff: Drucker\n\nDer Drucker geht nicht.",
    "Name: Ann\nSubject: Printer\nFrom: Room 3\nTo: Room 4\nDate: Monday\nPlease move it.",
    "We need a mailbox rule:\nFrom: shop@x.example\nTo: it@x.example\nSubject: Invoices\nmove it to folder Invoices please.",
    "De : Ann\nÀ : IT\nObjet : Imprimante\nDate : lundi\n\nElle ne marche pas.",
    "De: Ana\nPara: IT\nAsunto: Impresora\nFecha: mañana\n\nNo funciona.",
    "Da: Anna\nA: IT\nOggetto: Stampante\n\nNon funziona.",
    "Van: sales\nAan: IT\nOnderwerp: verhuizing\nDatum: volgende week\n\nGraag twee dozen.",
    "Od: sklad\nDo: IT\nTemat: Drukarka\n\nNie działa.",
    "От: склад\nКому: ИТ\nТема: Принтер\n\nНе работает.",
    "发件人: 小李\n收件人: IT\n主题: 打印机\n\n打印机坏了。",
    "Please note\n____________\nFrom: Room 3\nTo: Room 4\nSubject: Move\nDate: soon\n____________\nThank you",
    "From: Berlin\nTo: Hamburg\nSubject: Journey\nDate: 2.11.2026\n\nPlease book a seat.",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_was_filled_in_is_new_text(form: str) -> None:
    assert split_reply(form) == (form, "")
    assert split_reply(f"Hello,\n\n{form}") == (f"Hello,\n\n{form}", "")


NOTES = 'From:\t"IT Support" <it@x.example>\nTo:\tAnn/ACME\nDate:\t03.11.2025 09:00\nSubject:\tPrinter problem\n\nold'


@pytest.mark.parametrize(
    "attribution",
    [
        '"IT Support" ---03.11.2025 09:00:00---Printer problem',
        "IT Support---11/03/2025 09:00:00 AM---Printer problem",
        "Inactive hide details for IT Support ---2025-11-03 09:00---Printer problem",
        "Details ausblenden: IT Support --- 03.11.2025 09:00:00 ---Drucker",
    ],
)
def test_the_attribution_of_notes_belongs_to_the_quote(attribution: str) -> None:
    assert split_reply(f"{ANSWERED}\n\n{attribution}\n\n{NOTES}")[0] == ANSWERED


@pytest.mark.parametrize(
    "text",
    [
        "Regards\nAnn\n\nThe error log follows:\n2025-11-03 09:00 ERROR disk full on volume C",
        "Regards\nAnn\n\n2025-11-03 09:00:12 ERROR disk full",
        "Regards\nAnn\n\nShall I call?",
        "Mit freundlichen Grüßen\nAnn\n\nDie Meldung lautet:\nPapierstau",
        "Cordialement\nAnn\n\nLe scanner ne marche pas non plus.",
        "Saludos\nAna\n\nEl escáner tampoco funciona.",
        "Met vriendelijke groet\nAnn\n\nDe scanner is ook kapot.",
        "С уважением\nАнна\n\nСканер тоже не работает.",
        "此致\n小李\n\n扫描仪也坏了。",
        "my printer shows:\n--\nPC LOAD LETTER\n--\nWhat does it mean?",
        "my printer shows\n--\nPC LOAD LETTER\n--\nWhat does it mean?",
        "Step 1 done\n__\nStep 2 fails with an error.",
        "Schritt 1 ist fertig\n--\nSchritt 2 bricht mit einem Fehler ab.",
        "Here is the log:\n--\n2025-11-03 09:00:12 ERROR",
        "Sent from my iPhone is below\n--\nCan I turn it off?",
    ],
)  # fmt: skip
def test_what_was_written_below_a_name_or_a_line_is_new(text: str) -> None:
    assert split_reply(f"It fails.\n\n{text}") == (f"It fails.\n\n{text}", "")


def test_text_that_asks_below_what_a_telephone_adds_is_new() -> None:
    pieces = split_text("It fails.\n\nSent from my iPhone\n\nThe log says:\ndisk full")
    assert [piece.kind.value for piece in pieces] == ["new", "signature", "new"]


@pytest.mark.parametrize(
    "attribution",
    [
        "On Mon, 2 Nov 2026 at 10:00, Ann Lee <ann@x.example> wrote:",
        "On Mon, 2 Nov 2026 at 10:00, Ann Lee\n<ann@x.example> wrote:",
        "> On 2 Nov 2026, at 10:00, Ann Lee <ann@x.example> wrote:",
        "Am Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Ann Lee <ann@x.example>:",
        "Le lun. 2 nov. 2026 à 10:00, Ann Lee <ann@x.example> a écrit :",
        "2026年11月2日(月) 10:00 Ann Lee <ann@x.example>:",
    ],
)
def test_words_below_an_attribution_with_an_address_are_never_the_senders(attribution: str) -> None:
    assert split_reply(f"{attribution}\n\napprove")[0] == ""
    assert split_reply(f"\n{attribution}\napprove\n\n-- \nAnn")[0] == ""


SAID = [
    "Hello",
    "The printer is broken.",
    "Shall I call?",
    "Der Drucker geht nicht.",
    "扫描仪也坏了。",
    "2025-11-03 09:00:12 ERROR disk full",
]
FORM_LINES = st.builds(
    lambda label, value: f"{label}: {value}",
    st.sampled_from(["From", "To", "Date", "Subject", "Von", "An", "Datum", "Betreff", "De", "À", "Objet", "От", "Кому", "Тема", "件名", "Name"]),
    st.sampled_from(["Room 3", "Ann", "Monday", "soon", "IT", "", "Drucker"]),
)  # fmt: skip
SEPARATORS = st.sampled_from(["--", "__", "---", "____________", "=====", "***", "", ""])
SIGNED = st.sampled_from(
    ["Regards", "Mit freundlichen Grüßen", "Cordialement,", "Ann", "Sent from my iPhone", "Tel: 1234"]
)
OWN = st.lists(st.one_of(st.sampled_from(SAID), FORM_LINES, SEPARATORS, SIGNED), max_size=14)


@given(OWN, st.sampled_from(SAID), OWN)
def test_forms_separators_and_names_never_leave_the_new_text_empty(
    above: list[str], said: str, below: list[str]
) -> None:
    pieces = split_text("\n".join([*above, said, *below]))
    assert joined(pieces, PieceKind.NEW).strip()
    assert all(piece.kind is not PieceKind.QUOTE for piece in pieces)


@given(st.sampled_from(["Regards\nAnn", "--\nAnn", "MfG\nAnn\nTel: 1234", "Cordialement,\n\nAnn", "Sent from my iPhone"]), st.sampled_from(["Shall I call?", "The log says:", "2025-11-03 09:00:12 ERROR disk full"]), OWN)  # fmt: skip
def test_a_signature_followed_by_more_text_keeps_the_text_new(
    signature: str, said: str, below: list[str]
) -> None:
    assert said in split_reply("\n".join(["It fails.", "", signature, "", said, *below, "Bye?"]))[0]


@pytest.mark.parametrize(
    "text",
    [
        "On the other hand, it could happen twice!\nOnline we saw this:\n- one\n- two",
        "From: the beginning it was wrong",
        "Hello\n\nFrom: Berlin\nTo: Hamburg\nDate: 2 November",
        "The manual wrote:\nturn it off",
        "See https://x.example/on-2-november-ann-wrote: it is there",
        "| id | name |\n| 1 | Ann |",
        "Here are times:\n2024-01-15 14:30:25\nJan 15, 2024 at 14:30",
        "I answer below:\n\nWe wrote it down",
        "We meet at 10:00 on 2/11/2026 with Ann <ann@x.example>:\n- one\n- two",
    ],
)
def test_prose_is_not_mistaken_for_a_quote(text: str) -> None:
    assert split_reply(text) == (text, "")


def test_answers_between_quoted_lines_are_new_and_keep_their_order() -> None:
    pieces = split_text("On 2.11.2026 10:00, Ann wrote:\n> May I?\n\nYes\n\n> And this?\n\nNo")
    assert [piece.kind.value for piece in pieces] == ["quote", "new", "quote", "new"]
    assert joined(pieces, PieceKind.NEW).split() == ["Yes", "No"]


def test_a_line_broken_by_a_program_stays_with_its_quote() -> None:
    text = (
        "Yes\n> a line that was so long that some program broke it at seventy-two\ncharacters or so\n> more"
    )
    assert split_reply(text)[0] == "Yes"


def test_from_at_the_start_of_a_line_escaped_by_a_mailbox_is_no_quote() -> None:
    assert split_reply("Hello\n>From here on it is broken")[1] == ""


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("> all is marked\n> by a strange program", "> all is marked\n> by a strange program"),
        ("On 2.11.2026 10:00, Ann <a@x.example> wrote:\n\napprove", ""),
        ("On 2.11.2026, Ann wrote:\n\na story", "On 2.11.2026, Ann wrote:\n\na story"),
        ("On 2.11.2026 10:00, Ann <a@x.example> wrote:\n> old", ""),
        ("-- \nBob", "--\nBob"),
        ("Sent from my iPhone", "Sent from my iPhone"),
        ("From: Ann <a@x.example>\nSent: 2.11.2026\nTo: Desk\nSubject: x\n\nforwarded", ""),
        (
            "From: Ann\nSubject: Printer\nDate: today\n\na form",
            "From: Ann\nSubject: Printer\nDate: today\n\na form",
        ),
        (
            "see below\n\nFrom: Ann <a@x.example>\nSent: 2.11.2026\nTo: Desk\nSubject: x\n\nforwarded",
            "see below",
        ),
    ],
)
def test_the_new_text_is_empty_only_when_nothing_was_written(text: str, new: str) -> None:
    assert split_reply(text)[0] == new


@pytest.mark.parametrize(
    "marker",
    [
        "##- Please type your reply above this line -##",
        "--- Bitte antworten Sie oberhalb dieser Zeile ---",
        "Please reply above this line.",
        "[mc.c1042.aaaaaaaa.aaaaaaaaaaaaaaaa]",
    ],
)
def test_new_text_ends_at_the_line_above_which_to_answer(marker: str) -> None:
    assert split_reply(f"Yes\n\n{marker}\nold text")[0] == "Yes"
    assert "Yes" in split_reply(f"{marker}\nYes")[0]


def test_text_below_the_end_of_a_forwarded_mail_is_new() -> None:
    text = "fyi\n\n----- Forwarded message from Ann <a@x.example> -----\nold\n----- End forwarded message -----\nwhat now?"
    assert split_reply(text)[0].split("\n") == ["fyi", "", "what now?"]


# Markup that names a quotation, where the words alone don't.
CONTAINERS = {
    "Gmail": '<div>New</div><div class="gmail_quote"><div class="gmail_attr">Qogozda kimdir yozgan:</div><blockquote class="gmail_quote">old</blockquote></div>',
    "Gmail in Outlook": '<div>New</div><div class="x_gmail_quote"><div>Kimdir yozgan<br></div><div>old</div></div>',
    "Thunderbird": '<p>New</p><div class="moz-cite-prefix">Kimdir yozgan:<br></div><blockquote type="cite" cite="mid:x">old</blockquote>',
    "Yahoo": '<div>New</div><div id="ydp3_yahoo_quoted_12"><div><div>Kimdir yozgan</div><div>old</div></div></div>',
    "ProtonMail": '<div>New</div><div class="protonmail_quote">Kimdir<br><blockquote type="cite">old</blockquote></div>',
    "Zoho": '<div>New</div><div class="zmail_extra"><div>Kimdir</div><div>old</div></div>',
    "Outlook on the web": '<div>New</div><hr tabindex="-1"><div id="divRplyFwdMsg"><b>Kimdan:</b> a@x.example<br><b>Qachon:</b> 2-noyabr<br><b>Mavzu:</b> x</div><div>old</div>',
    "Outlook": '<p>New</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p><b>Kimdan:</b> a@x.example<br><b>Qachon:</b> 2<br><b>Mavzu:</b> x</p></div><p>old</p>',
    "Zimbra": '<div>New</div><hr id="zwchr"><b>Kimdan: </b>a@x.example<br><b>Qachon: </b>2<br><b>Mavzu: </b>x<br><br>old',
    "GMX": '<div>New</div><div name="quote" style="margin:10px"><div>Kimdir</div><div>old</div></div>',
    "Spark": '<div name="messageBodySection">New</div><div name="messageReplySection">Kimdir<br>old</div>',
    "mail.ru": '<p>New</p><blockquote style="border-left:1px solid #0857A6;">old</blockquote>',
}  # fmt: skip


@pytest.mark.parametrize("markup", CONTAINERS.values(), ids=CONTAINERS)
def test_markup_tells_quotations_apart(markup: str) -> None:
    pieces = split_text(*read_html(markup))
    assert joined(pieces, PieceKind.NEW).strip() == "New"
    assert "old" in joined(pieces, PieceKind.QUOTE)


def test_an_answer_below_a_container_is_new() -> None:
    pieces = split_text(*read_html('<div class="gmail_quote">Kimdir<div>old</div></div><div>Below</div>'))
    assert joined(pieces, PieceKind.NEW) == "Below"


def test_an_answer_between_quotations_in_a_container_is_new() -> None:
    markup = (
        '<div class="gmail_quote"><div class="gmail_attr">Kimdir:</div><blockquote class="gmail_quote">one</blockquote>'
        '<div>Yes</div><blockquote class="gmail_quote">two</blockquote></div>'
    )
    assert joined(split_text(*read_html(markup)), PieceKind.NEW) == "Yes"


def test_markup_tells_signatures_apart() -> None:
    pieces = split_text(*read_html('<div>New</div><div class="gmail_signature">Bob<br>Desk 4</div>'))
    assert joined(pieces, PieceKind.SIGNATURE) == "Bob\nDesk 4"


def test_an_indent_is_no_quotation() -> None:
    indent = '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">New</blockquote>'
    assert joined(split_text(*read_html(indent)), PieceKind.NEW) == "New"


@pytest.mark.parametrize(
    "hostile",
    [
        "From:\n" * 10_000, ">" * 100_000, "> \n" * 30_000, "On " * 33_000, "On 1.1.2020 wrote:\n" * 5_000,
        "On 1.1.2020 10:00\n" * 5_000, "-----Original Message-----\n" * 4_000, "a@x.example\n" * 9_000, "\n" * 100_000,
        "From: " * 16_000, "-- \n" * 25_000, "Regards,\nx\n" * 9_000, "_" * 100_000, "_ \n" * 30_000, ":" * 100_000,
        "----- End forwarded message -----\n" * 3_000, "Sent from my " * 8_000, "above this line\n" * 6_000,
    ],
)  # fmt: skip
def test_hostile_text_is_read_to_its_end(hostile: str) -> None:
    assert "\n".join(piece.text for piece in split_text(hostile)) == hostile
