"""winmail.dat: what Outlook packs into it, what breaks it, and what another reader sees in it."""

import datetime as dt
import hashlib
import json
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tnefparse import TNEF

from mailcall.message import Mailbox
from mailcall.message.compressed_rtf import MAX_RTF, decompress_rtf
from mailcall.message.mail import Attendee
from mailcall.message.rtf_text import RtfBody, read_rtf
from mailcall.message.tnef import MAX_DEPTH, unpack_winmail
from mailcall.message.tnef_stream import MAX_FILES

from .tnef_writing import (
    APPOINTMENT,
    BEGINS,
    IID_MESSAGE,
    IID_STORAGE,
    MAGIC,
    MEETING,
    attribute,
    binary,
    compressed,
    file,
    flag,
    message,
    named,
    number,
    properties,
    stored,
    string8,
    time,
    unicode,
)

CORPORA = Path(__file__).parents[3] / "shared" / "corpora" / "mimekit"
RICH = rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}}\pard\f0 Please \b call\b0  me\par }"
NOON = (
    (dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC) - dt.datetime(1601, 1, 1, tzinfo=dt.UTC))
    // dt.timedelta(microseconds=1)
    * 10
)


def _read(rtf: bytes) -> RtfBody:
    return read_rtf(rtf, 1_000_000, 1_000_000)


def _embedded(stream: bytes) -> bytes:
    return binary(0x3701, IID_MESSAGE + stream, kind=0x0D)


def sample() -> bytes:
    """One of everything."""
    inner = message([unicode(0x0037, "Inside"), unicode(0x1000, "inner text")], file(b"deep", b"deep.txt"))
    return message(
        [unicode(0x0037, "Broken printer"), binary(0x1009, compressed(RICH)), number(0x3FDE, 1252)],
        file(b"%PDF-1.4", b"REPORT~1.PDF", [unicode(0x3707, "Report für Ärzte.pdf")]),
        file(None, b"Untitled Attachment", [unicode(0x3001, "Fwd"), _embedded(inner)]),
    )


def test_a_file_has_its_long_name_its_type_and_its_hash() -> None:
    (pdf,) = unpack_winmail(
        message([], file(b"%PDF", b"REPORT~1.PDF", [unicode(0x3707, "Überblick 2026.pdf")]))
    ).attachments
    assert (pdf.name, pdf.content_type, pdf.size) == ("Überblick 2026.pdf", "application/pdf", 4)
    assert pdf.sha256 == hashlib.sha256(b"%PDF").hexdigest()
    assert pdf.container == "winmail.dat"
    assert not pdf.inline


@pytest.mark.parametrize(
    ("code_page", "name"),
    [(1252, "Größe.txt"), (1251, "Отчёт.txt"), (932, "請求書.txt"), (65001, "日本.txt")],
)
def test_names_of_eight_bits_are_read_in_the_code_page_of_the_stream(code_page: int, name: str) -> None:
    codec = "utf-8" if code_page == 65001 else f"cp{code_page}"
    for part in (file(b"x", name.encode(codec)), file(b"x", b"", [string8(0x3707, name.encode(codec))])):
        (found,) = unpack_winmail(message([], part, code_page=code_page)).attachments
        assert found.name == name


def test_names_are_safe_to_offer() -> None:
    (found,) = unpack_winmail(message([], file(b"x", b"..\\..\\con.txt\x01"))).attachments
    assert found.name == "_con.txt"


def test_a_file_without_a_name_gets_one() -> None:
    (found,) = unpack_winmail(message([], file(b"x"))).attachments
    assert found.name == "attachment-1.bin"


def test_an_empty_file_is_a_file_and_one_without_content_is_a_defect() -> None:
    winmail = unpack_winmail(message([], file(b"", b"EMPTY.TXT"), file(None, b"LINK.TXT")))
    assert [(each.name, each.size) for each in winmail.attachments] == [("EMPTY.TXT", 0)]
    assert winmail.defects == ("an attachment in winmail.dat has no content",)


def test_content_may_come_before_its_name_and_without_a_beginning() -> None:
    stream = MAGIC + attribute(2, 0x0006800F, b"data") + attribute(2, 0x00018010, b"boot.ini\0")
    assert [(each.name, each.data) for each in unpack_winmail(stream).attachments] == [("boot.ini", b"data")]


def test_content_among_the_properties_is_a_file_and_a_drawing_is_kept_as_it_stands() -> None:
    drawing = IID_STORAGE + b"\xd0\xcf\x11\xe0"
    winmail = unpack_winmail(
        message(
            [],
            file(None, b"", [unicode(0x3707, "a.doc"), binary(0x3701, b"word")]),
            file(None, b"Untitled Attachment", [unicode(0x3001, "Picture"), binary(0x3701, drawing, 0x0D)]),
        )
    )
    assert [each.name for each in winmail.attachments] == ["a.doc", "Picture"]
    assert [each.data for each in winmail.attachments] == [b"word", drawing]


def test_pictures_of_the_html_are_inline() -> None:
    html = b'<img src="cid:a@x"><p>Hello'
    winmail = unpack_winmail(
        message(
            [binary(0x1013, html)],
            file(b"GIF", b"a.gif", [unicode(0x3712, "<a@x>"), unicode(0x370E, "image/gif")]),
            file(b"GIF", b"b.gif", [unicode(0x3712, "b@x"), number(0x3714, 4)]),
            file(b"GIF", b"c.gif", [flag(0x7FFE, True)]),
            file(b"GIF", b"d.gif", [unicode(0x3712, "d@x"), flag(0x7FFE, False)]),
        )
    )
    assert [each.inline for each in winmail.attachments] == [True, True, True, False]
    assert winmail.attachments[0].content_id == "a@x"
    assert winmail.html == html.decode()


def test_html_is_read_in_its_own_code_page_and_text_in_that_of_the_message() -> None:
    winmail = unpack_winmail(
        message(
            [
                binary(0x1013, "<p>Привет".encode("koi8-r") + b"\0"),
                number(0x3FDE, 20866),
                string8(0x1000, "Привет".encode("cp1251")),
                number(0x3FFD, 1251),
            ]
        )
    )
    assert (winmail.html, winmail.text) == ("<p>Привет", "Привет")
    assert [body.name for body in winmail.bodies] == ["message.txt", "message.html"]
    assert winmail.attachments == ()


def test_old_streams_have_text_and_subject_as_attributes() -> None:
    stream = message(
        [], attribute(1, 0x00018004, b"Drucker\0"), attribute(1, 0x0002800C, b"Gr\xfc\xdfe\r\nAnna\0")
    )
    winmail = unpack_winmail(stream)
    assert (winmail.subject, winmail.text) == ("Drucker", "Grüße\nAnna")


def test_rich_text_gives_its_text_and_is_kept_as_a_file_for_its_looks() -> None:
    winmail = unpack_winmail(message([binary(0x1009, compressed(RICH))]))
    assert winmail.text == "Please call me\n"
    assert [(each.name, each.data) for each in winmail.attachments] == [("message.rtf", RICH)]
    assert winmail.defects == ()


def test_rich_text_that_only_wraps_html_gives_that_and_no_file() -> None:
    rtf = (
        rb"{\rtf1\ansi\ansicpg1251\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Arial;}}"
        rb"{\colortbl\red0\green0\blue0;}\uc1\pard\plain\deftab360 \f0\fs24 "
        rb"{\*\htmltag18 <html>}{\*\htmltag50 <body>}{\*\htmltag84 <b>}\htmlrtf {\b\htmlrtf0 "
        rb"\htmlrtf\f1\htmlrtf0 \'cf\'f0\'e8\'e2\'e5\'f2\htmlrtf\f0\htmlrtf0 "
        rb"{\*\htmltag92 </b>}\htmlrtf }\htmlrtf0 {\*\htmltag84 &lt;}\htmlrtf <\htmlrtf0 a \{b\} \u8364 ? "
        rb"\tab\par {\*\htmltag84 <a href='x\\y'>}{\*\mhtmltag84 <img src=cid>}link{\*\htmltag84 </a>"
        rb"\par </body>}}"
    )
    winmail = unpack_winmail(message([binary(0x1009, compressed(rtf))]))
    assert winmail.html == "<html><body><b>Привет</b>&lt;a {b} € \t\n<a href='x\\y'>link</a>\n</body>"
    assert winmail.attachments == ()
    assert [body.data for body in winmail.bodies] == [rtf]


def test_rich_text_that_only_wraps_text_gives_that_and_no_file() -> None:
    rtf = rb"{\rtf1\ansi\ansicpg1252\fromtext \deff0{\fonttbl{\f0 Arial;}}\f0 Hi,\par\par call me\par}"
    winmail = unpack_winmail(message([binary(0x1009, stored(rtf))]))
    assert winmail.text == "Hi,\n\ncall me\n"
    assert winmail.attachments == ()


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansicpg932\deff0{\fonttbl{\f0\fcharset128 MS;}}\f0 \'90\'bf\'8b\'81}", "請求"),
        (rb"{\rtf1\ansicpg932{\fonttbl{\f0\fcharset128 MS;}}\f0 \'83A}", "ア"),  # a trail byte as a letter
        (rb"{\rtf1\uc2\u1055\'cf\'cfx \uc0\u1087 y}", "Пx пy"),
        (rb"{\rtf1\uc1\u-10179 ?\u-8704 ?}", "😀"),
        (rb"{\rtf1 a{\*\unknown b{c}d}e{\pict\bin4 }}}}}f{\info{\title T}}g}", "aefg"),
        (rb"{\rtf1 {\f3{\fonttbl{\f3\fcharset2 Symbol;}}\f3\'b7}\tab one}", "•\tone"),
        (rb"{\rtf1 a\v hidden\v0 b\~c\_d\emdash e}", "ab\xa0c\u2011d—e"),
        (
            rb'{\rtf1 {\field{\*\fldinst HYPERLINK "http://x.example"}{\fldrslt{\ul here}}}!}',
            "here <http://x.example>!",
        ),
        (rb'{\rtf1 {\field{\*\fldinst{HYPERLINK "mailto:a@x"}}{\fldrslt a@x}}!}', "a@x!"),
        (rb"{\rtf1 one\cell two\cell\row three", "one\ttwo\t\nthree"),
        (rb"}}}\rtf1 text\'zz\\", "textzz\\"),
        (b"", ""),
    ],
)
def test_rich_text_is_read_as_a_word_processor_would(rtf: bytes, text: str) -> None:
    assert _read(rtf).text == text


@pytest.mark.parametrize(
    ("rtf", "html"),
    [
        (rb"\htmlrtf0 shown\htmlrtf0 too", "showntoo"),
        (rb"a\htmlrtf hidden{\b\htmlrtf0 b}\htmlrtf x\htmlrtf0 c", "abc"),
        (rb"a\htmlrtf {\i {\b x}}\htmlrtf0 b", "ab"),
        (rb"a\htmlrtf1 x\htmlrtf0 b\htmlrtf x", "ab"),
        (rb"{\*\htmltag64}{\*\htmltag <p>\'e9\par}{\*\htmltag x{y}z", "<p>\u00e9\nxyz"),
    ],
)
def test_only_what_the_html_had_is_taken_for_it(rtf: bytes, html: str) -> None:
    assert _read(rb"{\rtf1\ansi\fromhtml1 " + rtf + b"}").html == html


def test_a_forwarded_message_is_told_of_and_its_files_are_at_hand() -> None:
    recipients = properties([number(0x0C15, 1), unicode(0x3001, "Desk"), unicode(0x39FE, "desk@example.com")])
    inner = message(
        [
            unicode(0x0037, "Scanner"),
            unicode(0x1000, "It smokes."),
            unicode(0x0042, "Ann Lee"),
            unicode(0x0065, "/O=EXAMPLE/CN=ANN"),
            unicode(0x5D02, "ann@exämple.com"),
            unicode(0x1035, "<1@example.com>"),
            time(0x0039, NOON),
        ],
        attribute(1, 0x00069004, struct.pack("<I", 1) + recipients),
        file(b"photo", b"smoke.jpg"),
    )
    stand_in = b"This is a message that your program cannot show."
    outer = message(
        [], file(stand_in, b"Untitled Attachment", [unicode(0x3001, "Scanner"), _embedded(inner)])
    )
    winmail = unpack_winmail(outer)
    assert [each.name for each in winmail.attachments] == ["Untitled Attachment", "Scanner.tnef", "smoke.jpg"]
    (forwarded,) = winmail.forwarded
    assert forwarded.from_ == (Mailbox("Ann Lee", "ann@xn--exmple-cua.com"),)
    assert forwarded.to == (Mailbox("Desk", "desk@example.com"),)
    assert (forwarded.subject, forwarded.text) == ("Scanner", "It smokes.")
    assert forwarded.date == dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    assert forwarded.message_id == "<1@example.com>"
    assert winmail.attachments[forwarded.attachment or 0].data == inner


def test_messages_in_messages_are_unpacked_to_a_depth() -> None:
    stream = message([unicode(0x0037, "level 0")])
    for level in range(1, MAX_DEPTH + 3):
        stream = message([unicode(0x0037, f"level {level}")], file(None, b"", [_embedded(stream)]))
    winmail = unpack_winmail(stream)
    assert [each.depth for each in winmail.forwarded] == [1, 2, 3]
    assert winmail.defects == (f"messages nested deeper than {MAX_DEPTH} in winmail.dat stay packed",)
    for each in winmail.forwarded:
        assert winmail.attachments[each.attachment or 0].name.endswith(".tnef")


def test_a_meeting_says_when_where_and_who() -> None:
    recipients = properties([number(0x0C15, 2), unicode(0x3001, "Bo"), unicode(0x3003, "bo@example.com")])
    winmail = unpack_winmail(
        message(
            [
                unicode(0x001A, "IPM.Schedule.Meeting.Request"),
                unicode(0x0037, "Review"),
                unicode(0x0042, "Ann"),
                unicode(0x0065, "ann@example.com"),
                named(APPOINTMENT, 0x820D, time(0, NOON)),
                named(APPOINTMENT, 0x820E, time(0, NOON + 36_000_000_000)),
                named(APPOINTMENT, 0x8208, unicode(0, "Room 4")),
                named(MEETING, 0x23, binary(0, b"\x04\0\0\0" + b"vCal-Uid\x01\0\0\0" + b"abc@example\0")),
            ],
            attribute(1, 0x00069004, struct.pack("<I", 1) + recipients),
        )
    )
    meeting = winmail.invitation
    assert meeting is not None
    assert (meeting.method, meeting.summary, meeting.location) == ("request", "Review", "Room 4")
    assert meeting.start == dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    assert meeting.end == dt.datetime(2026, 11, 3, 13, tzinfo=dt.UTC)
    assert meeting.uid == "abc@example"
    assert meeting.organizer == Mailbox("Ann", "ann@example.com")
    assert meeting.attendees == (Attendee(Mailbox("Bo", "bo@example.com"), "opt-participant"),)


def test_an_answer_to_a_meeting_says_who_answered_what() -> None:
    winmail = unpack_winmail(
        message([], attribute(1, 0x00078008, b"IPM.Microsoft Schedule.MtgRespN\0"))
        + attribute(1, 0x00069003, properties([unicode(0x0C1A, "Bo"), unicode(0x5D01, "bo@example.com")]))
    )
    assert winmail.invitation is not None
    assert winmail.invitation.method == "reply"
    assert winmail.invitation.attendees == (Attendee(Mailbox("Bo", "bo@example.com"), status="declined"),)


def test_a_wrong_checksum_is_a_defect_and_stops_nothing() -> None:
    stream = bytearray(message([], file(b"data", b"a.txt")))
    stream[stream.index(b"data")] ^= 1
    winmail = unpack_winmail(bytes(stream))
    assert [each.name for each in winmail.attachments] == ["a.txt"]
    assert winmail.defects == ("a checksum in winmail.dat is wrong",)


def test_what_follows_the_end_is_a_defect() -> None:
    assert unpack_winmail(sample() + b"-- \r\nlist footer").defects == (
        "there is something unreadable at the end of winmail.dat",
    )


def test_what_is_no_winmail_gives_nothing() -> None:
    assert unpack_winmail(b"PK\x03\x04").defects == ("winmail.dat does not begin as one",)
    assert unpack_winmail(b"").defects == ("winmail.dat does not begin as one",)


def test_more_files_than_anyone_sends_are_left_out() -> None:
    winmail = unpack_winmail(MAGIC + attribute(*BEGINS, b"") * 2 * MAX_FILES)
    assert f"winmail.dat holds more than {MAX_FILES} files: the rest is left out" in winmail.defects


def test_a_bomb_of_rich_text_ends_at_a_cap() -> None:
    run = b"\xff" + struct.pack(">H", 0xF << 4 | 15) * 8
    rtf, defect = decompress_rtf(struct.pack("<II4sI", 0xFFFFFFF0, 1 << 30, b"LZFu", 0) + run * 150_000)
    assert len(rtf) <= MAX_RTF
    assert defect
    body = read_rtf(b"{\\b" * 100_000, 1_000, 1_000)
    assert body.cut
    assert body.effort <= 1_100


@pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is not beside this checkout")
def test_every_file_of_every_stream_that_nobody_here_wrote_is_found() -> None:
    cases = [json.loads(line) for line in (CORPORA / "cases.jsonl").read_text().splitlines()]
    for case in cases:
        winmail = unpack_winmail((CORPORA / case["file"]).read_bytes())
        contents = [each.data for each in (*winmail.attachments, *winmail.bodies)]
        contents += [each.replace(b"\r\n", b"\n") for each in contents]  # text files were stored so
        found = {hashlib.sha256(each).hexdigest() for each in contents}
        assert {each["sha256"] for each in case["expect"]["extracted"].values()} <= found, case["id"]
    assert len(cases) == 19


@given(st.binary(max_size=3_000))
def test_compressed_rich_text_is_given_back_as_it_was(rtf: bytes) -> None:
    assert decompress_rtf(compressed(rtf)) == (rtf, "")
    assert decompress_rtf(stored(rtf)) == (rtf, "")


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(data: bytes) -> None:
    unpack_winmail(data)
    unpack_winmail(MAGIC + data)
    unpack_winmail(message([binary(0x1009, data), binary(0x3701, data)], attribute(1, 0x00069004, data)))
    decompress_rtf(struct.pack("<II4sI", len(data) + 12, 1 << 20, b"LZFu", 0) + data)


_PIECES = (
    rb"{ } \ \' ff \u 8 \uc 0 2 \bin \* \htmltag \htmlrtf 1 \f \fonttbl \fldinst \fldrslt \pict x ' "
    b"HYPERLINK\\~x \xff"
).split(b" ")


@given(st.lists(st.sampled_from(_PIECES), max_size=60))
def test_any_rich_text_is_survived(pieces: list[bytes]) -> None:
    _read(b"".join(pieces))
    _read(b"{\\rtf1\\fromhtml1 " + b"".join(pieces))


def test_a_stream_cut_anywhere_gives_what_came_before() -> None:
    whole = sample()
    names = [each.name for each in unpack_winmail(whole).attachments]
    assert names == ["Report für Ärzte.pdf", "Fwd.tnef", "deep.txt", "message.rtf"]
    for end in range(len(whole)):
        winmail = unpack_winmail(whole[:end])
        assert len(winmail.attachments) <= len(names)
        assert winmail.defects or end in _ends(whole)


def _ends(stream: bytes) -> set[int]:
    ends, position = {6}, 6
    while position < len(stream):
        position += 9 + struct.unpack_from("<I", stream, position + 5)[0] + 2
        ends.add(position)
    return ends


@settings(max_examples=200)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_byte_may_be_wrong(place: int, change: int) -> None:
    stream = bytearray(sample())
    stream[place % len(stream)] ^= change
    unpack_winmail(bytes(stream))


_NAMES = st.text(st.sampled_from("abcäöü日本.-_"), max_size=20).map(lambda name: f"n{name}.bin")
_FILES = st.lists(st.tuples(_NAMES, st.binary(min_size=1, max_size=50)), max_size=5)


@given(_FILES, st.text("abc ", max_size=20))
def test_another_reader_sees_the_same_files_and_text(files: list[tuple[str, bytes]], text: str) -> None:
    stream = message(
        [unicode(0x1000, text)],
        *(file(data, b"SHORT.BIN", [unicode(0x3707, name)]) for name, data in files),
    )
    ours, theirs = unpack_winmail(stream), TNEF(stream)
    found = [(each.name, each.data) for each in ours.attachments]
    assert [name for name, _ in found] == [each.long_filename().rstrip("\0") for each in theirs.attachments]
    assert [data for _, data in found] == [bytes(each.data) for each in theirs.attachments]
    assert ours.text == (theirs.body or "").rstrip("\0")
