"""Which mailboxes are read out of address fields, in the forms that people and programs send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import Mailbox, parse_addresses, read_mail
from mailcall.message.envelope import read_ids


def pairs(value: str) -> list[tuple[str, str]]:
    """Give names and addresses of a value."""
    return [(box.name, box.address) for box in parse_addresses(value)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ann@corp.example", [("", "ann@corp.example")]),
        ("Ann Lee <ann@corp.example>", [("Ann Lee", "ann@corp.example")]),
        ('"Lee, Ann" <ann@corp.example>', [("Lee, Ann", "ann@corp.example")]),
        ("Lee, Ann <ann@corp.example>", [("Lee, Ann", "ann@corp.example")]),
        ("Lee, Ann <a@x.example>, Bob <b@x.example>", [("Lee, Ann", "a@x.example"), ("Bob", "b@x.example")]),
        ("Dr. A. Lee <ann@corp.example>", [("Dr. A. Lee", "ann@corp.example")]),
        ("Ann Lee ann@corp.example", [("Ann Lee", "ann@corp.example")]),
        ("ann@corp.example (Ann Lee)", [("Ann Lee", "ann@corp.example")]),
        ("ann(home)@corp.example", [("home", "ann@corp.example")]),
        ("Ann <ann(home)@corp(work).example>", [("Ann", "ann@corp.example")]),
        ("Team: a@x.example, B <b@x.example>;", [("", "a@x.example"), ("B", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("Ann <ann@corp.example", [("Ann", "ann@corp.example")]),
        ("Ann <a@x.example, Bob <b@x.example>", [("Ann", "a@x.example"), ("Bob", "b@x.example")]),
        ("<<ann@corp.example>>", [("", "ann@corp.example")]),
        ("<'ann@corp.example'>", [("", "ann@corp.example")]),
        ("Ann [mailto:ann@corp.example]", [("Ann", "ann@corp.example")]),
        ("<@relay.example:ann@corp.example>", [("", "ann@corp.example")]),
        ("ann @ corp . example", [("", "ann@corp.example")]),
        ("a@x.example;b@x.example; c@x.example;",
         [("", "a@x.example"), ("", "b@x.example"), ("", "c@x.example")]),
        ("A: a@x.example;B b: b@x.example, C <c@x.example>;",
         [("", "a@x.example"), ("", "b@x.example"), ("C", "c@x.example")]),
        ("Team: mailto:a@x.example;", [("", "a@x.example")]),
        ("undisclosed-recipients", []),
        ("Undisclosed recipients", []),
        ("recipient-list-suppressed;", []),
        (r'"a\"@e"@corp.example', [("", r'"a\"@e"@corp.example')]),
        (r'Ann <"a\"@e"@corp.example>', [("Ann", r'"a\"@e"@corp.example')]),
        (r'"a\\b"@corp.example', [("", r'"a\\b"@corp.example')]),
        ('"ann lee"@corp.example', [("", '"ann lee"@corp.example')]),
        ("ann@[192.0.2.1]", [("", "ann@[192.0.2.1]")]),
        ("root, ann@corp.example", [("", "root"), ("", "ann@corp.example")]),
        ("MAILER-DAEMON (Mail System)", [("Mail System", "MAILER-DAEMON")]),
        ("=?utf-8?q?Lee=2C_Ann?= <ann@corp.example>", [("Lee, Ann", "ann@corp.example")]),
        ("=?utf-8?Q?Lee,_Ann?= <ann@corp.example>", [("Lee, Ann", "ann@corp.example")]),
        ("IMCEAEX-_O=ORG_CN=ANN@corp.example", [("", "IMCEAEX-_O=ORG_CN=ANN@corp.example")]),
        ("Jöhn <jöhn@corp.example>", [("Jöhn", "jöhn@corp.example")]),
        ("", []),
        (",,;<>", []),
    ],
)  # fmt: skip
def test_the_forms_of_an_address(value: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        '"boss@corp.example" <evil@x.example>',
        "boss@corp.example <evil@x.example>",
        "=?utf-8?q?boss=40corp.example?= <evil@x.example>",
        "(boss@corp.example) <evil@x.example>",
        '"<boss@corp.example>" <evil@x.example>',
    ],
)
def test_an_address_in_a_display_name_is_not_the_address(value: str) -> None:
    assert [box.address for box in parse_addresses(value)] == ["evil@x.example"]


def test_an_encoded_word_is_never_an_address() -> None:
    assert parse_addresses("=?utf-8?q?=3Cboss=40corp.example=3E?=") == ()


def test_two_bare_addresses_without_a_comma_are_two() -> None:
    assert len(parse_addresses("boss@corp.example evil@x.example")) == 2


def test_international_domains_are_in_a_labels() -> None:
    mail = read_mail("From: A <a@bücher.example>\r\n\r\n".encode())
    assert mail.from_ == (Mailbox("A", "a@xn--bcher-kva.example"),)


def test_an_endless_list_of_addresses_is_cut_and_says_so() -> None:
    raw = b"To: " + b"".join(b"u%d@x.example," % number for number in range(70_000)) + b"\r\n\r\nhi"
    mail = read_mail(raw)
    assert len(mail.to) == 60_000
    assert mail.defects == ("the addresses in To are too many: the rest is left out",)


@given(st.text(alphabet='ab@.,;:<>()[]"\\ =?', max_size=60))
def test_any_value_reads_and_no_address_is_empty(value: str) -> None:
    assert all(box.address for box in parse_addresses(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<1@x.example>", ("<1@x.example>",)),
        ("<[abc@x.example]@y.example>", ("<[abc@x.example]@y.example>",)),
        ("< 1@x.example >", ("<1@x.example>",)),
        ("<1@x. example>", ("<1@x.example>",)),
        ("1@x.example", ("<1@x.example>",)),
        ("1@x.example 2@x.example", ("<1@x.example>", "<2@x.example>")),
        ("<1@x.example", ("<1@x.example>",)),
        ("12.3456", ("<12.3456>",)),
        ("Your message of Monday <1@x.example>", ("<1@x.example>",)),
        ("<not an id> <1@x.example> <1@x.example>", ("<1@x.example>",)),
        ("Your message of Monday", ()),
        ("", ()),
    ],
)
def test_the_forms_of_a_message_id(value: str, expected: tuple[str, ...]) -> None:
    assert read_ids(value) == expected
