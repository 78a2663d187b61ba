"""The subjects of automatic answers: a second line behind the headers, for mail that lost them on its way."""

# ruff: noqa: E501, RUF001 - words of many scripts

from collections.abc import Collection

from mailcall.message.automatic_words import REPLY_WORDS, heading
from mailcall.message.subjects import strip_prefixes

# What programs put before a colon, or write alone. Topics of a person ("Out of office: who answers?") are left
# to `message.kinds`, which asks for a sign of a machine beside them.
_RECEIPTS = """
read receipt; return receipt; return receipt (displayed); lesebestätigung; accusé de lecture; confirmation de
lecture; confirmación de lectura; acuse de lectura; conferma di lettura; confirmação de leitura; recibo de leitura;
leesbevestiging; läskvitto; læsekvittering; lesebekreftelse; lukukuittaus; potwierdzenie przeczytania; potvrzení o
přečtení; olvasási visszaigazolás; confirmare de citire; уведомление о прочтении; okundu bilgisi; 開封確認; 读取回执; 讀取回條
"""
_REPORTS = """
undeliverable; unzustellbar; non remis; non distribuable; no se puede entregar; non recapitabile; não é possível
entregar; onbestelbaar; går inte att leverera; kan ikke leveres; ei voi toimittaa; nie można dostarczyć; nedoručitelné;
nedoručiteľné; kézbesíthetetlen; nelivrabil; недоставимо; не удалось доставить; αδύνατη η παράδοση; teslim edilemiyor;
לא ניתן למסירה; تعذر التسليم; 配信不能; 配達不能; 无法投递; 未送达; 無法傳遞; 배달되지 않음
"""
# What they write as a whole subject; with more behind it a person may have written it.
_WHOLE_REPORTS = """
undelivered mail returned to sender; undeliverable mail; undelivered mail; mail delivery failed; mail delivery failed:
returning message to sender; mail delivery failure; mail could not be delivered; delivery failure; delivery status
notification; delivery status notification (failure); delivery status notification (delay); returned mail; returned
mail: see transcript for details; returned mail: user unknown; failure notice; unzustellbare nachricht
"""


def _set(phrases: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()).casefold() for phrase in phrases.split(";"))


HEADINGS = {
    "an automatic reply": REPLY_WORDS,
    "a receipt": _set(_RECEIPTS),
    "a delivery report": _set(_REPORTS),
}
WHOLE_SUBJECTS = {"a delivery report": _set(_WHOLE_REPORTS)}


def automatic_subject(subject: str, gateway_tags: Collection[str] = ()) -> str:
    """Say what automatic mail a subject belongs to, in words, or ''.

    A phrase must be all that stands before the first colon; inside other words, or behind the prefix of an
    answer or a forward, a person wrote it.
    """
    stripped = strip_prefixes(subject, gateway_tags)
    if stripped.reply or stripped.forward:
        return ""
    for phrases, said in ((WHOLE_SUBJECTS, stripped.text.casefold()), (HEADINGS, heading(stripped.text))):
        for kind, known in phrases.items():
            if said in known:
                return kind
    return ""
