"""The exact words that mail programs put before the subjects of their automatic replies and receipts.

They are what the vendors' translations write, in front of a colon. A person may write the same words, so
none of them decides alone; see `kinds`.
"""

# ruff: noqa: E501, RUF001 - words of many scripts, which are wide

_REPLIES = """
automatic reply; automatic response; auto reply; autoreply; auto-reply; auto response; autoresponse;
out of office autoreply; out of office auto-reply; out of office reply; automated reply; automated
response; automatische antwort; automatische antwort auf; abwesenheitsnotiz;
abwesenheitsbenachrichtigung; abwesenheitsmeldung; réponse automatique; réponse automatique
d'absence du bureau; réponse automatique d’absence du bureau; respuesta automática; respuesta
automatica; respuesta automática de fuera de la oficina; risposta automatica; risposta automatica
fuori sede; resposta automática; resposta automàtica; automatisch antwoord; automatisch
antwoordbericht; afwezigheidsbericht; automatische reactie; automatiskt svar; autosvar; automatisk
svar; automatisk besvarelse; automaattinen vastaus; automaatvastus; odpowiedź automatyczna;
automatyczna odpowiedź; automatická odpověď; automatická odpoveď; automatikus válasz; răspuns
automat; автоматичен отговор; автоматический ответ; автоответ; автоматична відповідь; автовідповідь;
аутоматски одговор; automatski odgovor; samodejni odgovor; automātiska atbilde; automatinis
atsakymas; αυτόματη απάντηση; otomatik yanıt; otomatik cevap; תשובה אוטומטית; מענה אוטומטי; رد
تلقائي; پاسخ خودکار; 自動応答; 自動返信; 自动答复; 自动回复; 自動回覆; 外出自动答复; 外出時的自動回覆; 不在通知; 자동 회신; 자동 응답; 부재 중 자동 회신;
sjálfvirkt svar; erantzun automatikoa; trả lời tự động; ตอบกลับอัตโนมัติ; balasan otomatis; balasan
automatik
"""
_LABELS = """
auto; out of office; out of the office; ooo; away; away from my mail; vacation; on vacation; absent; abwesend;
abwesenheit; absence; absence du bureau; absent du bureau; fuera de la oficina; fuera de oficina;
ausente; ausencia; fuori sede; fuori ufficio; assente; assenza; fora do escritório; ausência;
ausência temporária; afwezig; niet aanwezig; frånvaro; frånvarande; ikke til stede; fraværende;
fravær; poissa; poissaolo; poza biurem; nieobecność; mimo kancelář; nepřítomnost; házon kívül; în
afara biroului; извън офиса; нет на месте; отсутствие; відсутній; εκτός γραφείου; ofis dışında; לא
במשרד; خارج المكتب; 不在; 外出中; 不在届; 부재 중; urlaub; odsutan; mimo kanceláriu; kontorist väljas; nėra
biure; ārpus biroja
"""
_RECEIPTS = """
read; not read; read receipt; return receipt; return receipt (displayed); gelesen; ungelesen; nicht
gelesen; lesebestätigung; lu; non lu; accusé de lecture; leído; no leído; leido; letto; non letto;
conferma di lettura; lida; não lida; lido; gelezen; niet gelezen; läst; oläst; lest; ulest; læst;
ulæst; luettu; lukematta; przeczytano; przeczytane; nie przeczytano; přečteno; nepřečteno;
prečítané; olvasott; olvasatlan; elolvasva; citit; necitit; прочетено; прочитано; прочтено; не
прочитано; αναγνώστηκε; okundu; okunmadı; נקרא; مقروءة; تمت القراءة; 開封済み; 開封確認; 已读; 已讀; 읽음;
pročitano; prebrano; loetud; izlasīts; perskaityta; llegit
"""


def _set(words: str) -> frozenset[str]:
    return frozenset(" ".join(word.split()).casefold() for word in words.split(";"))


REPLY_WORDS = _set(_REPLIES)  # name the reply itself: one further sign is enough
AWAY_WORDS = _set(_LABELS)  # a person could head a subject so: a sign that only machines give is needed
RECEIPT_WORDS = _set(_RECEIPTS)


def heading(subject: str) -> str:
    """Give what stands before the first colon of a subject, case-folded; the whole of one without a colon."""
    return subject[:200].replace("：", ":").partition(":")[0].strip().casefold()
