"""From YAML values to checked items: each error of the schema becomes a line and a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mailcall.desk_file.kinds import KINDS, Kind
from mailcall.desk_file.problems import Problem, did_you_mean
from mailcall.desk_file.schema import ONE_PLACE
from mailcall.desk_file.tree import Tree
from mailcall.message import comparable


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked item and where it stands."""

    item: Any  # of its kind's schema
    tree: Tree
    path: tuple[str | int, ...]

    def line(self, *within: str | int) -> int:
        """The line of the item, or of a field within it."""
        return self.tree.line((*self.path, *within))


@dataclass(frozen=True, slots=True)
class Document:
    """All checked items by section, what is wrong with the others, and the names of those."""

    entries: dict[str, list[Entry]]
    problems: list[Problem]
    broken: dict[str, set[str]] = field(default_factory=dict)  # folded; what refers to them isn't blamed too


def check(tree: Tree) -> Document:
    """Every item of the file, checked by itself and against doubles."""
    document = Document({kind.section: [] for kind in KINDS}, list(tree.problems))
    document.broken.update({kind.section: set() for kind in KINDS})
    sections = {} if tree.value is None else tree.value
    if not isinstance(sections, dict):
        document.problems.append(Problem(1, "The file must hold sections such as `people:`."))
        return document
    known = [kind.section for kind in KINDS]
    for name in sections:
        if name not in known:
            hint = did_you_mean(name, known) or f" There are: {', '.join(known)}."
            document.problems.append(Problem(tree.line((name,)), f"There is no section `{name}`.{hint}"))
    for kind in KINDS:
        _check_section(document, kind, tree, sections.get(kind.section))
    return document


def _check_section(document: Document, kind: Kind, tree: Tree, values: Any) -> None:
    if values is None:
        return
    if not isinstance(values, list):
        line = tree.line((kind.section,))
        document.problems.append(
            Problem(line, f"`{kind.section}` must be a list: begin each {kind.word} with a dash.")
        )
        return
    first: dict[object, int] = {}
    for index, value in enumerate(values):
        entry = Entry(None, tree, (kind.section, index))
        try:
            item = kind.item.model_validate(value)
        except ValidationError as error:
            unread = {problem.line for problem in tree.problems}
            document.problems.extend(
                Problem(_line(entry, one), _sentence(kind, one))
                for one in error.errors(include_url=False)
                if _line(entry, one) not in unread
            )
            if isinstance(value, dict):
                document.broken[kind.section].update(
                    comparable(str(value[key])) for key in ("name", "email") if key in value
                )
            continue
        key = _identity(item)
        if key in first:
            document.problems.append(
                Problem(entry.line(), f"This {kind.word} is here twice; the first is on line {first[key]}.")
            )
        first.setdefault(key, entry.line())
        document.entries[kind.section].append(Entry(item, tree, entry.path))


def _identity(item: Any) -> object:
    email = getattr(item, "email", None)
    return (email.casefold(), item.name) if email is not None else item.name


def _line(entry: Entry, error: ErrorDetails) -> int:
    return entry.line(*error["loc"])


def _sentence(kind: Kind, error: ErrorDetails) -> str:
    path = [str(part) for part in error["loc"] if isinstance(part, str)]
    name = ".".join(path)
    match error["type"]:
        case "extra_forbidden":
            return _unknown_field(kind, path)
        case "missing":
            return f"This {kind.word} has no `{name}`."
        case "model_type" | "dict_type":
            return f"{kind.a_word} must be a set of fields such as `name: ...`."
        case "string_type" if error["input"] is not None and not isinstance(error["input"], list | dict):
            return f"`{name}` must be text; put it into quotes."
        case "literal_error":
            hint = did_you_mean(str(error["input"]), _words(error))
            return f"`{name}` must be {error['ctx']['expected']}, not {_shown(error['input'])}.{hint}"
    expected = _EXPECTED.get(error["type"]) or error["msg"].replace("Input should", "must", 1).replace(
        "must be a valid", "must be a", 1
    ).replace("String should", "must", 1)
    return f"`{name}` {expected}."


_EXPECTED: Mapping[str, str] = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "string_too_short": "must not be empty",
}


def _words(error: ErrorDetails) -> list[str]:
    return [word.strip(" '") for word in error["ctx"]["expected"].replace(" or ", ",").split(",")]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _unknown_field(kind: Kind, path: list[str]) -> str:
    if len(path) > 1 and path[0] == "password":  # what stands there may be the secret itself: it isn't shown
        return f"`{path[0]}` {ONE_PLACE}."
    if len(path) > 1:
        return f"`{path[0]}` has no field `{path[-1]}`."
    known = list(kind.item.model_fields)
    hint = did_you_mean(path[-1], known) or f" There are: {', '.join(known)}."
    return f"{kind.a_word} has no field `{path[-1]}`.{hint}"
