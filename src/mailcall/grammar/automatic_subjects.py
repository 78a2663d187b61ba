"""The subjects of automatic answers: a second line behind the headers, for what lost them on its way."""

# ruff: noqa: E501, RUF001 - words of many scripts

from collections.abc import Collection

from mailcall.message.automatic_words import REPLY_WORDS, heading
from mailcall.message.subjects import strip_prefixes

# Unlike the words of `automatic_words`, which need a sign of a machine beside them, these are phrases that
# no person heads a mail with.
_ABSENCES = """
out of office; out of the office; out of office notification; away from the office; fuera de la oficina; absence du bureau; fuori ufficio; fora do
escritório; fora do escritório; não estou no escritório; niet op kantoor; poza biurem; mimo kancelář; mimo kanceláriu; házon kívül; în
afara biroului; извън офиса; нет на месте; εκτός γραφείου; ofis dışında; לא במשרד; خارج المكتب; 不在届; 부재 중;
abwesenheitsassistent; automatische abwesenheitsnotiz; automatische abwesenheitsmeldung; avis d'absence; message d'absence;
messaggio di assenza; notificação de ausência; aviso de ausencia; frånvaromeddelande; fraværsbesked; fraværsmelding; poissaoloilmoitus
"""
_RECEIPTS = """
read receipt; return receipt; return receipt (displayed); delivery receipt; lesebestätigung; empfangsbestätigung (gelesen);
accusé de lecture; confirmation de lecture; confirmación de lectura; acuse de lectura; conferma di lettura; confirmação de leitura;
recibo de leitura; leesbevestiging; läskvitto; læsekvittering; lesebekreftelse; lukukuittaus; potwierdzenie przeczytania;
potvrzení o přečtení; olvasási visszaigazolás; confirmare de citire; уведомление о прочтении; okundu bilgisi; 開封確認; 读取回执; 讀取回條
"""
_REPORTS = """
undeliverable; undelivered; undeliverable mail; undelivered mail returned to sender; mail delivery failed; mail delivery
failure; mail delivery failed: returning message to sender; delivery status notification; delivery status notification (failure);
delivery status notification (delay); delivery failure; delivery has failed; returned mail; returned mail: see transcript for details;
failure notice; message undeliverable; mail could not be delivered; unzustellbar; nicht zustellbar; unzustellbare nachricht;
zustellung fehlgeschlagen; non remis; non distribuable; échec de la remise; échec de remise; no se puede entregar; no entregable; error
de entrega; non recapitabile; impossibile recapitare; mancato recapito; não é possível entregar; não entregue; falha na entrega;
onbestelbaar; niet bezorgd; kan inte levereras; går inte att leverera; kan ikke leveres; ikke leveret; ikke levert; ei voi toimittaa;
toimittaminen epäonnistui; niedostarczalne; nie można dostarczyć; nedoručitelné; nedoručiteľné; kézbesíthetetlen; nelivrabil;
недоставимо; не доставлено; не удалось доставить; αδύνατη η παράδοση; teslim edilemedi; teslim edilemez; לא ניתן למסירה; تعذر التسليم;
配信不能; 配達不能; 无法投递; 未送达; 無法傳遞; 전달되지 않음; 배달되지 않음
"""


def _set(words: str) -> frozenset[str]:
    return frozenset(" ".join(word.split()).casefold() for word in words.split(";"))


AUTOMATIC_SUBJECTS = {
    "an automatic reply": REPLY_WORDS | _set(_ABSENCES),
    "a receipt": _set(_RECEIPTS),
    "a delivery report": _set(_REPORTS),
}


def automatic_subject(subject: str, gateway_tags: Collection[str] = ()) -> str:
    """Say what automatic mail a subject belongs to, in words, or ''.

    The whole subject or all of it before its first colon must be one of the phrases; inside other words, or
    behind an answer's or a forward's prefix, they were written by a person.
    """
    stripped = strip_prefixes(subject, gateway_tags)
    if stripped.reply or stripped.forward:
        return ""
    candidates = {heading(stripped.text), stripped.text[:200].casefold().rstrip(".!")}
    return next((kind for kind, phrases in AUTOMATIC_SUBJECTS.items() if candidates & phrases), "")
