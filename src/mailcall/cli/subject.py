"""`mailcall subject`: how a subject is read, for a person or for a script. Needs no desk."""

import json
import os

import click

from mailcall.grammar import LANGUAGES, Parsed, Words, parse
from mailcall.message.decoding import decode_words

_LANGUAGE = click.Choice(sorted(LANGUAGES), case_sensitive=False)


@click.command()
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object for each subject, on a line of its own."
)
@click.option(
    "--language", "languages", type=_LANGUAGE, multiple=True, help="Take words of this language too."
)
@click.option("--tag", "tags", multiple=True, help="A tag that a gateway puts before subjects: [EXTERNAL].")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
def subject(
    texts: tuple[str, ...], *, as_json: bool, languages: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    """Show how subjects are read. Needs no desk, no settings and no database.

    Each TEXT is one subject, as people see it or as it stands in a mail's header; -- before one that begins
    with a dash. A desk knows more: which templates and request types there are, and what it has renamed.
    """
    words = Words.of(languages=languages)
    for given in texts:
        text = os.fsencode(given).decode("utf-8", "replace")  # whatever the locale takes it for
        parsed = parse(decode_words(text), words, tags)
        if as_json:
            click.echo(json.dumps(parsed.as_dict(), ensure_ascii=False))
        else:
            _print(text, parsed)


def _print(text: str, parsed: Parsed) -> None:
    click.secho(" ".join("".join(filter(str.isprintable, text)).split()) or "(no subject)", bold=True)
    for name, value in _lines(parsed):
        if value:
            click.echo(f"  {name:<12} {value}")


def _lines(parsed: Parsed) -> list[tuple[str, str]]:
    if parsed.action == "unknown":
        action = "unknown: a near miss, which is answered with the right spelling"
    elif parsed.is_free_text:
        action = "log: free text, which logs a call or goes where it belongs"
    else:
        action = parsed.action
    return [
        ("action", action),
        ("object", parsed.object),
        ("numbers", ", ".join(map(str, parsed.refs))),
        ("on", parsed.on),
        ("type", parsed.name if parsed.object == "request" else ""),
        (
            "template",
            f"{parsed.name}, if there is one of that name" if parsed.object == "call" and parsed.name else "",
        ),
        ("to", parsed.target),
        ("scope", parsed.scope),
        ("token", parsed.token),
        ("text", parsed.text),
        ("prefix", ", ".join(name for name in ("reply", "forward") if getattr(parsed, name))),
        ("problem", parsed.problem),
        ("suggestion", parsed.suggestion),
    ]
