"""Parses subjects: a command, a near miss, or free text."""

from collections.abc import Collection
from dataclasses import replace

from mailcall.message.subjects import strip_prefixes

from .commands import MAX_NUMBERS
from .near_misses import near_miss
from .parsed import Parsed
from .reading import read_command
from .words import DEFAULT, Words
from .writing import write_subject


def parse(subject: str, words: Words = DEFAULT, gateway_tags: Collection[str] = ()) -> Parsed:
    """Say what a decoded subject says. Never raises; the cost is linear in its length, of which 998 are read.

    Only the whole subject is a command. A forward never is one; whether an answer may be one, the caller
    knows from the mail that it answers.
    """
    stripped = strip_prefixes(subject, gateway_tags)
    free_text = Parsed("log", text=stripped.text, reply=stripped.reply, forward=stripped.forward)
    if stripped.forward:
        return free_text
    found = read_command(stripped.text, words)
    if found is None:
        found = near_miss(stripped.text, words) or free_text
    elif len(found.refs) > MAX_NUMBERS:
        found = _too_many(found, stripped.text, words)
    return replace(found, reply=stripped.reply)


def _too_many(command: Parsed, subject: str, words: Words) -> Parsed:
    first = replace(command, refs=command.refs[:MAX_NUMBERS])
    return Parsed(
        "unknown",
        text=subject,
        suggestion=write_subject(first, words.voices_for(subject)[0]),
        problem=f"It names {len(command.refs)} numbers; one mail may name {MAX_NUMBERS}.",
    )
