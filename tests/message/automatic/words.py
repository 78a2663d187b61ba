"""What automatic replies and receipts say, in twenty-four languages."""

# ruff: noqa: E501, RUF001 - sentences of many scripts

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One language: the words before a subject, old and new, of a receipt, and what people write."""

    charset: str
    person: str
    reply: str  # Exchange 2010 and later
    away: str  # what older programs and rules put there
    read: str
    topic: str
    text: str  # of an absence
    seen: str  # of a receipt


WORDS = {
    "en": Words("us-ascii", "Ann Clarke", "Automatic reply: ", "Out of Office AutoReply: ", "Read: ", "Printer on floor 3", "I am out of the office until Monday, 12 May, with no access to email. In urgent cases please call the front desk.", "Your message was read on Tuesday, 6 May at 10:12."),
    "de": Words("iso-8859-1", "Jürgen Köhler", "Automatische Antwort: ", "Abwesenheitsnotiz: ", "Gelesen: ", "Drucker im 3. Stock", "Vielen Dank für Ihre Nachricht. Ich bin bis zum 12. Mai nicht im Büro. Ihre E-Mail wird nicht weitergeleitet.", "Ihre Nachricht wurde am Dienstag, 6. Mai um 10:12 gelesen."),
    "fr": Words("utf-8", "Hélène Lefèvre", "Réponse automatique : ", "Absence du bureau : ", "Lu : ", "Imprimante du 3e étage", "Je suis absente du bureau jusqu'au 12 mai. En cas d'urgence, merci de contacter l'accueil.", "Votre message a été lu le mardi 6 mai à 10:12."),
    "es": Words("iso-8859-1", "Íñigo Muñoz", "Respuesta automática: ", "Fuera de la oficina: ", "Leído: ", "Impresora de la planta 3", "Estaré fuera de la oficina hasta el 12 de mayo. Responderé a su mensaje a mi regreso.", "Su mensaje se leyó el martes 6 de mayo a las 10:12."),
    "it": Words("utf-8", "Niccolò Bianchi", "Risposta automatica: ", "Fuori sede: ", "Letto: ", "Stampante al terzo piano", "Sono assente dall'ufficio fino al 12 maggio. Per urgenze potete rivolgervi alla segreteria.", "Il messaggio è stato letto martedì 6 maggio alle 10:12."),
    "pt": Words("iso-8859-1", "João Conceição", "Resposta automática: ", "Ausência temporária: ", "Lida: ", "Impressora do 3.º andar", "Estou fora do escritório até 12 de maio. Para assuntos urgentes, contacte a recepção.", "A sua mensagem foi lida na terça-feira, 6 de maio, às 10:12."),
    "nl": Words("utf-8", "Daniël van Dijk", "Automatisch antwoord: ", "Afwezigheidsbericht: ", "Gelezen: ", "Printer op de derde", "Ik ben tot 12 mei niet op kantoor. Voor dringende zaken kunt u de balie bellen.", "Uw bericht is gelezen op dinsdag 6 mei om 10:12."),
    "sv": Words("iso-8859-1", "Åsa Björk", "Automatiskt svar: ", "Frånvaro: ", "Läst: ", "Skrivaren på plan 3", "Jag är inte på kontoret förrän den 12 maj. Vid brådskande ärenden, kontakta receptionen.", "Ditt meddelande lästes tisdagen den 6 maj 10:12."),
    "da": Words("utf-8", "Søren Kjær", "Automatisk svar: ", "Ikke til stede: ", "Læst: ", "Printeren på 3. sal", "Jeg er ikke på kontoret før den 12. maj. Ring til receptionen, hvis det haster.", "Din meddelelse blev læst tirsdag den 6. maj kl. 10.12."),
    "nb": Words("utf-8", "Bjørn Ødegård", "Automatisk svar: ", "Fraværende: ", "Lest: ", "Skriveren i 3. etasje", "Jeg er ikke på kontoret før 12. mai. Ta kontakt med resepsjonen hvis det haster.", "Meldingen din ble lest tirsdag 6. mai kl. 10.12."),
    "fi": Words("iso-8859-15", "Päivi Mäkelä", "Automaattinen vastaus: ", "Poissa: ", "Luettu: ", "Kolmannen kerroksen tulostin", "Olen poissa toimistolta 12. toukokuuta asti. Kiireellisissä asioissa soittakaa neuvontaan.", "Viestinne luettiin tiistaina 6. toukokuuta klo 10.12."),
    "pl": Words("iso-8859-2", "Łukasz Wiśniewski", "Odpowiedź automatyczna: ", "Poza biurem: ", "Przeczytano: ", "Drukarka na 3. piętrze", "Do 12 maja jestem poza biurem. W pilnych sprawach proszę dzwonić do recepcji.", "Wiadomość została przeczytana we wtorek 6 maja o 10:12."),
    "cs": Words("iso-8859-2", "Jiří Dvořák", "Automatická odpověď: ", "Mimo kancelář: ", "Přečteno: ", "Tiskárna ve 3. patře", "Do 12. května jsem mimo kancelář. V naléhavých případech volejte recepci.", "Zpráva byla přečtena v úterý 6. května v 10:12."),
    "sk": Words("utf-8", "Ľubica Kováčová", "Automatická odpoveď: ", "Mimo kanceláriu: ", "Prečítané: ", "Tlačiareň na 3. poschodí", "Do 12. mája nie som v kancelárii. V súrnych prípadoch volajte recepciu.", "Správa bola prečítaná v utorok 6. mája o 10:12."),
    "hu": Words("iso-8859-2", "Kovács Ágnes", "Automatikus válasz: ", "Házon kívül: ", "Elolvasva: ", "Nyomtató a 3. emeleten", "Május 12-ig nem vagyok az irodában. Sürgős ügyben hívja a portát.", "Az üzenetet május 6-án, kedden 10:12-kor elolvasták."),
    "ro": Words("utf-8", "Ștefan Ionescu", "Răspuns automat: ", "În afara biroului: ", "Citit: ", "Imprimanta de la etajul 3", "Nu sunt la birou până pe 12 mai. Pentru urgențe, sunați la recepție.", "Mesajul a fost citit marți, 6 mai, la 10:12."),
    "ru": Words("koi8-r", "Ольга Кузнецова", "Автоматический ответ: ", "Нет на месте: ", "Прочтено: ", "Принтер на 3 этаже", "Меня не будет в офисе до 12 мая. По срочным вопросам звоните на ресепшен.", "Ваше сообщение прочтено во вторник 6 мая в 10:12."),
    "uk": Words("windows-1251", "Олена Шевченко", "Автоматична відповідь: ", "Відсутній: ", "Прочитано: ", "Принтер на 3 поверсі", "Мене не буде в офісі до 12 травня. У термінових справах телефонуйте на рецепцію.", "Ваше повідомлення прочитано у вівторок 6 травня о 10:12."),
    "bg": Words("windows-1251", "Мария Димитрова", "Автоматичен отговор: ", "Извън офиса: ", "Прочетено: ", "Принтерът на третия етаж", "Няма да бъда в офиса до 12 май. При спешни случаи се обадете на рецепцията.", "Съобщението беше прочетено във вторник, 6 май, в 10:12."),
    "el": Words("iso-8859-7", "Γιώργος Παπαδόπουλος", "Αυτόματη απάντηση: ", "Εκτός γραφείου: ", "Αναγνώστηκε: ", "Ο εκτυπωτής του 3ου ορόφου", "Θα είμαι εκτός γραφείου έως τις 12 Μαΐου. Για επείγοντα καλέστε τη ρεσεψιόν.", "Το μήνυμά σας αναγνώστηκε την Τρίτη 6 Μαΐου στις 10:12."),
    "tr": Words("iso-8859-9", "Ayşe Yılmaz", "Otomatik yanıt: ", "Ofis dışında: ", "Okundu: ", "3. kattaki yazıcı", "12 Mayıs'a kadar ofis dışındayım. Acil durumlarda lütfen danışmayı arayın.", "İletiniz 6 Mayıs Salı günü 10:12'de okundu."),
    "he": Words("windows-1255", "דנה כהן", "תשובה אוטומטית: ", "לא במשרד: ", "נקרא: ", "המדפסת בקומה 3", "אינני במשרד עד 12 במאי. במקרה דחוף אנא התקשרו לקבלה.", "ההודעה שלך נקראה ביום שלישי, 6 במאי, בשעה 10:12."),
    "ar": Words("windows-1256", "ليلى حداد", "رد تلقائي: ", "خارج المكتب: ", "مقروءة: ", "الطابعة في الطابق الثالث", "أنا خارج المكتب حتى 12 مايو. في الحالات العاجلة يرجى الاتصال بالاستقبال.", "تمت قراءة رسالتك يوم الثلاثاء 6 مايو الساعة 10:12."),
    "ja": Words("iso-2022-jp", "佐藤花子", "自動応答: ", "不在: ", "開封済み: ", "3階のプリンター", "5月12日まで不在にしております。お急ぎの場合は受付までお電話ください。", "あなたのメッセージは5月6日 10:12 に開封されました。"),
    "zh": Words("gb2312", "王丽", "自动答复: ", "外出中: ", "已读: ", "三楼的打印机", "我在5月12日之前不在办公室。如有急事请致电前台。", "您的邮件已于5月6日星期二10:12阅读。"),
    "ko": Words("euc-kr", "김민지", "자동 회신: ", "부재 중: ", "읽음: ", "3층 프린터", "5월 12일까지 자리를 비웁니다. 급한 용무는 안내 데스크로 전화해 주십시오.", "메시지를 5월 6일 화요일 10:12에 읽었습니다."),
}  # fmt: skip
