"""The words that mail programs put around quoted and forwarded mail, in some forty languages."""

# ruff: noqa: RUF001 - the words of many scripts

import re

from .word_lists import words

_FIELDS = {
    "from": words("""
From|Von|De|Expéditeur|Remitente|Da|Mittente|Remetente|Van|Afzender|Från|Fra|Lähettäjä|Od|Nadawca
Odesílatel|Odosielateľ|Feladó|Felado|De la|Expeditor|От|От кого|Від|Від кого|Ад|Од|Šalje|Шаље|Pošiljatelj
Pošiljalac|Pošiljatel|Από|Gönderen|Kimden|מאת|من|از|发件人|寄件者|寄件人|發件人|差出人|送信者|보낸 사람
보낸사람|보낸이|발신인|Từ|Người gửi|Dari|Daripada|จาก|Saatja|Kellelt|No|Sūtītājs|Nuo|Siuntėjas|Nork|Frá
प्रेषक|से|Nga
"""),
    "date": words("""
Sent|Date|Sent on|Date sent|Gesendet|Gesendet am|Datum|Envoyé|Envoyé le|Date d'envoi|Message du|Enviado
Enviado el|Fecha|Inviato|Inviato il|Data|Enviada|Enviada em|Enviado em|Verzonden|Skickat|Sendt|Sendt den
Dato|Lähetetty|Päivämäärä|Päiväys|Pvm|Wysłano|Wysłane|Data wysłania|Odesláno|Odoslané|Dátum|Elküldve
Küldve|Trimis|Изпратено|Дата|Отправлено|Надіслано|Poslano|Poslato|Послато|Датум|Испратено|Στάλθηκε
Αποστολή|Ημερομηνία|Gönderildi|Gönderme tarihi|Gönderim tarihi|Tarih|Gönderilme Tarihi|נשלח|תאריך
تم الإرسال|تاريخ الإرسال|الإرسال|التاريخ|أرسلت|تاریخ|ارسال شده|发送时间|发送日期|日期|时间|寄件日期
傳送日期|送信日時|日付|日時|보낸 날짜|보낸날짜|날짜|발송|Đã gửi|Ngày|Gửi|Thời gian gửi|Dikirim|Tanggal
Tarikh|Dihantar|ส่ง|วันที่|ส่งเมื่อ|Saadetud|Kuupäev|Nosūtīts|Datums|Išsiųsta|Enviat|Enviat el
Bidaltze-data|Bidalia|Dagsetning|भेजा गया|दिनांक|तारीख|Dërguar|Gestuur
"""),
    "to": words("""
To|An|À|A|Pour|Destinataire|Para|Destinatario|Per|Destinatário|Aan|Till|Til|Vastaanottaja|Saaja|Do
Adresat|Komu|Pro|Pre|Címzett|Către|Catre|До|Кому|Каму|Za|За|Prima|Прима|Prejemnik|Προς|Kime|Alıcı|אל|إلى
به|收件人|收件者|宛先|받는 사람|받는사람|수신인|수신|Tới|Đến|Người nhận|Kepada|Ke|ถึง|Adressaat|Kellele
Kam|Adresāts|Gavėjas|Iki|Per a|Nori|प्रति|Për
"""),
    "cc": words("""
Cc|Kopie|Copie|Copie à|Copia|Cópia|Kopia|Kopi|Kopio|DW|Kópia|Másolatot kap|Másolat|Копие|Копия|Копія
Kopija|Копија|Κοιν|Κοινοποίηση|Bilgi|עותק|نسخة|抄送|副本|참조|Tembusan|สำเนา|Koopia|Còpia
"""),
    "subject": words("""
Subject|Betreff|Objet|Sujet|Asunto|Oggetto|Assunto|Onderwerp|Ämne|Emne|Aihe|Temat|Předmět|Predmet|Tárgy
Subiect|Относно|Тема|Тэма|Предмет|Zadeva|Θέμα|Konu|נושא|الموضوع|موضوع|主题|主旨|主題|件名|제목|Chủ đề
Tiêu đề|Subjek|Perihal|เรื่อง|หัวเรื่อง|Teema|Temats|Tēma|Tema|Assumpte|Gaia|Efni|विषय|Subjekti|Lënda
"""),
    "other": words("""
Reply-To|Reply To|Importance|Priority|Attachments|Bcc|Organization|Wichtigkeit|Priorität|Anlagen
Antwort an|Pièces jointes|Répondre à|Importancia|Importanza|Prioridade|Urgentie|Prioritet|Приоритет
Важность|附件|优先级|重要性|添付ファイル|첨부|첨부파일|Message-ID|User-Agent|Sent by|Mailed-By|Signed-By
Resent-From|UDW|CC
"""),
}

LABELS: dict[str, str] = {label.casefold(): field for field, labels in _FIELDS.items() for label in labels}
ENGLISH_DATES = frozenset(["sent", "date", "sent on", "date sent"])

# Looked for in lower-cased text between blanks.
VERBS = words("""
 wrote| writes| schrieb| geschrieben| a écrit| a ecrit| escribió| escribio| ha scritto| schreef
 geschreven| escreveu| napisał| pisze| skrev| napsal| píše| napísal| kirjoitti| пише| писал| написал
 писав| написав| написа| напісаў| írta| a scris| yazdı| yazmış| đã viết| menulis| je pisal| napisao
 napisala| написао| va escriure| idatzi du| escribiu| rašė| rakstīja| kirjutas| skrifaði| shkroi| έγραψε
 quoting | zitat von | zitiere | quotation by | citando | sent the following| posted the following|כתב
كتب|نوشت|写道|寫道|写到|のメール|書きました|작성|님이 쓴|เขียนว่า|ने लिखा
""")
VERB_ENDS = (*(verb for verb in VERBS if not verb.endswith(" ")), "napisał(a)", "napsal(a)")

OPENING = re.compile(
    r"(?:(?:On|Le|Am|El|Il|Op|Em|Den|Dne|Dnia|W dniu|In data|Il giorno|Vào|На|В|У|Στις|Pada|No dia|Na|Dňa|"
    r"Dana|За|Data|În|Pe|A|V|U|Þann|Kuupäev(?:al)?|Missatge de|Al|Quoting|"
    r"Zitat von|At|Mit|Date)(?=[\s,:]|\Z)|"
    r"في|בתאריך|ב-|ในวันที่|เมื่อ|در|"
    r"\d{1,4}\s?[:./年년-]\s?\d|\d{1,2}\.? \w{3,}|"
    r"[^\W\d_]{1,12}[.,]{0,2} ?\d{1,2}[., ]|[^\W\d_]{2,12}[.,]{0,2} (?:den |le |d\. )?\d{1,2}\.? |"
    r"[^\W\d_]{2,12}[.,]{1,2} [^\W\d_]{3,12} \d)",
    re.IGNORECASE,
)

_ORIGINAL = (
    r"original (?:message|appointment|e?-?mail)|urspr(?:ü|ue)ngliche(?:r|s)? (?:nachricht|e?-?mail|termin)|"
    r"original-?nachricht|(?:message|e-mail|courriel) d.origine|(?:message|courriel) (?:original|initial)|"
    r"mensaje original|messaggio originale|mensagem original|(?:oorspronkelijk|origineel) bericht|"
    r"ursprungligt meddelande|originalmeddelande|(?:oprindelig|original) (?:meddelelse|besked|e-?mail)|"
    r"(?:opprinnelig|original) melding|alkuperäinen viesti|oryginalna wiadomość|"
    r"wiadomość (?:oryginalna|pierwotna)|původní (?:zpráva|e-?mail)|pôvodná správa|eredeti üzenet|"
    r"mesaj(?:ul)? (?:original|inițial)|(?:оригинално|първоначално) съобщение|"
    r"(?:исходное|оригинальное) сообщение|оригинал сообщения|(?:оригінальне|вихідне|первинне) повідомлення|"
    r"(?:izvorna|originalna) poruka|оригинална порука|izvirno sporočilo|αρχικό μήνυμα|"
    r"(?:orijinal|özgün|asıl) (?:ileti|mesaj|e-posta)|הודעה מקורית|(?:ال)?رسالة (?:ال)?أصلية|"
    r"پیام اصلی|原始邮件|原邮件|原始郵件|原始信息|原始訊息|"
    r"元のメッセージ|オリジナルメッセージ|"
    r"원본 ?(?:메시지|메일|이메일)|thư gốc|tin nhắn gốc|pesan asli|"
    r"ข้อความต้นฉบับ|ข้อความเดิม|algne (?:sõnum|kiri)|algkiri|"
    r"(?:sākotnējais|oriģinālais) ziņojums|pradinis pranešimas|originalus laiškas|missatge original|"
    r"jatorrizko mezua|reply message|reply separator"
)
_FORWARDED = (
    r"forwarded (?:message|by|e?-?mail|letter)|fwd message|weitergeleitete[nr]? (?:nachricht|e?-?mail)|"
    r"weitergeleitet von|(?:message|e-mail|courriel) (?:transféré|réexpédié)|mensaje reenviado|"
    r"messaggio inoltrato|mensagem (?:re)?encaminhada|doorgestuurd (?:bericht|e-mailbericht)|"
    r"vidarebefordrat (?:meddelande|mejl|brev|mail)|videresendt (?:meddelelse|besked|melding|e-post|mail)|"
    r"(?:edelleen ?lähetetty|välitetty) viesti|przekaza?n\w+ wiadomoś\w+|wiadomość przekazana|"
    r"przekazywanej wiadomości|(?:přeposlaná|předaná|přeposílané|přeposlané) zpráv\w|preposlan\w+ správ\w|"
    r"továbbított (?:üzenet|levél)|mesaj(?:ului?)? (?:redirecționat|transmis|retransmis)|"
    r"препратено (?:съобщение|писмо)|(?:пересыла\w+|пересланно\w+|переадресован\w+) сообщени\w|"
    r"(?:переслане|переадресован\w+|пересилан\w+) (?:повідомлення|лист\w?)|листа, який пересилається|"
    r"proslijeđena poruka|prosleđena poruka|прослеђена порука|posredovano sporočilo|"
    r"προωθημένο\w* μ[ηή]ν[υύ]μα\w*|"
    r"(?:yönlendiril\w+|iletil\w+) (?:ileti|mesaj|e-posta)|הודעה (?:שהועברה|מועברת)|ההודעה שהועברה|"
    r"(?:ال)?رسالة (?:ال)?م[ُ]?عاد توجيهها|转发(?:的)?邮件|被转发的邮件|轉寄(?:的)?郵件|轉寄的電子郵件|"
    r"転送(?:メッセージ|されたメッセージ|メール|文)|전달된 ?(?:메시지|메일|이메일)|전달 메시지|"
    r"(?:thư|tin nhắn) (?:đã|được) chuyển tiếp|pesan (?:yang )?(?:di)?terus(?:kan|an)|ข้อความ(?:ที่ถูก)?ส่งต่อ|"
    r"edastatud (?:sõnum|kiri)|pārsūtīt(?:s|ais|ā) (?:ziņojums|vēstule)|persi(?:ųstas|unčiamas) laiškas|"
    r"missatge reenviat|birbidalitako mezua"
)
ORIGINAL = re.compile(_ORIGINAL, re.IGNORECASE)
FORWARDED = re.compile(_FORWARDED, re.IGNORECASE)
END_OF_FORWARD = re.compile(
    r"end (?:of )?(?:the )?(?:forwarded|original) (?:message|mail)|"
    r"ende (?:der )?weitergeleitete\w* nachricht|"
    r"fin (?:du message transféré|del mensaje reenviado)|конец пересылаемого сообщения",
    re.IGNORECASE,
)
ABOVE_THIS_LINE = re.compile(
    r"(?:(?:reply|respond|write|answer|type)\b[^.]{0,40}\babove this line|above this line[^.]{0,30}\breply|"
    r"oberhalb dieser (?:zeile|linie)|über dieser (?:zeile|linie)|au-?dessus de cette ligne|"
    r"(?:por )?encima de esta línea|sopra questa (?:riga|linea)|acima desta linha|boven deze (?:regel|lijn)|"
    r"ovanför den här raden|over denne linjen?|powyżej tej linii|nad (?:tento|tímto) řáde?k\w*|"
    r"выше этой (?:линии|строки)|この(?:行|線)より上|在此行(?:上方|之上|以上))",
    re.IGNORECASE,
)
DESK_MARKER = re.compile(r"\[mc\.[crt][1-9]\d{0,14}\.[a-z2-7]{8}\.[a-z2-7]{16}\]", re.IGNORECASE)
# What a text must hold for these to be worth looking for.
ABOVE_THIS_LINE_HINTS = words("""
his line|[mc.|ieser Zeile|ieser Linie|ette ligne|esta línea|sta riga|sta linea|desta linha|eze regel|eze lijn
är raden|nne linj|tej linii|ento řád|ímto řád|этой линии|этой строки|より上|在此行
""")
