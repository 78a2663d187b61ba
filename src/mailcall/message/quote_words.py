"""The words that mail programs put around quoted mail, by language: regular expressions without anchors."""

# ruff: noqa: RUF001 - the words of many scripts

VERB = (
    r"\bwrote\b|\bwrites\b|\bschrieb\b|\ba écrit\b|\ba ecrit\b|\bescribió\b|\bescribio\b|\bha scritto\b|"
    r"\bschreef\b|\bescreveu\b|\bnapisał\(?a?\)?|\bskrev\b|\bnapsala?\b|\bnapísala?\b|\bkirjoitti\b|"
    r"\bпис?а[лв]а?\b|\bнаписала?\b|\bнаписа\b|\bпише\b|\bpisze\b|\byazdı\b|\bيكتب|כתב|כתבה|\bέγραψε\b|"
    r"\bírta\b|"
    r"\ba scris\b|\bđã viết\b|\bmenulis\b|\bje napisao\b|\bje pisal\b|\bva escriure\b|\brašė\b|"
    r"\bkirjutas\b|写道|寫道|のメール|님이 작성|작성:|wrote ?-{3,}|\bgeschreven\b|\bhat geschrieben\b|"
    r"さんは書きました|"
    r"\bnapisała\b|\bsent\b(?= the following)"
)
FROM = (
    r"From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä|От|Від|Gönderen|Kimden|Feladó|Odesílatel|Odosielateľ|发件人|"
    r"寄件者|差出人|보낸 ?사람|Expéditeur|Remitente|Mittente|Afzender|Nadawca|Expeditor|De la|Από|מאת|"
    r"من|Saatja|"
    r"Nuo"
)
DATE = (
    r"Sent|Date|Gesendet|Datum|Message du|Envoyé(?: le)?|Enviado(?: el| em)?|Fecha|Data|Inviato|"
    r"Verzonden|Skickat|"
    r"Sendt|Dato|Wysłano|Lähetetty|Päivämäärä|Päiväys|Отправлено|Дата|Надіслано|Gönderme tarihi|Tarih|"
    r"Gönderildi|Elküldve|Dátum|Odesláno|Odoslané|发送时间|发送日期|寄件日期|日期|送信日時|日付|"
    r"보낸 ?날짜|Trimis|Ημερομηνία|"
    r"נשלח|Sendt den"
)
TO = (
    r"To|Cc|An|Copie(?: à)?|Kopie|À|A|Para|Aan|CC|Till|Til|Do|DW|Vastaanottaja|Кому|Копия|Kime|Bilgi|"
    r"Címzett|Komu|"
    r"Pro|收件人|抄送|收件者|副本|宛先|받는 ?사람|참조|Către|Προς|אל|Kopi|Kopia|Kopio|Reply-To|"
    r"Destinatario|Pour"
)
SUBJECT = (
    r"Subject|Betreff|Objet|Sujet|Asunto|Oggetto|Onderwerp|Ämne|Emne|Temat|Aihe|Тема|Konu|Tárgy|Předmět|"
    r"Predmet|主题|主旨|件名|제목|Assunto|Subiect|Θέμα|נושא|Re|Importance|Wichtigkeit"
)
ORIGINAL = (
    r"original (?:message|appointment|mail|e-mail)|message d.origine|message original|courriel original|"
    r"urspr(?:ü|ue)ngliche (?:nachricht|mail|e-mail)|original-?nachricht|originalnachricht|"
    r"mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|originalmeddelande|"
    r"ursprungligt meddelande|opprinnelig melding|original meddelelse|oprindelig (?:meddelelse|besked)|"
    r"alkuperäinen viesti|oryginalna wiadomość|wiadomość oryginalna|původní (?:zpráva|e-mail)|"
    r"pôvodná správa|eredeti üzenet|исходное сообщение|оригинал|пересылаемое сообщение|"
    r"orijinal (?:mesaj|ileti)|mesajul original|αρχικό μήνυμα|原始邮件|原始郵件|元のメッセージ|"
    r"original message|원본 메시지|"
    r"הודעה מקורית|forwarded (?:message|by|mail)|fwd message|weitergeleitete nachricht|"
    r"message transféré|mensaje reenviado|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht|"
    r"vidarebefordrat|videresendt|edelleenlähetetty|przekazana wiadomość|переадресованное|転送メッセージ|"
    r"reply message|antwort|réponse|reply above this line"
)
MOBILE = (
    r""
    r"sent from (?:my )?[\w® .-]{2,40}\s?(?:<[^<>]*>|\([^()]*\)|\[[^\[\]]*\])?\s*\Z|sent (?:from|via|"
    r"with|using) (?:my|the|outlook|yahoo|mail for|samsung|proton|gmail|android|iphone|ipad|mobile|"
    r"blackberry|a mobile|airmail|mailbird|nine|aqua|boxer)\b|"
    r"get outlook for |download outlook|gesendet (?:von|mit|aus|über)\b|von meinem .{1,40} gesendet|"
    r"diese nachricht wurde von meinem|envoyé (?:de|à partir de|depuis|via)\b|envoye de mon|"
    r"télécharger outlook|obtenez outlook|enviado (?:desde|do|de|a partir do|pelo|con)\b|"
    r"obtener outlook|obter o outlook|inviato (?:da|dal|con)\b|scarica outlook|ottieni outlook|"
    r"verstuurd vanaf|verzonden (?:vanaf|met|vanuit)\b|outlook voor .{2,10} downloaden|skickat från|"
    r"sendt fra|hämta outlook|hent outlook|lähetetty (?:iphone|laitt)|wysłane z |pobierz outlook|"
    r"отправлено (?:с|из)\b|надіслано з|odesláno z|poslano z|odoslané z|elküldve (?:az )?iphone|"
    r"iphone.?umdan gönderildi|发自我的|從我的.{1,20}傳送|iphoneから送信|나의 iphone에서 보냄|"
    r"outlook for (?:ios|android)"
)
