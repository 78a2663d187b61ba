"""The words by which keywords are written: the English ones, and those that an administrator chooses."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from .commands import KEYWORDS
from .folding import fold_phrase
from .translations import TRANSLATIONS

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """Further spellings of keywords, each of one word or more; `check_words` says whether they are clear.

    With `originals` the English keywords go on working beside them, so that a how-to, a prepared mail of an
    approval and a colleague from abroad never depend on what was translated.
    """

    spellings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    originals: bool = True

    @classmethod
    def of(
        cls,
        spellings: Mapping[str, Iterable[str]] | None = None,
        languages: Iterable[str] = (),
        *,
        originals: bool = True,
    ) -> "Words":
        """Gather an administrator's own spellings and ready translations, by the codes of `LANGUAGES`.

        Raises ValueError for a language without words.
        """
        gathered: dict[str, list[str]] = {
            keyword.upper(): list(theirs) for keyword, theirs in (spellings or {}).items()
        }
        for language in languages:
            if language not in TRANSLATIONS:
                raise ValueError(f"There are no words for {language!r}, only for {', '.join(TRANSLATIONS)}.")
            for keyword, theirs in TRANSLATIONS[language].items():
                gathered.setdefault(keyword, []).extend(theirs)
        pairs = tuple((keyword, tuple(dict.fromkeys(theirs))) for keyword, theirs in gathered.items())
        return cls(pairs, originals)

    @cached_property
    def all(self) -> dict[str, tuple[str, ...]]:
        """Every spelling of each keyword, those of the administrator first."""
        further = dict(self.spellings)
        return {
            keyword: (*further.get(keyword, ()), *((keyword,) if self.originals else ()))
            for keyword in KEYWORDS
        }

    @cached_property
    def phrases(self) -> dict[str, tuple[Phrase, ...]]:
        """The same as folded words, longest first."""
        return {
            keyword: tuple(
                sorted(filter(None, dict.fromkeys(map(fold_phrase, theirs))), key=len, reverse=True)
            )
            for keyword, theirs in self.all.items()
        }

    @cached_property
    def longest(self) -> int:
        """How many words the longest spelling has."""
        return max((len(phrase) for phrases in self.phrases.values() for phrase in phrases), default=0)

    def shown(self, keyword: str) -> str:
        """The spelling that people are told."""
        return next(iter(self.all[keyword]), keyword)

    @cached_property
    def by_first_word(self) -> dict[str, list[tuple[str, Phrase]]]:
        """Each keyword with its spellings, by the first word of the spelling."""
        return self._indexed(lambda word: word)

    @cached_property
    def by_first_letter(self) -> dict[str, list[tuple[str, Phrase]]]:
        """The same by the first letter."""
        return self._indexed(lambda word: word[:1])

    def _indexed(self, index: Callable[[str], str]) -> dict[str, list[tuple[str, Phrase]]]:
        indexed: dict[str, list[tuple[str, Phrase]]] = {}
        for keyword, phrases in self.phrases.items():
            for phrase in phrases:
                indexed.setdefault(index(phrase[0]), []).append((keyword, phrase))
        return indexed

    def at(self, names: list[str], index: int, keywords: Collection[str]) -> Iterator[tuple[str, int]]:
        """Give each of the keywords that stands at an index of folded words, and the index behind it."""
        first = names[index] if index < len(names) else ""
        for keyword, phrase in self.by_first_word.get(first, ()):
            end = index + len(phrase)
            if keyword in keywords and tuple(names[index:end]) == phrase:
                yield keyword, end


DEFAULT = Words()
