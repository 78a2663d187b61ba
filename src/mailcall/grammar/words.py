"""The words by which keywords are written: the English ones, and those that an administrator chooses."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from mailcall.message.subjects import strip_prefixes

from .commands import KEYWORDS
from .folding import fold, fold_phrase
from .translations import TRANSLATIONS

Phrase = tuple[str, ...]
MOST_WORDS = 20  # of a subject that are looked at for whose words they are
_ORIGINALS: Mapping[str, tuple[str, ...]] = {keyword: (keyword,) for keyword in KEYWORDS}


@dataclass(frozen=True, eq=False)
class Voice:
    """Spellings of the keywords that go together, those of one language; the first of each is told."""

    spellings: Mapping[str, tuple[str, ...]]

    def shown(self, keyword: str) -> str:
        """The spelling that people are told."""
        return next(iter(self.spellings.get(keyword, ())), keyword)

    @cached_property
    def phrases(self) -> Set[Phrase]:
        """Its spellings as folded words."""
        return {fold_phrase(word) for theirs in self.spellings.values() for word in theirs}


@dataclass(frozen=True)
class Words:
    """Further spellings of keywords, each of one word or more; `check_words` says whether they are clear.

    `spellings` are an administrator's own, `languages` those whose translations are on. With `originals` the
    English keywords go on working beside them, so that a how-to, a prepared mail of an approval and a
    colleague from abroad never depend on what was translated.
    """

    spellings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    languages: tuple[str, ...] = ()
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
        languages = tuple(dict.fromkeys(languages))
        for language in languages:
            if language not in TRANSLATIONS:
                raise ValueError(f"There are no words for {language!r}, only for {', '.join(TRANSLATIONS)}.")
        own = tuple(
            (keyword.upper(), tuple(dict.fromkeys(theirs))) for keyword, theirs in (spellings or {}).items()
        )
        return cls(own, languages, originals)

    @cached_property
    def all(self) -> dict[str, tuple[str, ...]]:
        """Every spelling of each keyword, those of the administrator first."""
        sources = [dict(self.spellings), *self._languages]
        return {
            keyword: tuple(dict.fromkeys(word for source in sources for word in source.get(keyword, ())))
            for keyword in KEYWORDS
        }

    @property
    def _languages(self) -> list[Mapping[str, tuple[str, ...]]]:
        originals = [_ORIGINALS] if self.originals else []
        return [*originals, *(TRANSLATIONS[language] for language in self.languages)]

    @cached_property
    def voices(self) -> tuple["Voice", ...]:
        """The ways to write whole commands: in an administrator's own words, in English, in each language.

        What the administrator gave no words for is as in the first of the others.
        """
        own = [{**next(iter(self._languages), {}), **dict(self.spellings)}] if self.spellings else []
        return tuple(map(Voice, [*own, *self._languages])) or (Voice({}),)

    def voice(self, meant: Mapping[str, Phrase]) -> "Voice":
        """The voice of who wrote, or meant, these spellings of keywords, by their folded words; with them."""
        spelled = {
            keyword: (word,)
            for keyword, phrase in meant.items()
            for word in self.all[keyword]
            if fold_phrase(word) == phrase
        }
        return Voice({**self._nearest(set(meant.values())).spellings, **spelled})

    def voices_for(self, subject: str) -> tuple["Voice", ...]:
        """The voices, that of a subject first."""
        head = strip_prefixes(subject).text.partition(":")[0]
        names = [fold(word) for word in head.split()[:MOST_WORDS]]
        written = {
            phrase
            for index, name in enumerate(names)
            for _, phrase in self.by_first_word.get(name, ())
            if tuple(names[index : index + len(phrase)]) == phrase
        }
        return tuple(dict.fromkeys((self._nearest(written), *self.voices)))

    def _nearest(self, written: Set[Phrase]) -> "Voice":
        return max(self.voices, key=lambda voice: len(voice.phrases & written))

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
        """The spelling that people are told who wrote nothing yet."""
        return self.voices[0].shown(keyword)

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
