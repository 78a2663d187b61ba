"""Fills the reference pages from the code while the documentation is built, so that they can't drift from it.

A page says `<!-- generated: NAME -->` where it wants one of the sections below.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import django
from mkdocs.exceptions import PluginError

ROOT = Path(__file__).resolve().parent.parent
_MARK = re.compile(r"^<!-- generated: ([a-z ]+) -->$", re.MULTILINE)


def on_startup(**_: Any) -> None:
    """Set up Django as in a fresh installation, whatever this machine runs."""
    for name in [name for name in os.environ if name.startswith("MAILCALL_")]:
        del os.environ[name]
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "mailcall.settings",
        "MAILCALL_CONFIG": os.devnull,
        "MAILCALL_DATA_DIR": str(ROOT / ".cache" / "docs"),
    }
    django.setup()


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Put the generated sections where the page wants them."""

    def section(match: re.Match[str]) -> str:
        if match[1] not in SECTIONS:
            raise PluginError(f"{page.file.src_uri} wants `{match[1]}`, which nothing generates.")
        return "\n".join(SECTIONS[match[1]]())

    return _MARK.sub(section, markdown)


def command_line() -> Iterator[str]:
    """Every command with its help, arguments and options."""
    from mailcall.cli import cli

    context = click.Context(cli, info_name="mailcall")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield f"## `mailcall {name}`\n"
            yield f"{command.help}\n"
            within = click.Context(command, info_name=name, parent=context)
            for part in command.list_commands(within):
                if found := command.get_command(within, part):
                    yield from _command(found, part, within, "###")
        elif command:
            yield from _command(command, name, context, "##")


def _command(command: click.Command, name: str, parent: click.Context, heading: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield f"{heading} `{context.command_path}`\n"
    yield f"{command.help}\n"
    yield f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    records = [record for param in command.params if (record := param.get_help_record(context))]
    if records:
        yield "| option | meaning |"
        yield "| --- | --- |"
        yield from (f"| `{_cell(words)}` | {_cell(' '.join(text.split()))} |" for words, text in records)
        yield ""


def settings() -> Iterator[str]:
    """The fields of the configuration."""
    from mailcall.config import Config

    yield "| setting | variable | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in Config.model_fields.items():
        default = "(none)" if field.default in (None, "") else f"`{_toml(field.default)}`"
        yield f"| `{name}` | `MAILCALL_{name.upper()}` | {default} | {_cell(field.description or '')} |"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'


def rights() -> Iterator[str]:
    """What each right lets an Analyst do."""
    from mailcall.desk.rights import MEANINGS

    yield "| right | lets an Analyst |"
    yield "| --- | --- |"
    for right, meaning in MEANINGS.items():
        yield f"| `{right.value}` | {meaning.format('the partition')} |"


def desk_file() -> Iterator[str]:
    """The sections of a desk file with their fields."""
    from mailcall.desk_file.reference import reference

    yield reference()


def rules() -> Iterator[str]:
    """The rules in their order."""
    from mailcall.inbound.rules import RULES

    yield "| | rule | what it does |"
    yield "| --- | --- | --- |"
    for rule in RULES:
        yield f"| {rule.letter} | {rule.name} | {_cell(rule.description)} |"


def message_types() -> Iterator[str]:
    """The occasions to write to somebody, with the data that templates of each can use."""
    from mailcall.outbound.occasions import by_entity, occasion

    for entity, kinds in by_entity().items():
        yield f"## {entity}\n"
        yield "| code | name | goes to | when |"
        yield "| --- | --- | --- | --- |"
        for kind in kinds:
            to, when = occasion(kind)
            yield f"| {kind.code} | {kind.name} | {_cell(to)} | {_cell(when)} |"
        yield ""


def template_data() -> Iterator[str]:
    """What templates can use: of each message type the data, and the filters."""
    from mailcall.outbound.occasions import by_entity
    from mailcall.outbound.templating.data import data_of
    from mailcall.outbound.templating.engine import FILTERS

    for kinds in by_entity().values():
        common = [one for one in data_of(kinds[0]) if all(one in data_of(kind) for kind in kinds)]
        yield f"### All of {', '.join(str(kind.code) for kind in kinds)}\n"
        yield from _data(common)
        for kind in kinds:
            if own := [datum for datum in data_of(kind) if datum not in common]:
                yield f"### {kind}\n"
                yield from _data(own)
    yield "## Filters\n"
    yield "| filter | gives |"
    yield "| --- | --- |"
    yield from (f"| `{name}` | {_code(meaning)} |" for name, (_, meaning) in FILTERS.items())


def _data(data: list[Any]) -> Iterator[str]:
    yield "| name | kind | is |"
    yield "| --- | --- | --- |"
    for datum in data:
        yield f"| `{datum.name}` | {datum.kind} | {_cell(datum.meaning)} |"
        yield from (
            f"| `{datum.name}`: `{part.name}` | {part.kind} | {_cell(part.meaning)} |" for part in datum.parts
        )
    yield ""


def _code(text: str) -> str:
    """A meaning with its example in code."""
    return _cell(re.sub(r"(\{\{.*?\}\})", r"`\1`", text))


def subject_commands() -> Iterator[str]:
    """The commands that a subject may be."""
    from mailcall.grammar import COMMANDS, PROOFS, syntax

    yield "| syntax | what it does | who may | least proof | example |"
    yield "| --- | --- | --- | --- | --- |"
    for row in COMMANDS:
        cells = (f"`{syntax(row)}`", row.does, row.who, PROOFS[row.proof], f"`{row.example}`")
        yield f"| {' | '.join(map(_cell, cells))} |"


def subject_words() -> Iterator[str]:
    """The keywords of commands in every language, the word that answers show first."""
    from mailcall.grammar import LANGUAGES, TRANSLATIONS
    from mailcall.grammar.commands import KEYWORDS

    named = [f"{name} (`{code}`)" for code, name in LANGUAGES.items()]
    yield f"| English | {' | '.join(named)} |"
    yield f"| --- |{' --- |' * len(named)}"
    for keyword in KEYWORDS:
        translated = (", ".join(TRANSLATIONS[code][keyword]) for code in LANGUAGES)
        yield f"| {keyword} | {' | '.join(translated)} |"


def subject_prefixes() -> Iterator[str]:
    """The prefixes of answers and forwards, by language."""
    from mailcall.message.prefix_words import PREFIX_WORDS

    yield "| language | answer | forward |"
    yield "| --- | --- | --- |"
    for language, words in PREFIX_WORDS.items():
        answers, forwards = (", ".join(each.split("|")) for each in words)
        yield f"| {language} | {answers} | {forwards} |"


def _cell(text: str) -> str:
    """A text that may stand in a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


SECTIONS: dict[str, Callable[[], Iterator[str]]] = {
    "command line": command_line,
    "settings": settings,
    "desk file": desk_file,
    "rights": rights,
    "rules": rules,
    "message types": message_types,
    "template data": template_data,
    "subject commands": subject_commands,
    "subject words": subject_words,
    "subject prefixes": subject_prefixes,
}
