"""What mail programs put before a subject, in front of a colon, when they answer or forward, by language."""

# ruff: noqa: RUF001 - the words of many scripts

# language: (before an answer, before a forward); any case
PREFIX_WORDS: dict[str, tuple[str, str]] = {
    "English": ("re", "fw|fwd|forwarded"),
    "Arabic": ("رد", "إعادة توجيه|إعادة إرسال"),
    "Basque": ("erantzun", "birbidali"),
    "Bulgarian": ("отг|отговор", "препр|препратено"),
    "Catalan": ("re|resposta", "rv|reenv|reenviat"),
    "Chinese, simplified": ("回复|答复|答覆", "转发"),
    "Chinese, traditional": ("回覆|回復", "轉寄|轉發"),
    "Croatian": ("odg|odgovor", "proslj|proslijeđeno"),
    "Czech": ("odp|odpověď", "předat|přeposláno"),
    "Danish": ("sv|svar", "vs|videresendt|videresend"),
    "Dutch": ("antw|antwoord|beantw|reaktie", "doorst|doorgest|doorgestuurd"),
    "Estonian": ("vs|vast", "edasi|edastatud"),
    "Finnish": ("vs|vast", "vl|välitetty"),
    "French": ("re|ref|rép", "tr|transf|transféré"),
    "German": ("aw|antw|antwort", "wg|weitergeleitet"),
    "Greek": ("απ|απάντ|σχετ", "πρθ|προωθ"),
    "Hebrew": ("תגובה|השב", "הועבר"),
    "Hungarian": ("vá|válasz", "továbbítás|továbbított|tov"),
    "Icelandic": ("sv", "fs"),
    "Indonesian": ("bls|balas", "trs|teruskan"),
    "Italian": ("r|rif|risp", "i|inoltr"),
    "Japanese": ("返信", "転送"),
    "Korean": ("답장|회신", "전달"),
    "Latvian": ("atb|atbilde", "pārs|pārsūtīts"),
    "Lithuanian": ("ats|atsakymas", "pers|persiųsta"),
    "Norwegian": ("sv|svar", "vs|videresendt"),
    "Persian": ("پاسخ", "ارسال مجدد|بازارسال"),
    "Polish": ("odp", "pd|przek"),
    "Portuguese": ("res|resp", "enc|encaminhada"),
    "Romanian": ("răsp|răspuns", "redir|redirecționat"),
    "Russian": ("отв|ответ|на|ha", "пер|пересл"),
    "Serbian": ("одг|одговор", "прослеђено"),
    "Slovak": ("odp|odpoveď", "preposlané"),
    "Slovenian": ("odg|odgovor", "posr|posredovano"),
    "Spanish": ("re|resp|rpta", "rv|reenv|reenviado"),
    "Swedish": ("sv|svar", "vb|vidarebefordrat"),
    "Thai": ("ตอบ|ตอบกลับ|บ", "ส่งต่อ"),
    "Turkish": ("ynt|yanıt|cevap", "ilt"),
    "Ukrainian": ("відп|відповідь", "пер|пересл"),
    "Vietnamese": ("trả lời", "chuyển tiếp"),
    "Welsh": ("atb|ateb", "yml|ymlaen"),
}
# An answer in Finnish and Estonian, a forward in Danish and Norwegian.
_ANSWERS = frozenset({"vs"})


def reply_words() -> frozenset[str]:
    """Give the words before an answer, case-folded."""
    return frozenset(word for replies, _ in PREFIX_WORDS.values() for word in replies.casefold().split("|"))


def forward_words() -> frozenset[str]:
    """Give the words before a forward, case-folded; what may be both is taken for an answer."""
    every = (word for _, forwards in PREFIX_WORDS.values() for word in forwards.casefold().split("|"))
    return frozenset(every) - _ANSWERS
