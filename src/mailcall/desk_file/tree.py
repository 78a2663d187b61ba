"""YAML text as plain values with the line of each, refusing what a desk file never needs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from mailcall.desk_file.problems import DeskFileError, Problem

MAX_BYTES = 10 * 1024 * 1024
MAX_VALUES = 500_000
MAX_ALIASED = 20_000  # values more than the text holds, when aliases are followed
MAX_DEPTH = 12
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_SCALARS: dict[str, Callable[[yaml.ScalarNode], Any]] = {
    "tag:yaml.org,2002:str": lambda node: str(node.value),
    "tag:yaml.org,2002:timestamp": lambda node: str(node.value),  # no field is a date
    "tag:yaml.org,2002:value": lambda node: str(node.value),
    "tag:yaml.org,2002:null": lambda _: None,
    "tag:yaml.org,2002:bool": _CONSTRUCTOR.construct_yaml_bool,
    "tag:yaml.org,2002:int": _CONSTRUCTOR.construct_yaml_int,
    "tag:yaml.org,2002:float": _CONSTRUCTOR.construct_yaml_float,
}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """Plain values (dict, list, str, int, float, bool, None) and the line of each, by its path.

    A value of a mapping has the line of its key. `problems` are those that reading on could survive.
    """

    source: str
    value: Any
    lines: dict[Path, int]
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the value at this path, or of the nearest thing that holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_tree(data: bytes, source: str) -> Tree:
    """The values in this text. Raises DeskFileError when it is no YAML or is out of bounds."""
    try:
        text = _text(data, source)
        values = _bound(text, source)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise DeskFileError(
            source, [Problem(mark.line + 1 if mark else 1, f"This is not valid YAML: {what}.")]
        ) from None
    except yaml.YAMLError as error:
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        raise DeskFileError(
            source, [Problem(line, f"This is not valid YAML: {str(error).splitlines()[0]}.")]
        ) from None
    tree = Tree(source, None, {})
    value = _Walk(tree, values + MAX_ALIASED).value(node, ()) if node else None
    return Tree(source, value, tree.lines, tree.problems)


def _text(data: bytes, source: str) -> str:
    if len(data) > MAX_BYTES:
        raise DeskFileError(source, [Problem(1, f"The file is larger than {MAX_BYTES // 1024**2} MB.")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DeskFileError(source, [Problem(line, "The file is not UTF-8 text here.")]) from None


def _bound(text: str, source: str) -> int:
    """Refuse by its events, which cost no memory, what would cost too much as a tree. Returns its values."""
    depth = values = 0
    for event in yaml.parse(text, Loader=_LOADER):
        values += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if depth > MAX_DEPTH:
            raise DeskFileError(source, [Problem(line, "This is nested deeper than any desk is.")])
        if values > MAX_VALUES:
            raise DeskFileError(source, [Problem(line, f"The file holds more than {MAX_VALUES:,} values.")])
    return values


class _Walk:
    """Turns composed nodes into values. Aliases are followed, and counted each time."""

    def __init__(self, tree: Tree, most: int) -> None:
        self._tree = tree
        self._most = most
        self._seen = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._tree.lines.setdefault(path, node.start_mark.line + 1)
        self._seen += 1
        if self._seen > self._most or len(path) > MAX_DEPTH:
            self._stop(node, "The aliases (*) unfold to more than any desk holds.")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._scalar(cast("yaml.ScalarNode", node))

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._problem(line, "A field's name must be a word.")
                continue
            name = str(key.value)
            if name in values:
                first = self._tree.lines[(*path, name)]
                self._problem(line, f"`{name}` is here twice; the first is on line {first}.")
                continue
            self._tree.lines[(*path, name)] = line
            values[name] = self.value(child, (*path, name))
        return values

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        read = _SCALARS.get(str(node.tag))
        line = node.start_mark.line + 1
        if read is None:
            self._problem(
                line,
                "A desk file has no use for tags; put text that begins with an exclamation mark into quotes.",
            )
            return None
        if "\0" in str(node.value):  # written as an escape; PostgreSQL keeps none
            self._problem(line, "Text can't hold a NUL character.")
            return None
        try:
            return read(node)
        except ValueError:
            self._problem(line, "This number can't be read.")
            return None

    def _problem(self, line: int, sentence: str) -> None:
        self._tree.problems.append(Problem(line, sentence))

    def _stop(self, node: yaml.Node, sentence: str) -> None:
        raise DeskFileError(
            self._tree.source, [*self._tree.problems, Problem(node.start_mark.line + 1, sentence)]
        )
