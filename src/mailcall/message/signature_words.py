"""The words by which signatures begin: what telephones and programs add, and how letters close."""

# ruff: noqa: RUF001 - the words of many scripts

import re

from .word_lists import words

# What `Sent from my iPhone` begins with in each language; the line must also name a device or program.
SENT = words("""
sent from |sent via |sent with |sent using |sent by |sent on |get outlook|download outlook|gesendet von |
gesendet mit |gesendet aus |gesendet über |gesendet via |von meine|von mein |von unterwegs|von samsung |
von yahoo |von android |von iphone |holen sie sich outlook|laden sie outlook|outlook für |
diese nachricht wurde |diese e-mail wurde |diese mail wurde |envoyé de |envoye de |envoyé à partir |
envoyé depuis |envoyé via |envoyé avec |envoyé par |envoyé sur |envoyée depuis |provenance :
télécharger outlook|obtenez outlook|obtenir outlook|enviado desde |enviado do |enviado de |enviado da |
enviado a partir |enviado pelo |enviado por |enviado con |enviado com |enviado via |enviada do |
obtener outlook|descargar outlook|obter o outlook|inviato da|inviata da|inviato con |inviato tramite |
inviato dal|scarica outlook|ottieni outlook|verstuurd vanaf |verstuurd met |verstuurd vanuit |
verzonden vanaf |verzonden met |verzonden vanuit |verzonden via |outlook voor |download outlook
skickat från |skickat med |skickat via |skickades från |sendt fra |sendt med |sendt via |hämta outlook
hent outlook|lähetetty |hanki outlook|hae outlook|wysłane z|wysłano z|wysłana z|wysłane za |pobierz |
odesláno z|odesláno pomocí |odoslané z|odoslané pomocou |poslano z|poslano s |poslano iz |poslané z
poslato sa |poslato iz |získat outlook|získajte outlook|stáhnout outlook|elküldve |küldve |az outlook |
trimis de |trimis din |trimis prin |obține outlook|изпратено от |отправлено с|отправлено из |
получить outlook|скачать outlook|надіслано з|надіслано із |στάλθηκε από |נשלח מ|أُرسلت من |أرسلت من |
مرسل من |تم الإرسال من |发自|来自|發自|從我的|從 |从我的|从 |获取 outlook|获取outlook|取得 |下载 outlook
발신|나의 |내 |đã gửi từ |được gửi từ |dikirim dari |dihantar dari|ส่งจาก|saadetud |nosūtīts no |
išsiųsta iš |enviat des |enviat amb |sent úr |मेरे |iphone|ipad
""")
SENT_BEGINS = frozenset(phrase[:2] for phrase in SENT)
# What such a line ends with where the language puts the verb last.
SENT_LAST = words("""
gesendet|gönderildi|送信|送信されました|を入手|をダウンロード|보냄|보낸 메일|다운로드|傳送|发送|भेजा गया
downloaden|herunterladen|beziehen|edinin|indirin
""")
DEVICE = re.compile(
    r"iphon|ipad|ipod|android|galaxy|samsung|outlook|yahoo|gmail|blackberry|huawei|xiaomi|honor|oppo|vivo|oneplus|"
    r"motorola|nokia|pixel|windows|mobil|phone|handy|telefon|téléphone|teléfono|telefone|telefoon|cellul|tablet|"
    r"\bmail\b|k-?9|proton|tuta|zoho|gmx|web\.de|t-online|telekom|orange|mail\.ru|почт|яндекс|yandex|typeapp|bluemail|"
    r"airmail|spark|aqua|boxer|nine|edison|superhuman|hey\b|mailbird|canary|app\b|手机|手機|邮箱|郵箱|小米|华为|"
    r"スマートフォン|携帯|휴대|메일|мобильн|телефон|טלפון|هاتف|\bios\b|\bmac\b|xperia|wiko|htc|lg\b|sparrow",
    re.IGNORECASE,
)
# English says it of anything: only a short line that ends there, not the start of a sentence.
SENT_FROM = re.compile(
    r"sent (?:from|via|with|using) (?:my |the |a )?[\w®™ .'-]{2,45}\s?"
    r"(?:<[^<>]*>|\([^()]*\)|\[[^\[\]]*\])?\Z",
    re.IGNORECASE,
)

_CLOSINGS = words("""
regards|best regards|kind regards|kindest regards|warm regards|warmest regards|many regards
with kind regards|with best regards|with regards|best wishes|with best wishes|sincerely|sincerely yours
yours sincerely|yours faithfully|yours truly|respectfully|cheers|best|all the best|thanks and regards
thanks & regards|thank you and regards|thanks and best regards|thanks and kind regards
many thanks and kind regards|rgds|br|mit freundlichen grüßen|mit freundlichem gruß|freundliche grüße
viele grüße|beste grüße|liebe grüße|schöne grüße|herzliche grüße|mit besten grüßen|mit herzlichen grüßen
mit freundlichen gruessen|viele gruesse|freundliche gruesse|beste gruesse|mfg|vg|lg|gruß|grüße
hochachtungsvoll|cordialement|bien cordialement|très cordialement|bien à vous|sincèrement|salutations
meilleures salutations|sincères salutations|cdlt|cdt|amicalement|respectueusement|saludos|un saludo
saludos cordiales|cordialmente|atentamente|un cordial saludo|reciba un cordial saludo|un abrazo|atte
salutacions|cordialment|atentament|una salutació|saúdos|cordiali saluti|distinti saluti|saluti|un saluto
un cordiale saluto|atenciosamente|cumprimentos|com os melhores cumprimentos|melhores cumprimentos|abraços
abraço|att|saudações|met vriendelijke groet|met vriendelijke groeten|vriendelijke groet
vriendelijke groeten|groet|groeten|mvg|hartelijke groet|hartelijke groeten|med vänlig hälsning
med vänliga hälsningar|vänliga hälsningar|vänlig hälsning|mvh|hälsningar|bästa hälsningar|vänligen|vh
med venlig hilsen|venlig hilsen|venlige hilsner|med venlige hilsner|bedste hilsner|de bedste hilsner
kærlig hilsen|kh|hilsen|med vennlig hilsen|vennlig hilsen|beste hilsen|beste hilsener|bestu kveðjur
kveðja|með kveðju|ystävällisin terveisin|terveisin|parhain terveisin|terv|pozdrawiam|z poważaniem
z powazaniem|z wyrazami szacunku|pozdrawiam serdecznie|serdecznie pozdrawiam|z pozdrowieniami|s pozdravem
s přátelským pozdravem|s úctou|hezký den|s pozdravom|s priateľským pozdravom|üdvözlettel|tisztelettel|üdv
cu stimă|cu stima|cu respect|toate cele bune|srdačan pozdrav|lijep pozdrav|s poštovanjem|lep pozdrav|lp
pozdrav|s spoštovanjem|срдачан поздрав|с поштовањем|поздрав|поздрави|с уважение|с поздрав|с уважением
с наилучшими пожеланиями|з повагою|з найкращими побажаннями|με εκτίμηση|φιλικά|με φιλικούς χαιρετισμούς
saygılarımla|saygılar|iyi çalışmalar|sevgiler|selamlar|en iyi dileklerimle|בברכה|בברכה רבה|מברכה
مع أطيب التحيات|مع تحياتي|مع خالص التحية|تحياتي|با احترام|lugupidamisega|parimate soovidega|tervitades
ar cieņu|ar sveicieniem|pagarbiai|su pagarba|geriausi linkėjimai|此致|祝好|顺颂商祺|敬具|trân trọng
thân ái|salam|hormat saya|salam hangat|ขอแสดงความนับถือ
""")
CLOSINGS = frozenset(phrase.casefold() for phrase in _CLOSINGS)
LONGEST_CLOSING = 40

# What lists and companies put below a mail.
LIST_FOOTER = re.compile(
    r"mailing[ -]list|mailinglist|mailman|unsubscribe|listinfo|you received this message because|"
    r"liste de diffusion|lista de correo|abbestellen|se désabonner|darse de baja",
    re.IGNORECASE,
)
DISCLAIMER = re.compile(
    r"confidential|disclaimer|privileged|intended (?:recipient|solely|only)|vertraulich|confidenti[ea]l|"
    r"riservat|vertrouwelijk|konfidentiell|fortrolig|poufn|důvěrn|конфиденц|virus-?free|for viruses|"
    r"virenfrei|auf viren|think before you print|"
    r"before printing|avant d.imprimer|registered (?:in|office)|amtsgericht|handelsregister|geschäftsführer",
    re.IGNORECASE,
)
# What people have their telephones add, for the way they type.
EXCUSE = re.compile(
    r"\btypos?\b|brevity|excuse (?:any|the|my) |tippfehler|kürze|fautes de frappe|brièveté|"
    r"errores tipográficos|brevedad|refusi|brevità|erros de digitação|typefouten|"
    r"stavfel|slagfeil|tastefejl|literówki|překlepy",
    re.IGNORECASE,
)
# What stands before a number or address, on a line of its own.
CONTACT = re.compile(
    r"\btel|phone|fon\b|mobi|cell|\bfax|mail|\bweb|www|skype|address|adresse|dirección|indirizzo|тел|факс|電話|电话",
    re.IGNORECASE,
)
