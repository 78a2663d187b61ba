"""The content of DATA, however it comes in pieces: only a dot alone between CR LFs ends it."""

import hypothesis
from hypothesis import strategies as st

from mailcall.service.lmtp_wire import Content

_bytes = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"x", b"\0\xff"]), max_size=40).map(
    b"".join
)


def stuffed(content: bytes) -> bytes:
    """As a client sends it (RFC 5321 4.5.2)."""
    lines = [b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n")]
    return b"\r\n".join(lines) + b".\r\n"


def fed(pieces: list[bytes]) -> tuple[bytes, bytes | None]:
    content, got = Content(), b""
    for number, piece in enumerate(pieces):
        got += content.feed(piece)
        if content.rest is not None:
            return got, content.rest + b"".join(pieces[number + 1 :])
    return got, None


def cut(raw: bytes, places: list[int]) -> list[bytes]:
    at = sorted({place % (len(raw) + 1) for place in places})
    return [raw[a:b] for a, b in zip([0, *at], [*at, len(raw)], strict=True)]


@hypothesis.given(_bytes, _bytes, st.lists(st.integers(0, 10_000), max_size=8))
def test_the_content_comes_back_and_what_follows_it_too(
    before: bytes, after: bytes, places: list[int]
) -> None:
    content = before + b"\r\n" if before else b""
    assert fed(cut(stuffed(content) + after, places)) == (content, after)


@hypothesis.given(_bytes, st.lists(st.integers(0, 10_000), max_size=8))
def test_nothing_else_ends_it(raw: bytes, places: list[int]) -> None:
    if b"\r\n.\r\n" not in b"\r\n" + raw:
        assert fed(cut(raw, places))[1] is None


def test_a_dot_between_bare_line_feeds_is_content() -> None:
    smuggled = b"x\n.\nMAIL FROM:<a@k.example>\n.\r\nMAIL\r.\r\n\r\n.\ny\r\n"
    content, rest = fed([smuggled + b".\r\n"])
    assert rest == b""
    assert content == smuggled.replace(b"\r\n.\ny", b"\r\n\ny")


def test_many_dots_cost_no_more_than_as_many_letters() -> None:
    raw = b"\r\n.." * 500_000
    content, rest = fed([raw[at : at + 65_536] for at in range(0, len(raw), 65_536)] + [b"\r\n.\r\n"])
    assert (content, rest) == (b"\r\n." * 500_000 + b"\r\n", b"")
