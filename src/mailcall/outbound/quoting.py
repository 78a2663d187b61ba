"""What a mail that answers or passes on another has of it, as plain text that an analyst may edit."""

import re
from collections.abc import Sequence

from mailcall.outbound.templating.phrases import Phrase, in_all_languages, said

MOST_QUOTED = 30_000  # characters
CUT = "[...]"
_FORWARDED = frozenset(in_all_languages(Phrase.FORWARDED))
_ATTRIBUTION = re.compile(r"(?:On .{1,400} wrote|Am .{1,400} schrieb .{1,200}):\s*\Z")


def quoted(text: str, *, who: str, when: str, language: str) -> str:
    """Give a text with `> ` before each line, below the line that says who wrote it and when."""
    lines = _shortened(text).split("\n")
    marked = [f">{'' if line.startswith('>') else ' '}{line}".rstrip() for line in lines]
    return "\n".join([said(Phrase.WROTE, language, when=when, who=who), *marked])


def forwarded(text: str, fields: Sequence[tuple[Phrase, str]], language: str) -> str:
    """Give a text below the fields that say whose it is, those that are known."""
    head = [f"{said(name, language)}: {' '.join(value.split())}" for name, value in fields if value]
    return "\n".join([said(Phrase.FORWARDED, language), *head, "", _shortened(text)])


def split_quote(text: str) -> tuple[str, str]:
    """Tell what somebody wrote from what stands below it of another mail: (own words, the rest).

    Only a forwarded mail, or a quote that goes to the end, is no part of the words.
    """
    lines = text.replace("\r\n", "\n").rstrip().split("\n")
    heads = [at for at, line in enumerate(lines) if line in _FORWARDED]
    if heads:
        begin = heads[0]
    else:
        begin = len(lines)
        while begin and (lines[begin - 1].startswith(">") or not lines[begin - 1].strip()):
            begin -= 1
        if not any(line.startswith(">") for line in lines[begin:]):
            begin = len(lines)
        elif begin and _ATTRIBUTION.match(lines[begin - 1]):
            begin -= 1
    return "\n".join(lines[:begin]).strip(), "\n".join(lines[begin:]).strip()


def _shortened(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED].rstrip()}\n{CUT}"
