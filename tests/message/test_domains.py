"""International domains: one mailbox has one comparable address."""

import pytest

from mailcall.message import Trust, comparable, read_mail, sender_evidence, wire_address, with_a_labels


@pytest.mark.parametrize(
    "written",
    [
        "Ann@bücher.example",
        "ann@BÜCHER.example",
        "ann@bu\u0308cher.example",
        "ann@bücher\u3002example",
        "ann@XN--BCHER-KVA.Example",
        " ann@xn--bcher-kva.example ",
    ],
)
def test_all_ways_to_write_an_address_compare_equal(written: str) -> None:
    assert comparable(written) == "ann@xn--bcher-kva.example"


def test_a_domain_with_a_sharp_s_is_not_the_one_with_two() -> None:
    assert comparable("ann@straße.example") == "ann@xn--strae-oqa.example"
    assert wire_address("ann@straße.example") == "ann@xn--strae-oqa.example"
    assert comparable("ann@strasse.example") == "ann@strasse.example"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ü",
        "a@",
        "a@ü..example",
        "a@" + "ü" * 300,
        "a@\ud800ü",
        "a@[ü]",
        "a@x\uff20y.example",
        "a@ü b",
    ],
)
def test_what_is_no_domain_stays_as_it_is(text: str) -> None:
    assert with_a_labels(text) == text
    assert comparable(text) == text.casefold()


def test_a_mail_gives_its_addresses_comparable_and_its_results_prove_either_form() -> None:
    for domain in ("bücher.example", "xn--bcher-kva.example"):
        mail = read_mail(
            "Authentication-Results: mx.desk.example; dmarc=pass header.from=bücher.example\r\n"
            f"From: Ann@{domain}\r\nTo: hilfe@bücher.example\r\n\r\nhi".encode()
        )
        found = sender_evidence(mail, Trust(frozenset({"mx.desk.example"})))
        assert (found.from_address, found.authenticated) == ("Ann@xn--bcher-kva.example", True)
        assert mail.to[0].address == "hilfe@xn--bcher-kva.example"
