"""What costs more than its size: a word repeated to 100 KB, wherever a mail may have it."""

from collections.abc import Callable

import pytest

from fuzz.examining import verdict
from fuzz.mutator import FIELDS, TOKENS, VALUES
from fuzz.targets import TARGETS

SIZE = 100_000
WORDS = {
    *TOKENS,
    *VALUES,
    *(field + b": x\n" for field in FIELDS),
    *(b"a", b"a ", b"a\n", b"1", b"-", b"_", b"*", b"x,", b"x;", b"x: ", b"<a@b>", b"a@b,", b"(a)", b'"a"'),
    *(
        b"<p>a",
        b"<b>",
        b"<td>",
        b"<li>",
        b"<font>",
        b"&lt;",
        b"> a\n",
        b"> \n",
        b"\n ",
        b" \n",
        b"by x ",
        b" a=b;",
    ),
    *(b"QUJD\n", b"M" * 60 + b"\n", b"\\par ", b"ATTENDEE;CN=a:", b"X:\n", b"On ", b"wrote:\n", b"schrieb "),
}
_HEAD = b"From: ann@example.com\r\n"
_IN_FIELDS = ("From", "Subject", "Content-Type", "Content-Disposition", "References", "Date", "Received")
_FOR_SENDERS = ("Authentication-Results", "DKIM-Signature", "ARC-Seal", "Received")
_PARTS = {
    "plain": b"",
    "flowed": b"Content-Type: text/plain; format=flowed; delsp=yes\r\n",
    "html": b"Content-Type: text/html\r\n",
    "quoted-printable": b"Content-Transfer-Encoding: quoted-printable\r\n",
    "base64": b"Content-Transfer-Encoding: base64\r\n",
    "uuencode": b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\n",
    "multipart": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    "calendar": b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n",
    "rich text": b"Content-Type: text/rtf\r\n\r\n{\\rtf1 ",
    "enriched": b"Content-Type: text/enriched\r\n",
    "report": b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\n",
    "UTF-16": b"Content-Type: text/plain; charset=utf-16\r\n",
    "ISO-2022": b"Content-Type: text/plain; charset=iso-2022-jp\r\n",
    "UTF-7": b"Content-Type: text/plain; charset=utf-7\r\n",
    "unknown charset": b"Content-Type: text/plain; charset=bogus\r\n",
}


def in_field(name: str) -> Callable[[bytes], bytes]:
    """A mail with these bytes as the folded value of a field."""
    return lambda many: name.encode() + b": " + many.replace(b"\r", b"").replace(b"\n", b"\n ") + b"\r\n\r\nx"


def in_part(head: bytes) -> Callable[[bytes], bytes]:
    """A mail with these bytes as its body, or in a part of it."""
    return lambda many: _HEAD + head + b"\r\n" + many


PLACES: dict[tuple[str, str], Callable[[bytes], bytes]] = {
    ("mail", "the start"): lambda many: many,
    ("mail", "the header"): lambda many: _HEAD + many,
    ("mail", "a bounce"): lambda many: (
        b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered\r\n\r\n" + many
    ),
    **{("mail", name): in_field(name) for name in _IN_FIELDS},
    **{("mail", name): in_part(head) for name, head in _PARTS.items()},
    **{("sender", name): in_field(name) for name in _FOR_SENDERS},
    **{(name, "everywhere"): lambda many: many for name in TARGETS if name not in {"mail", "sender"}},
}


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_a_repeated_word_costs_no_more_than_its_size(place: tuple[str, str]) -> None:
    target, put = place[0], PLACES[place]
    verdicts = {word: verdict(target, put(word * (SIZE // len(word)))) for word in sorted(WORDS)}
    assert {word: what for word, what in verdicts.items() if what} == {}
