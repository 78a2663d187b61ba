"""One form for all spellings of a word, so that case, accents and Unicode forms don't matter."""

# ruff: noqa: RUF001 - the Turkish letter

import unicodedata

MAX_WORD = 64  # characters of a word that are looked at; normalising is quadratic in a run of marks
# Letters that Unicode doesn't take apart, as they are written where a keyboard lacks them.
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})


def fold(word: str) -> str:
    """Give the form in which words are compared: `SCHLIESSE` and `schließe`, `İPTAL` and `iptal` are one."""
    if word.isascii():
        return word[:MAX_WORD].lower()
    decomposed = unicodedata.normalize("NFKD", word[:MAX_WORD]).casefold()
    return "".join(char for char in decomposed if not "\u0300" <= char <= "\u036f").translate(_LETTERS)


def fold_phrase(text: str) -> tuple[str, ...]:
    """Give the folded words of a text."""
    return tuple(filter(None, map(fold, text.split())))
