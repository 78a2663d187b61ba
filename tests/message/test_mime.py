"""How a mail is split into parts, without copying it and whatever is wrong with it."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message.mime import MAX_DEPTH, MAX_PARTS, parse
from mailcall.message.parameters import parse_parameters
from mailcall.message.transfer import decode_base64, decode_transfer

HEAD = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def bodies(raw: bytes) -> list[bytes]:
    """Give the leaves of a mail."""
    return [part.body for part in parse(raw, []).walk() if not part.children]


@pytest.mark.parametrize(
    ("body", "leaves"),
    [
        (b"--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n", [b"one", b"two"]),
        (b"--b\n\none\n--b\n\ntwo\n--b--", [b"one", b"two"]),
        (b"before\r\n--b\r\n\r\none\r\n--b--\r\nafter", [b"one"]),
        (b"--b\r\n\r\none\r\n--b\r\n\r\ncut off", [b"one", b"cut off"]),
        (b"--b \t\r\n\r\none\r\n--b-- \r\n", [b"one"]),
        (b"--b\r\n\r\none\r\n--bb\r\n--b--\r\n", [b"one\r\n--bb"]),
        (b"--b\r\nContent-Type: text/plain\r\n--b\r\n\r\ntwo\r\n--b--", [b"", b"two"]),
        (b"--b\r\n\r\none\r\n--b\r\n", [b"one"]),
        (b"--other\r\n\r\none\r\n--other--\r\n", [b"one"]),
    ],
)
def test_parts_lie_between_the_delimiters(body: bytes, leaves: list[bytes]) -> None:
    assert bodies(HEAD + body) == leaves


def test_the_delimiter_of_an_outer_multipart_ends_the_inner_one() -> None:
    inner = b"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\none\r\n"
    assert bodies(HEAD + b"--b\r\n" + inner + b"--b\r\n\r\ntwo\r\n--b--") == [b"one", b"two"]


def test_a_multipart_without_any_delimiter_is_a_text() -> None:
    defects: list[str] = []
    root = parse(HEAD + b"just words", defects)
    assert (root.content_type, root.body, defects) == (
        "text/plain",
        b"just words",
        ["multipart without a usable boundary"],
    )


def test_a_boundary_may_have_a_colon() -> None:
    raw = b'Content-Type: multipart/mixed; boundary="a:b"\r\n\r\n--a:b\r\n--a:b\r\n\r\ntwo\r\n--a:b--'
    assert bodies(raw) == [b"", b"two"]


def test_deep_levels_stay_one_undivided_part() -> None:
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5_000)
    )
    defects: list[str] = []
    parts = list(parse(raw + b"\r\nneedle", defects).walk())
    assert len(parts) == MAX_DEPTH + 1
    assert parts[-1].body.endswith(b"needle")
    assert f"parts nested deeper than {MAX_DEPTH} are left undivided" in defects


def test_what_is_beyond_the_number_of_parts_stays_one_undivided_part() -> None:
    raw = HEAD + b"".join(b"--b\r\n\r\nx%d\r\n" % number for number in range(10_000)) + b"--b--\r\n"
    defects: list[str] = []
    parts = list(parse(raw, defects).walk())
    assert len(parts) == MAX_PARTS + 1
    assert b"x9999" in parts[-1].body
    assert defects == [f"more than {MAX_PARTS} parts: the rest is left undivided"]


def test_a_header_goes_on_after_lines_that_lost_their_indentation() -> None:
    root = parse(b"Received: from a\r\nby b with SMTP\r\nid 1\r\nSubject: here\r\n\r\nbody", [])
    assert (root.value("subject"), root.body) == ("here", b"body")


def test_a_big_file_is_in_memory_once() -> None:
    raw = b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJDREVGR0hJ" * 6 * 50_000
    tracemalloc.start()
    try:
        data, _ = parse(raw, []).data()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(data) == 9 * 6 * 50_000
    assert peak < 1.5 * len(data) + 3_000_000


@pytest.mark.parametrize(
    ("value", "word", "params"),
    [
        ('text/plain; charset="utf-8"', "text/plain", {"charset": "utf-8"}),
        ("TEXT/Plain;Charset=UTF-8;", "text/plain", {"charset": "UTF-8"}),
        ("text/plain; charset=us-ascii (Plain text)", "text/plain", {"charset": "us-ascii"}),
        ('attachment; filename="a;b.txt"', "attachment", {"filename": "a;b.txt"}),
        ("attachment; filename=a b.txt", "attachment", {"filename": "a b.txt"}),
        ("attachment; filename*=utf-8''b%C3%BC.txt", "attachment", {"filename": "bü.txt"}),
        ("attachment; filename*=UTF-8'de'b%C3%BC.txt; filename=x", "attachment", {"filename": "bü.txt"}),
        ("a; n*1*=%BC.txt; n*0*=utf-8''b%C3", "a", {"n": "bü.txt"}),
        ("a; n*0=one; n*1=two", "a", {"n": "onetwo"}),
        ("a; n='b'", "a", {"n": "b"}),
        ('a; n="C:\\temp\\b.txt"', "a", {"n": "C:\\temp\\b.txt"}),
        ("", "", {}),
    ],
)
def test_parameters(value: str, word: str, params: dict[str, str]) -> None:
    assert parse_parameters(value) == (word, params)


@given(st.text(alphabet="ab;=\"'\\*%0 ()", max_size=60))
def test_any_parameters_read(value: str) -> None:
    assert isinstance(parse_parameters(value), tuple)


@pytest.mark.parametrize(
    ("data", "encoding", "decoded", "defect"),
    [
        (b"aGVsbG8=\r\n", "base64", b"hello", ""),
        (b"aGVs bG8=", "BASE64", b"hello", ""),
        (b"aGVs!bG8=", "base64", b"hello", "damaged base64"),
        (b"aGVsbG8", "base64", b"hello", ""),
        (b"aGU=\r\nbGxv", "base64", b"hello", ""),
        (b"aGVsbG8=\r\n--\r\nA list, with a footer.", "base64", b"hello", "damaged base64"),
        (b"aGVsbG8= ignored", "base64", b"hello", "damaged base64"),
        (b"aGVsbG8=\r\nFooter", "base64", b"hello", "damaged base64"),
        (b"a=3Db=\r\nc", "quoted-printable", b"a=bc", ""),
        (b"a=  \r\nb  \r\n", "quoted-printable", b"ab\r\n", ""),
        (b"a=ZZb", "quoted-printable", b"a=ZZb", ""),
        (b"begin 644 x\n#86)C\n`\nend\n", "x-uuencode", b"abc", ""),
        (b"abc", "8bit", b"abc", ""),
        (b"abc", "x-nothing", b"abc", "unknown transfer encoding 'x-nothing'"),
    ],
)
def test_transfer_encodings(data: bytes, encoding: str, decoded: bytes, defect: str) -> None:
    got, said = decode_transfer(data, encoding)
    assert (got, bool(said)) == (decoded, bool(defect))


@given(st.binary(max_size=200), st.integers(0, 3))
def test_base64_in_pieces_gives_what_went_in(data: bytes, spaces: int) -> None:
    import base64

    encoded = base64.b64encode(data).replace(b"A", b"A" + b" " * spaces)
    assert decode_base64(encoded) == (data, True)


@pytest.mark.parametrize("field", [b"From : a@b.example", b"From \t: a@b.example"])
def test_a_first_field_with_a_blank_before_its_colon_is_no_line_of_mbox(field: bytes) -> None:
    root = parse(field + b"\r\nSubject: x\r\n\r\nhi", [])
    assert (root.value("from"), root.value("subject")) == ("a@b.example", "x")
