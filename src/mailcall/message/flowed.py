"""Undoes what text formats add to plain text: the soft line breaks of format=flowed, text/enriched."""

import re

_SIGNATURE = "-- "
_FORMATTING = re.compile(r"<<|<(/?)([A-Za-z0-9-]{1,60})>")  # a doubled `<` is a plain one
_LINE_ENDS = re.compile(r"\n+")


def unflowed(text: str, *, delsp: bool = False) -> str:
    """Join the lines of format=flowed (RFC 3676 4). Each paragraph keeps the `>` of its first line."""
    out: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        line_depth, content = _split_quote(line)
        if paragraph and (line_depth != depth or content == _SIGNATURE):
            out.append(_paragraph(depth, paragraph))
            paragraph = []
        depth = line_depth
        if content.endswith(" ") and content != _SIGNATURE:
            paragraph.append(content[:-1] if delsp else content)
            continue
        paragraph.append(content)
        out.append(_paragraph(depth, paragraph))
        paragraph = []
    if paragraph:
        out.append(_paragraph(depth, paragraph))
    return "\n".join(out)


def _split_quote(line: str) -> tuple[int, str]:
    """Give the quote depth of a line and its content, unstuffed (RFC 3676 4.4, 4.5)."""
    content = line.lstrip(">")
    depth = len(line) - len(content)
    return depth, content.removeprefix(" ")


def _paragraph(depth: int, pieces: list[str]) -> str:
    content = "".join(pieces)
    if content != _SIGNATURE:
        content = content.rstrip(" ")
    return ">" * depth + (" " if depth and content else "") + content


def unenriched(text: str) -> str:
    """Give the words of text/enriched (RFC 1896) without its formatting commands."""
    text = _LINE_ENDS.sub(lambda ends: " " if len(ends[0]) == 1 else ends[0][1:], text)
    out: list[str] = []
    last, hidden = 0, False
    end_of_params = text.lower().rfind("</param>")  # one that is never closed hides nothing
    for command in _FORMATTING.finditer(text):
        if not hidden:
            out.append(text[last : command.start()])
            out.append("<" if command[0] == "<<" else "")
        last = command.end()
        if command[2] and command[2].lower() == "param":
            hidden = not command[1] and last <= end_of_params
    out.append(text[last:])
    return "".join(out)
