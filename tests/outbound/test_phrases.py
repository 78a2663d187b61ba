"""What code says in mails: in each language, and known again where a mail is answered."""

from string import Formatter

import pytest

from mailcall.outbound.quoting import forwarded, quoted, split_quote
from mailcall.outbound.templating.phrases import PHRASES, Phrase, said
from mailcall.outbound.templating.wording import DEFAULT, LANGUAGES


@pytest.mark.parametrize("language", set(LANGUAGES) - {DEFAULT})
@pytest.mark.parametrize("phrase", Phrase)
def test_each_language_has_each_phrase_with_the_same_values(language: str, phrase: Phrase) -> None:
    assert _values(PHRASES[language][phrase]) == _values(phrase)


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quote_in_each_language_is_told_from_what_was_written(language: str) -> None:
    quote = quoted("One\nTwo", who="Ann {0}", when="Montag, 3. November 2026", language=language)
    assert split_quote(f"Yes.\n\n{quote}") == ("Yes.", quote)
    passed_on = forwarded("One", [(Phrase.FROM, "Ann"), (Phrase.CC, "")], language)
    assert split_quote(f"See below.\n\n{passed_on}") == ("See below.", passed_on)


def test_a_language_without_phrases_is_written_to_in_english() -> None:
    assert said(Phrase.NOTICES, "fr", count=3) == "3 notices"
    assert said(Phrase.NOTICES, "de-AT", count=3) == "3 Hinweise"
