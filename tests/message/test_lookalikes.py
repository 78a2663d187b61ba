"""Domains and names that are made to be taken for others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import Trust, read_mail, sender_evidence
from mailcall.message.domains import ascii_domain
from mailcall.message.lookalikes import looks_like, mixed_scripts

OURS = {"desk-center.example", "support.modern.example"}


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("d\u0435sk-center.example", "their letters look alike"),  # Cyrillic e
        ("d\u00e9sk-center.example", "their letters look alike"),
        ("desk-center.\u0435xample", "their letters look alike"),
        ("m\u03bfdern.example", "their letters look alike"),  # Greek o
        ("m0dern.example", "their letters look alike"),
        ("rnodern.example", "their letters look alike"),
        ("support.rnodern.example", "their letters look alike"),
        ("mail.m0dern.example", "their letters look alike"),
        ("deskcenter.example", "only hyphens differ"),
        ("mod-ern.example", "only hyphens differ"),
        ("desk-centre.example", "one letter differs"),
        ("desk-centr.example", "one letter differs"),
        ("desk-centers.example", "one letter differs"),
        ("mdoern.example", "one letter differs"),
        ("modern.test", "only the end is another"),
        ("m0dern.co.test", "only the end is another"),
        ("desk-center.example.evil.test", "it holds it"),
    ],
)
def test_a_look_alike_is_told_and_why(domain: str, why: str) -> None:
    found = looks_like(ascii_domain(domain), OURS)
    assert found.endswith(f": {why}.")


@pytest.mark.parametrize(
    "domain",
    [
        "desk-center.example",
        "mail.desk-center.example",
        "modern.example",
        "mail.modern.example",
        "customer.example",
        "modernity.example",
        "example",
        "post.example",
        "",
    ],
)
def test_our_own_and_all_other_domains_are_not(domain: str) -> None:
    assert looks_like(domain, OURS) == ""


def test_short_names_and_public_suffixes_have_no_look_alikes() -> None:
    assert looks_like("ab.example", {"ac.example"}) == ""
    assert looks_like("shop.co.jp", {"mail.co.uk"}) == ""


@pytest.mark.parametrize(
    ("domain", "mixed"),
    [
        ("d\u0435sk.example", True),
        ("\u043f\u043e\u0447\u0442\u0430.example", False),
        ("m\u00fcller.example", False),
        ("\u65e5\u672c\u306edesk.example", False),
        ("xn--\u00fc.example", False),
        ("xn--99999999999.example", False),
        ("desk.example", False),
    ],
)
def test_scripts_mixed_in_one_label_are_told(domain: str, mixed: bool) -> None:
    assert bool(mixed_scripts(ascii_domain(domain) or domain)) is mixed


def _notes(head: str, own: frozenset[str] = frozenset({"support@desk.example"})) -> str:
    found = sender_evidence(read_mail(f"{head}\r\n\r\nhi".encode()), Trust(own_addresses=own))
    assert not found.authenticated
    return "\n".join(found.notes)


@pytest.mark.parametrize(
    ("head", "note"),
    [
        (
            'From: "boss@corp.example" <x@evil.example>',
            "The sender's name shows boss@corp.example, but the mail is from x@evil.example.",
        ),
        (
            'From: "Support@desk.example" <x@evil.example>',
            "The sender's name shows Support@desk.example, which is ours, but the mail is from "
            "x@evil.example.",
        ),
        (
            "From: Team of Desk.Example <x@evil.example>",
            "The sender's name shows our domain desk.example, but the mail is from x@evil.example.",
        ),
        (
            "From: a@evil.example\r\nReply-To: b@other.example\r\nSender: c@third.example",
            "Sender is c@third.example, of another domain than From.\n"
            "Answers are asked to go to b@other.example, of another domain than From.",
        ),
        ("From: a@evil.example, b@other.example", "From names a@evil.example, b@other.example."),
        ("From: a@evil.example\r\nFrom: b@other.example", "From names a@evil.example, b@other.example."),
        (
            "From: boss@d\u0435sk.example",
            "d\u0435sk.example (xn--dsk-rdd.example) may be taken for desk.example: "
            "their letters look alike.\n"
            "d\u0435sk in the sender's domain mixes Cyrillic and Latin letters.",
        ),
    ],
)
def test_what_is_odd_about_a_sender_is_noted(head: str, note: str) -> None:
    assert _notes(head) == note


@pytest.mark.parametrize(
    "head",
    [
        'From: "bob@desk.example" <bob@desk.example>',
        "From: Desk.Example Team <bob@desk.example>",
        "From: Bob <bob@mail.desk.example>\r\nReply-To: help@mail.desk.example",
        "From: J. R. Ewing (v1.2) <jr@corp.example>",
    ],
)
def test_what_is_usual_is_not_noted(head: str) -> None:
    assert _notes(head) == ""


@given(st.text(max_size=80), st.sets(st.text(max_size=30), max_size=5))
def test_no_domain_is_too_odd(domain: str, known: set[str]) -> None:
    looks_like(domain, known)
    looks_like(ascii_domain(domain), {*known, "desk.example"})
    mixed_scripts(domain)
