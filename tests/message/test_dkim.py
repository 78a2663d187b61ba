"""DKIM signatures, with dkimpy as the signer and as a second judge, and the examples of the RFCs."""

import base64
import datetime as dt
import re
import time

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import read_mail
from mailcall.message.dkim import LookupFailed, Signature, verify_dkim
from mailcall.message.mime import MAX_FIELDS, parse
from mailcall.message.signed_headers import split_mail
from message.signing import DOMAIN, NAME, ed25519_record, public, record, sign

NOW = dt.datetime.now(dt.UTC)
RAW = (
    b"From: Bob <bob@desk.example>\r\n"
    b"To: support@desk.example\r\n"
    b"Subject:  Re: a laptop\r\n\t that is dead \r\n"
    b"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
    b"Message-ID: <1@desk.example>\r\n"
    b"\r\n"
    b"It is  mended.\t\r\n"
    b"\r\n"
    b" Bob \r\n"
    b"\r\n\r\n"
)
EVERY_WAY = [
    (algorithm, f"{header}/{body}")
    for algorithm in ("rsa-sha256", "ed25519-sha256")
    for header in ("simple", "relaxed")
    for body in ("simple", "relaxed")
]


def judge(raw: bytes, text: str | None = None, *, now: dt.datetime = NOW, domain: str = "") -> Signature:
    """The one signature of a mail, judged with this key record."""
    keys = f"{record()}\n{ed25519_record()}" if text is None else text
    (found,) = verify_dkim(split_mail(raw), lambda _name: keys, now, domain)
    return found


@pytest.mark.parametrize(("algorithm", "canonicalization"), EVERY_WAY)
def test_a_mail_as_it_was_signed_passes_with_either_line_end(algorithm: str, canonicalization: str) -> None:
    signed = sign(RAW, algorithm=algorithm, canonicalization=canonicalization)
    for raw in (signed, signed.replace(b"\r\n", b"\n"), b"From - x\r\n" + signed, b"\r\n" + signed):
        assert judge(raw) == Signature(DOMAIN, "s1", "pass")


@pytest.mark.parametrize(("algorithm", "canonicalization"), EVERY_WAY)
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"mended", b"broken", "the body was changed"),
        (b"laptop", b"server", "a signed header field was changed"),
        (b"Bob <bob", b"Eve <eve", "a signed header field was changed"),
        (b"\r\n\r\nIt is", b"\r\n\r\n\r\nIt is", "the body was changed"),
        (b" Bob \r\n", b" Bob \r\nPS: pay Eve\r\n", "the body was changed"),
    ],
)
def test_a_changed_mail_fails(
    algorithm: str, canonicalization: str, old: bytes, new: bytes, reason: str
) -> None:
    signed = sign(RAW, algorithm=algorithm, canonicalization=canonicalization)
    found = judge(signed.replace(old, new, 1))
    assert (found.result, reason in found.reason) == ("fail", True)


def test_blanks_may_change_only_where_the_signer_allows() -> None:
    for canonicalization, result in (("simple/simple", "fail"), ("relaxed/relaxed", "pass")):
        signed = sign(RAW, canonicalization=canonicalization)
        assert judge(signed.replace(b"is  mended.", b"is mended.")).result == result
        assert (
            judge(signed.replace(b"\r\n\t that", b" that").replace(b"Subject:", b"SUBJECT :")).result
            == result
        )
        assert judge(signed + b"\r\n\r\n").result == "pass"


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n", b"hi", b" \r\n", b"\t\r\n\r\n \r\n"])
@pytest.mark.parametrize("canonicalization", ["simple/simple", "relaxed/relaxed", "relaxed/simple"])
def test_bodies_that_are_empty_or_end_oddly(body: bytes, canonicalization: str) -> None:
    raw = RAW[: RAW.index(b"\r\n\r\n") + 4] + body
    signed = sign(raw, canonicalization=canonicalization)
    assert dkim.verify(signed, dnsfunc=lambda _name, timeout=5: record())
    assert judge(signed).result == "pass"
    assert judge(signed.replace(b"\r\n", b"\n")).result == "pass"


@pytest.mark.parametrize(
    "field", [b"From: Eve <eve@desk.example>", b"Subject: pay Eve", b"To: eve@x.example"]
)
def test_a_field_added_to_those_that_were_signed_is_no_proof(field: bytes) -> None:
    signed = sign(RAW, include_headers=[b"from", b"to", b"subject"])
    found = judge(field + b"\r\n" + signed)
    assert (found.result, found.reason) == (
        "policy",
        f"it does not cover every {field.partition(b':')[0].decode()} of the mail",
    )


def test_a_field_signed_once_more_than_it_is_there_can_t_be_added() -> None:
    signed = sign(RAW, include_headers=[b"from", b"to", b"subject", b"subject"])
    assert judge(signed).result == "pass"
    assert judge(b"Subject: pay Eve\r\n" + signed).result == "fail"


def test_repeated_fields_are_signed_from_the_bottom_up() -> None:
    raw = b"X-Relay: by b.example\r\nX-Relay: by a.example\r\n" + RAW
    signed = sign(raw, include_headers=[b"from", b"subject", b"x-relay"])
    assert judge(b"X-Relay: by c.example\r\n" + signed).result == "pass"
    assert judge(signed.replace(b"by b.", b"by d.")).result == "pass"
    assert judge(signed.replace(b"by a.", b"by d.")).result == "fail"


def test_a_subject_that_is_not_signed_is_no_proof() -> None:
    found = judge(sign(RAW, include_headers=[b"from", b"to"]))
    assert (found.result, found.reason) == ("policy", "it does not cover every Subject of the mail")


def test_a_signature_of_a_part_of_the_body_is_no_proof() -> None:
    signed = sign(RAW, length=True)
    assert judge(signed).result == "pass"
    found = judge(signed + b"And pay Eve.\r\n")
    assert (found.result, found.reason) == ("policy", "it does not cover the whole body")
    assert judge(signed[: signed.rindex(b" Bob")]).result == "fail"


@pytest.mark.parametrize(
    ("text", "result", "reason"),
    [
        ("", "permerror", "desk.example publishes no key named s1"),
        ("v=DKIM1; p=", "permerror", "its key was revoked"),
        ("v=DKIM1", "permerror", "its key record holds no key"),
        (f"v=DKIM2; p={public()}", "permerror", "its key record is of an unknown version"),
        (f"p={public()}; v=DKIM1", "permerror", "its key record is of an unknown version"),
        (f"v=DKIM1; k=ed25519; p={public()}", "permerror", "its key is not of the kind rsa"),
        (f"v=DKIM1; h=sha1; p={public()}", "permerror", "its key may not be used with SHA-256"),
        (f"v=DKIM1; s=tlsrpt; p={public()}", "permerror", "its key is not meant for mail"),
        (f"v=DKIM1; t=y; p={public()}", "policy", "its key is marked as a test"),
        ("v=DKIM1; p=%%%", "permerror", "its key is not valid base64"),
        ("v=DKIM1; p=aGVsbG8=", "permerror", "its key can't be read"),
        (f"v=DKIM1; p={public(1024)}", "fail", "a signed header field was changed, or another key signed"),
        ("v=spf1 -all; x", "permerror", "its tags are malformed"),
        (f"p={public()}", "pass", ""),
        (f"v=DKIM1; h=sha1 : sha256; s=* ; t=s; n=note; g=*; p={public()};", "pass", ""),
        (f"k=rsa; p={public()[:80]} {public()[80:]}", "pass", ""),
        (f"v=spf1 -all\nv=DKIM1; p={public(1024)}\nv=DKIM1; p={public()}", "pass", ""),
    ],
)
def test_what_the_key_record_says_is_heeded(text: str, result: str, reason: str) -> None:
    found = judge(sign(RAW), text)
    assert (found.result, found.reason) == (result, reason)


def test_a_short_key_proves_nothing() -> None:
    found = judge(sign(RAW, bits=1024), f"p={_short_key()}")
    assert (found.result, found.reason) == ("policy", "its key has 512 bits, which is no proof")


def _short_key() -> str:
    """A key of 512 bits, in the form of RFC 8017 A.1.1 that RFC 6376 asks for: no library makes one today."""
    modulus = b"\x00" + b"\xc1" * 64
    inner = b"\x02" + bytes([len(modulus)]) + modulus + b"\x02\x03\x01\x00\x01"
    return base64.b64encode(b"\x30" + bytes([len(inner)]) + inner).decode()


def test_a_name_server_that_does_not_answer_is_no_proof() -> None:
    def silent(_name: str) -> str:
        raise LookupFailed("DNS did not answer in time")

    (found,) = verify_dkim(split_mail(sign(RAW)), silent, NOW)
    assert (found.result, found.reason) == (
        "temperror",
        "its key can't be asked for: DNS did not answer in time",
    )


def test_nobody_is_asked_about_a_changed_body_or_a_signer_of_another_domain() -> None:
    def never(name: str) -> str:
        raise AssertionError(name)

    signed = sign(RAW)
    (changed,) = verify_dkim(split_mail(signed.replace(b"mended", b"broken")), never, NOW)
    (foreign,) = verify_dkim(split_mail(signed), never, NOW, "other.example")
    assert changed.result == "fail"
    assert (foreign.result, foreign.reason) == ("", "desk.example can't vouch for other.example")


@pytest.mark.parametrize(
    ("from_domain", "asked"),
    [("desk.example", True), ("mail.desk.example", True), ("example", False), ("xdesk.example", False)],
)
def test_a_signer_vouches_for_its_domain_and_those_below(from_domain: str, asked: bool) -> None:
    assert bool(judge(sign(RAW), domain=from_domain).result) is asked


@pytest.mark.parametrize(
    ("tags", "result", "reason"),
    [
        ({"v": "2"}, "permerror", "it is of an unknown version"),
        ({"a": "rsa-sha1"}, "policy", "it is made with SHA-1, which is no proof"),
        ({"a": "rsa-md5"}, "permerror", "its algorithm is unknown"),
        ({"c": "loose/loose"}, "permerror", "its canonicalization is unknown"),
        ({"d": "example"}, "permerror", "it names no usable domain and selector"),
        ({"d": "a b.example"}, "permerror", "it names no usable domain and selector"),
        ({"s": "../x"}, "permerror", "it names no usable domain and selector"),
        ({"h": "to:subject"}, "permerror", "it does not cover From"),
        ({"i": "bob@other.example"}, "permerror", "its i= is not within its d="),
        ({"q": "http"}, "permerror", "its key is not in DNS"),
        ({"l": "-1"}, "permerror", "its l= is no number"),
        ({"l": "1" + "0" * 80}, "permerror", "its l= is no number"),
        ({"bh": "$"}, "permerror", "its bh= is not valid base64"),
        ({"b": "$"}, "permerror", "its b= is not valid base64"),
        ({"b": ""}, "permerror", "it has no b="),
        ({"h": None}, "permerror", "it has no h="),
        ({"x": "1"}, "permerror", "it expires before it was made"),
        ({"t": "1", "x": "2"}, "policy", "it has expired"),
        ({"t": "99999999999"}, "policy", "it was made in the future"),
        ({"1x": "y"}, "permerror", "its tags are malformed"),
        ({"z": "a; ;b=c"}, "permerror", "its tags are malformed"),
        ({"z": "a; a=rsa-sha256"}, "permerror", "its tags are malformed"),
    ],
)
def test_a_signature_field_that_is_wrong_says_why(
    tags: dict[str, str | None], result: str, reason: str
) -> None:
    signed = sign(RAW)
    end = signed.index(b"From: Bob")
    value = re.sub(r"\s+", "", signed[:end].decode().partition(":")[2])
    written = dict(tag.split("=", 1) for tag in value.split(";")) | tags
    field = "; ".join(f"{name}={value}" for name, value in written.items() if value is not None)
    found = judge(f"DKIM-Signature: {field}\r\n".encode() + signed[end:])
    assert (found.result, found.reason) == (result, reason)


def test_a_key_for_its_own_domain_alone_serves_no_subdomain() -> None:
    signed = sign(RAW, identity=b"bob@mail.desk.example")
    assert judge(signed).result == "pass"
    found = judge(signed, record() + "; t=s")
    assert (found.result, found.reason) == ("policy", "its key does not serve subdomains")


def test_only_ten_signatures_are_verified() -> None:
    asked: list[str] = []

    def none(name: str) -> str:
        asked.append(name)
        return ""

    found = verify_dkim(split_mail(sign(RAW)[: -len(RAW)] * 30 + RAW), none, NOW)
    assert len(asked) == 10
    assert found[-1].reason == "only the first 10 are verified"


@pytest.mark.parametrize(
    "raw",
    [
        sign(RAW).replace(b"To:", b"no field\r\nTo:"),
        sign(RAW).replace(b"To:", b"X: a\rFrom: eve@desk.example\r\nTo:"),
        sign(RAW).replace(b"From: Bob", b"X: y\r\n" * (MAX_FIELDS + 1) + b"From: Bob"),
    ],
)
def test_a_header_that_could_be_read_in_two_ways_proves_nothing(raw: bytes) -> None:
    assert judge(raw).result == "permerror"


FOOTBALL = {
    "brisbane._domainkey.football.example.com": (
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    ),
    "test._domainkey.football.example.com": (
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5q"
        "hdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4h"
        "stT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
    ),
    "brisbane._domainkey.example.com": (
        "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/"
        "zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH"
        "4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
    ),
}
DINNER = """\
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
"""


def test_the_example_of_rfc_8463_passes_in_both_its_signatures() -> None:
    raw = """\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
"""
    found = verify_dkim(split_mail((raw + DINNER).encode()), FOOTBALL.__getitem__, NOW)
    assert [(each.selector, each.result) for each in found] == [("brisbane", "pass"), ("test", "pass")]


def test_the_example_of_rfc_6376_passes() -> None:
    raw = """\
DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
"""
    (found,) = verify_dkim(
        split_mail((raw + DINNER).encode()), FOOTBALL.__getitem__, NOW, "football.example.com"
    )
    assert found == Signature("example.com", "brisbane", "pass")


blanks = st.text(" \t", max_size=4)
words = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
folds = st.builds("{}\r\n{}".format, blanks, st.sampled_from([" ", "\t", "   "]))
values = st.lists(st.one_of(words, blanks, folds), max_size=6).map(
    lambda parts: re.sub(r"(\r\n[ \t]+)(?=\r\n|$)", r"\1x", "".join(parts))
)
bodies = st.lists(st.one_of(words, blanks, st.just("\r\n"), st.just(".")), max_size=20).map(
    lambda parts: "".join(parts).rstrip(" \t")  # blanks at the very end, with no line end, reach nobody
)


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    lines = [f"From: bob@desk.example{draw(blanks)}", f"Subject:{draw(values)}"]
    lines += [f"X-{n}:{draw(values)}" for n in range(draw(st.integers(0, 3)))]
    return ("\r\n".join(draw(st.permutations(lines))) + "\r\n\r\n" + draw(bodies)).encode()


@given(mails(), st.sampled_from(EVERY_WAY))
def test_what_another_signs_passes_here(raw: bytes, way: tuple[str, str]) -> None:
    signed = sign(raw, algorithm=way[0], canonicalization=way[1], bits=1024)  # dkimpy is slow at signing
    text = ed25519_record() if way[0].startswith("ed") else record(1024)
    assert judge(signed, text).result == "pass"
    assert judge(signed.replace(b"\r\n", b"\n"), text).result == "pass"


def passes_elsewhere(raw: bytes) -> bool | None:
    """What dkimpy makes of the topmost signature; None for a header that it does not read.

    As a mail server would, it gets no empty lines in front, and a line end at the end.
    """
    raw = raw.lstrip(b"\r\n") + (b"" if raw.endswith(b"\n") else b"\r\n")
    keys = {f"{NAME}.".encode(): record(1024)}
    try:
        return dkim.DKIM(raw).verify(dnsfunc=lambda name, timeout=5: keys.get(name))
    except dkim.MessageFormatError:
        return None
    except Exception:  # noqa: BLE001 - a signature that it can't read raises in many ways
        return False


@given(
    mails(),
    st.sampled_from(["simple/simple", "relaxed/relaxed", "simple/relaxed", "relaxed/simple"]),
    st.integers(0, 2000),
    st.sampled_from([b"", b" ", b"x", b"\r\n", b"\r\n ", b";", b"\t", b"From: a@b\r\n", b"\x00", b"\xff"]),
    st.integers(0, 2),
)
def test_after_a_change_it_passes_here_only_where_another_judge_passes_it(
    raw: bytes, canonicalization: str, position: int, put_in: bytes, left_out: int
) -> None:
    signed = sign(raw, canonicalization=canonicalization, bits=1024)
    position %= len(signed)
    changed = signed[:position] + put_in + signed[position + left_out :]
    found = verify_dkim(split_mail(changed), lambda name: record(1024) if name == NAME else "", NOW)
    ours = [each.result for each in found]
    theirs = passes_elsewhere(changed)
    if "pass" in ours:
        assert theirs in {True, None}
    if theirs and "policy" not in ours and "permerror" not in ours:
        assert ours == ["pass"]


SIGNED_LINES = sign(RAW).splitlines(keepends=True)
pieces = st.sampled_from(
    [
        b" ",
        b"\t",
        b" x",
        b" X: y",
        b"X: y",
        b"no field",
        b"",
        b"\r",
        b"From eve",
        b"--b",
        b"Content-Type: text/html",
    ]
)


@given(st.lists(st.tuples(st.integers(0, len(SIGNED_LINES)), pieces), min_size=1, max_size=4), st.booleans())
def test_what_passes_is_what_the_reader_shows(put_in: list[tuple[int, bytes]], crlf: bool) -> None:
    lines = list(SIGNED_LINES)
    for position, piece in put_in:
        lines.insert(position, piece + b"\r\n")
    raw = b"".join(lines) if crlf else b"".join(lines).replace(b"\r\n", b"\n")
    if any(each.result == "pass" for each in verify_dkim(split_mail(raw), lambda _name: record(), NOW)):
        shown, meant = read_mail(raw), read_mail(RAW)
        assert (shown.from_, shown.from_header_count) == (meant.from_, 1)
        assert shown.subject.split() == meant.subject.split()
        assert parse(raw, []).body.split() == parse(RAW, []).body.split()


def test_words_can_t_be_hidden_from_the_signature_in_a_fold_of_blanks() -> None:
    top, bottom = sign(RAW).split(b"To: support", 1)
    raw = top + b"X: y\n \n Pay Eve, not Bob.\nTo: support" + bottom
    assert judge(raw).result == "permerror" or "Pay Eve" not in read_mail(raw).text


@given(st.binary(max_size=400), st.booleans())
def test_a_header_without_trouble_is_the_readers(data: bytes, named: bool) -> None:
    raw = b"From: a@x\n" + data if named else data
    signed = split_mail(raw)
    if not signed.trouble:
        read = parse(raw, [])
        assert [each.name for each in signed.fields] == [name for name, _ in read.fields]
        assert len(raw) - signed.body_start == len(read.body) or read.children


header_bytes = st.text("aX-: \t\r\n\0", max_size=60).map(str.encode)


@given(header_bytes)
def test_the_lines_of_each_field_are_those_that_the_reader_has_read(data: bytes) -> None:
    signed = split_mail(b"X: y\r\n" + data + b"\r\n\r\n")
    if not signed.trouble:
        lines = [(each.name, each.lines.partition(b":")[2]) for each in signed.fields]
        assert lines == [(name, value.replace(b"\r\n", b"\n")) for name, value in signed.root.fields]


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_nothing_makes_the_verifier_raise(field: bytes, text: bytes) -> None:
    raw = b"DKIM-Signature: " + field.replace(b"\n", b"") + b"\r\n" + RAW
    verify_dkim(split_mail(raw), lambda _name: text.decode("latin-1"), NOW)
    verify_dkim(split_mail(sign(RAW)), lambda _name: "v=DKIM1; p=" + base64.b64encode(text).decode(), NOW)


@pytest.mark.long
@pytest.mark.parametrize(
    "body",
    [b"\r\n" * 500_000, b" " * 1_000_000, b" \r\n" * 300_000, b"a \t " * 250_000, b"\n" * 1_000_000 + b"x"],
)
def test_a_megabyte_made_to_take_long_takes_no_second(body: bytes) -> None:
    begun = time.process_time()
    judge(sign(RAW) + body)
    split_mail(b"From x\n" * 150_000)
    assert time.process_time() - begun < 1
