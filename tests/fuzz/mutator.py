"""Changes mails and texts the way they really go wrong, beside the blind changes of the fuzzing engine.

Most blind changes of a mail break its first line of structure and are never seen further in. Here lines,
header fields, parts and encodings are moved, repeated, nested and cut instead.
"""

import base64
import quopri
import random
from collections.abc import Callable
from pathlib import Path


def _words(section: str) -> list[bytes]:
    """The words of a section of `words.txt`: a line each, in quotes, with the escapes of Python."""
    text = Path(__file__).with_name("words.txt").read_text("ascii")
    lines = text.split(f"[{section}]\n")[1].split("\n\n")[0].splitlines()
    return [line.strip()[1:-1].encode().decode("unicode_escape").encode("latin-1") for line in lines]


FIELDS, VALUES, TOKENS = _words("fields"), _words("values"), _words("tokens")


def mutate(data: bytes, most: int, number: int, blindly: Callable[[bytes, int], bytes]) -> bytes:
    """Change an input, into at most so many bytes; the same number gives the same change."""
    chance = random.Random(number)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        change = chance.choice(_CHANGES)
        data = blindly(data, most) if change is None else change(data, chance)[:most]
    return data


def _span(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + int(chance.paretovariate(0.5)))


def _line(data: bytes, chance: random.Random) -> tuple[int, int]:
    """Where a line begins and ends, its end included."""
    somewhere = chance.randrange(len(data) + 1)
    start = data.rfind(b"\n", 0, somewhere) + 1
    end = data.find(b"\n", start)
    return start, len(data) if end < 0 else end + 1


def _put_token(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.choice(TOKENS) + data[chance.choice((start, end)) :]


def _put_field(data: bytes, chance: random.Random) -> bytes:
    start, end = _line(data, chance)
    field = chance.choice(FIELDS) + b": " + chance.choice(VALUES) + b"\r\n"
    return data[:start] + field + data[chance.choice((start, end)) :]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    """Much of one thing; how much more it costs than its size, `test_repetition` looks for closely."""
    start, end = chance.choice((_span, _line))(data, chance)
    chunk = chance.choice((data[start:end], chance.choice(TOKENS))) or b" "
    return (
        data[:start] + chunk * chance.choice((2, 2, 3, 3, 10, 30, 100, 20_000 // len(chunk) + 1)) + data[end:]
    )


def _move_line(data: bytes, chance: random.Random) -> bytes:
    (start, end), (to, _) = _line(data, chance), _line(data, chance)
    line = data[start:end]
    rest = data[:start] + data[end:] if chance.random() < 0.5 else data
    return rest[:to] + line + rest[to:]


def _drop(data: bytes, chance: random.Random) -> bytes:
    start, end = chance.choice((_span, _line))(data, chance)
    return data[:start] + data[end:]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _encode(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    chunk = data[start:end]
    form = chance.randrange(4)
    if form == 0:
        chunk = base64.encodebytes(chunk)
    elif form == 1:
        chunk = quopri.encodestring(chunk)
    elif form == 2:
        chunk = b"=?utf-8?b?" + base64.b64encode(chunk[:45]) + b"?="
    else:
        chunk = chunk.decode("latin-1").encode(chance.choice(("utf-16", "utf-7", "utf-8")))
    return data[:start] + chunk + data[end:]


def _wrap(data: bytes, chance: random.Random) -> bytes:
    """Put a whole mail into a part of another one, or into a mail as its attachment."""
    head = b"From: a@b.example\r\nContent-Type: " + chance.choice(VALUES[:11]) + b"\r\n\r\n"
    return head + chance.choice((b"", b"--b\r\n")) + data + chance.choice((b"", b"\r\n--b--\r\n"))


def _other_newlines(data: bytes, chance: random.Random) -> bytes:
    plain = data.replace(b"\r\n", b"\n")
    return plain.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n", b"\r\r\n")))


_CHANGES = [
    *[None, _put_token, _put_field, _repeat] * 3,
    *[_drop, _encode, _wrap] * 2,
    _move_line,
    _cut,
    _other_newlines,
]
