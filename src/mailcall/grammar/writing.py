"""Writes commands: as subjects, and their syntax for answers, the reference page and HELP."""

from collections.abc import Iterator

from .commands import COMMANDS, OBJECT_NAMES, ON_OBJECTS, SCOPES, Argument, Command
from .parsed import Parsed
from .words import DEFAULT, Voice, Words

MOST_VOICES = 3  # of a syntax


def write_subject(parsed: Parsed, words: Words | Voice = DEFAULT) -> str:
    """Give the subject that reads as this command. Raises ValueError for what is none."""
    command = command_of(parsed.action, parsed.object)
    if command is None:
        raise ValueError("Only a command can be written as a subject.")
    return write_command(command, parsed, words)


def write_command(command: Command, parsed: Parsed, words: Words | Voice) -> str:
    """Give the subject by a row of the table, where one command may be written in two ways."""
    things = [keyword for keyword in command.objects if OBJECT_NAMES[keyword] == parsed.object]
    pieces = [words.shown(keyword) for keyword in (command.verb, *things)]
    if command.object_first:
        pieces.reverse()
    for argument in command.arguments:
        pieces.extend(_written(argument, parsed, words))
    subject = " ".join(pieces)
    text = "" if parsed.name and Argument.TEMPLATE in command.arguments else parsed.text
    return f"{subject}: {text}" if text else subject


def command_of(action: str, object_name: str) -> Command | None:
    """Give the row of the table for an action on an object."""
    for command in COMMANDS:
        names = {OBJECT_NAMES[keyword] for keyword in command.objects} or {""}
        if command.action == action and object_name in names:
            return command
    return None


def _written(argument: Argument, parsed: Parsed, words: Words | Voice) -> Iterator[str]:
    match argument:
        case Argument.TEMPLATE if parsed.name:
            yield parsed.text
        case Argument.REQUEST_TYPE:
            yield parsed.name
        case Argument.ON_NUMBER:
            yield f"{words.shown('ON')} {words.shown(parsed.on.upper())} {parsed.refs[0]}"
        case Argument.NUMBERS:
            yield ", ".join(map(str, parsed.refs))
        case Argument.TO_WHOM:
            yield f"{words.shown('TO')} {parsed.target}"
        case Argument.TOKEN if parsed.token:
            yield f"[{parsed.token}]"
        case Argument.SCOPE if parsed.scope != "open":
            yield words.shown(parsed.scope.upper())


def syntax(command: Command, words: Words | Voice = DEFAULT) -> str:
    """Give how a command is written: `CLOSE (CALL / TASK / REQUEST) number, ... [: text]`."""
    verb, objects = words.shown(command.verb), _choice(command.objects, words)
    pieces = [objects, verb] if command.object_first else [verb, objects]
    for argument in command.arguments:
        pieces.append(_SYNTAX.get(argument, ""))
        if argument is Argument.ON_NUMBER:
            pieces.append(f"{words.shown('ON')} {_choice(ON_OBJECTS, words)} number")
        elif argument is Argument.TO_WHOM:
            pieces.append(f"{words.shown('TO')} group or analyst")
        elif argument is Argument.SCOPE:
            pieces.append(f"[{_choice(SCOPES, words)}]")
    return " ".join(filter(None, pieces))


def right_syntax(action: str, words: Words = DEFAULT, subject: str = "") -> tuple[str, ...]:
    """Give each way in which an action is written, for an answer; in the words of a subject first."""
    voices = words.voices_for(subject)[:MOST_VOICES]
    rows = [command for command in COMMANDS if command.action == action]
    return tuple(dict.fromkeys(syntax(command, voice) for voice in voices for command in rows))


def _choice(keywords: tuple[str, ...], words: Words | Voice) -> str:
    shown = " / ".join(map(words.shown, keywords))
    return f"({shown})" if len(keywords) > 1 else shown


_SYNTAX = {
    Argument.TEMPLATE: "[template or text]",
    Argument.REQUEST_TYPE: "request type",
    Argument.NUMBERS: "number, ...",
    Argument.TOKEN: "[[token]]",
    Argument.TEXT: "[: text]",
}
