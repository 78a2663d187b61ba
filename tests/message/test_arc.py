"""Chains of ARC seals, made by dkimpy."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message.arc import Chain, verify_arc
from mailcall.message.dkim import LookupFailed
from mailcall.message.signed_headers import split_mail
from message.signing import record, seal, sign

NOW = dt.datetime.now(dt.UTC)
PASS = "dmarc=pass header.from=desk.example"
RAW = (
    b"From: Bob <bob@desk.example>\r\n"
    b"To: support@desk.example\r\n"
    b"Subject: [list] A laptop\r\n"
    b"\r\n"
    b"It is mended.\r\n"
)
LISTS, HOST = "lists.example", "forwarder.example"


def judge(raw: bytes, *sealers: str, text: str | None = None) -> Chain:
    keys = record() if text is None else text
    return verify_arc(split_mail(raw), lambda _name: keys, NOW, set(sealers))


def test_the_seal_of_a_listed_sealer_gives_what_the_sealer_saw() -> None:
    sealed = seal(RAW, PASS)
    for raw in (sealed, sealed.replace(b"\r\n", b"\n")):
        found = judge(raw, LISTS)
        assert found.result == "pass"
        assert [(each.host, each.results[-1].method) for each in found.results] == [(LISTS, "dmarc")]


def test_a_chain_of_three_is_read_down_to_the_first_sealer_who_is_not_listed() -> None:
    raw = seal(RAW, PASS, domain="first.example", host="mx.first.example")
    raw = seal(raw, "arc=pass; dmarc=fail header.from=desk.example", domain=LISTS)
    raw = seal(raw, "arc=pass; dmarc=fail header.from=desk.example", domain=HOST, host="mx.forwarder.example")
    assert [each.host for each in judge(raw, HOST, LISTS, "first.example").results] == [
        HOST,
        LISTS,
        "first.example",
    ]
    assert [each.host for each in judge(raw, HOST, "first.example").results] == [HOST]
    assert judge(raw, LISTS, "first.example") == Chain(
        "policy", "its newest seal is of forwarder.example, which is not a listed sealer"
    )


def test_nobody_is_asked_for_the_key_of_a_sealer_who_is_not_listed() -> None:
    def never(name: str) -> str:
        raise AssertionError(name)

    assert verify_arc(split_mail(seal(RAW, PASS)), never, NOW, {"other.example"}).result == "policy"
    assert verify_arc(split_mail(RAW), never, NOW, {LISTS}) == Chain("none")


TWICE = seal(seal(RAW, PASS), "arc=pass", domain=HOST, host="mx.forwarder.example")


@pytest.mark.parametrize(
    ("old", "new", "result", "reason"),
    [
        (b"mended", b"broken", "fail", "the body was changed after it was signed"),
        (b"Bob <bob", b"Eve <eve", "fail", "a signed header field was changed, or another key signed"),
        (b"header.from=desk", b"header.from=bank", "fail", "seal 1: a signed header field was changed"),
        (
            b"Subject:",
            b"Subject: Pay Eve\r\nSubject:",
            "policy",
            "it does not cover every Subject of the mail",
        ),
        (b"cv=pass", b"cv=fail", "fail", "seal 2 says that the chain before it was not valid"),
        (b"cv=none", b"cv=pass", "fail", "seal 1 says that the chain before it was not valid"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=2", "fail", "the numbers of its instances are not complete"),
        (b"ARC-Seal: i=1", b"X-Seal: i=1", "fail", "a field of the chain is missing or too many"),
        (b"cv=pass", b"cv=pass; h=from", "fail", "seal 2 names header fields"),
        (
            b"ARC-Message-Signature: i=2;",
            b"ARC-Message-Signature: i=2; ;",
            "permerror",
            "its tags are malformed",
        ),
        (b"; s=s1", b"; s=", "permerror", "it names no usable domain and selector"),
    ],
)
def test_a_chain_that_was_tampered_with_gives_nothing(
    old: bytes, new: bytes, result: str, reason: str
) -> None:
    assert old in TWICE
    assert judge(TWICE, HOST, LISTS).result == "pass"
    found = judge(TWICE.replace(old, new), HOST, LISTS)
    assert (found.result, found.results) == (result, ())
    assert found.reason.startswith(reason)


def test_a_field_of_the_mail_may_change_before_it_is_sealed_anew() -> None:
    raw = seal(RAW, PASS).replace(b"Subject: [list]", b"Subject: [list] [EXT]")
    raw = seal(raw, "arc=fail", domain=HOST, host="mx.forwarder.example")
    assert judge(raw, HOST).result == "fail", "the newest sealer says that it could not verify the chain"


def test_more_than_fifty_seals_are_too_many() -> None:
    one = seal(RAW, PASS)[: -len(RAW)]
    found = judge(b"".join(one.replace(b"i=1", b"i=%d" % n) for n in range(1, 52)) + RAW, LISTS)
    assert (found.result, found.reason) == ("fail", "it has more than 50 seals")


def test_a_silent_name_server_and_a_revoked_key_give_nothing() -> None:
    def silent(_name: str) -> str:
        raise LookupFailed("DNS did not answer in time")

    assert verify_arc(split_mail(seal(RAW, PASS)), silent, NOW, {LISTS}).result == "temperror"
    assert judge(seal(RAW, PASS), LISTS, text="v=DKIM1; p=").reason == "its key was revoked"


def test_a_seal_and_a_signature_of_the_author_go_together() -> None:
    assert judge(seal(sign(RAW), PASS), LISTS).result == "pass"


@given(
    st.integers(0, len(TWICE) - 1),
    st.sampled_from([b"", b" ", b";", b"\r\n", b"0", b"\xff"]),
    st.integers(0, 3),
)
def test_after_a_change_what_a_sealer_saw_is_as_it_was_or_gone(
    position: int, put_in: bytes, left_out: int
) -> None:
    whole = judge(TWICE, HOST, LISTS)
    found = judge(TWICE[:position] + put_in + TWICE[position + left_out :], HOST, LISTS)
    assert found.results in (whole.results, ())
