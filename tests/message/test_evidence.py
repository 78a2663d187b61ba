"""Who is believed to have sent a mail."""

# ruff: noqa: E501 - rows of examples

import datetime as dt
import json
import pickle

import pytest

from mailcall.message import Evidence, Trust, read_mail, sender_evidence
from mailcall.message.dkim import LookupFailed
from message.signing import DOMAIN, record, seal, sign

US = frozenset({"mx.desk.example"})


def _evidence(*results: str, sender: str = "Ann <ann@corp.example>", hosts: frozenset[str] = US) -> Evidence:
    head = "".join(f"Authentication-Results: {result}\r\n" for result in results)
    return sender_evidence(read_mail(f"{head}From: {sender}\r\n\r\nhi".encode()), Trust(hosts))


@pytest.mark.parametrize(
    ("result", "proven"),
    [
        ("mx.desk.example; dmarc=pass header.from=corp.example", True),
        ("MX.desk.example 1; spf=pass; dmarc=pass (p=reject dis=none) header.from=CORP.example", True),
        ("mx.desk.example; dmarc=pass", False),
        ("mx.desk.example; dmarc=pass-not header.from=corp.example", False),
        ("mx.desk.example; dkim=pass header.d=corp.example header.s=x", True),
        ("mx.desk.example;\r\n dkim=fail header.d=corp.example;\r\n dkim=pass header.i=@corp.example", True),
        ("mx.desk.example; dmarc=pass header.from=evil.example", False),
        ("mx.desk.example; dmarc=fail header.from=corp.example", False),
        ("mx.desk.example; dkim=pass header.d=evil.example", False),
        ("mx.desk.example; dkim=pass header.d=example", False),
        ("mx.desk.example; dkim=pass header.d=ann.corp.example", False),
        ("mx.desk.example; spf=pass smtp.mailfrom=ann@corp.example", False),
        ("mx.desk.example (dmarc=pass header.from=corp.example); none", False),
        ('mx.desk.example; spf=pass reason="; dmarc=pass header.from=corp.example"', False),
        ("other.example; dmarc=pass header.from=corp.example", False),
        ("mx.desk.example.evil.example; dmarc=pass header.from=corp.example", False),
        ("", False),
    ],
)
def test_only_a_trusted_host_proves_and_only_for_the_from_domain(result: str, proven: bool) -> None:
    assert _evidence(result).authenticated is proven


def test_a_subdomain_is_proven_by_its_parents_signature() -> None:
    found = _evidence("mx.desk.example; dkim=pass header.d=corp.example", sender="ann@mail.corp.example")
    assert found.method == "dkim=pass by mx.desk.example"


def test_results_that_came_in_below_another_hosts_are_forged() -> None:
    found = _evidence(
        "mx.desk.example; dmarc=fail header.from=corp.example",
        "relay.example; spf=pass",
        "mx.desk.example; dmarc=pass header.from=corp.example",
    )
    assert not found.authenticated
    assert any("below" in note for note in found.notes)


_OURS = "Authentication-Results: mx.desk.example; dmarc=pass header.from=corp.example"


@pytest.mark.parametrize(
    ("trace", "proven"),
    [
        ([_OURS], True),
        ([_OURS, "Received: from out.corp.example by mx.desk.example; today"], True),
        ([_OURS, "Received: by other.example"], True),
        (["Received: from out.corp.example by mx.desk.example; today", _OURS], True),
        (["Received: from x (by other.example) by MX.desk.example. (Postfix)", _OURS], True),
        (["Received: from mx.desk.example by mail.internal with LMTP", _OURS], True),
        (["Received: from x by eu7.inner.example", "Received: by 2002:a05:6a10::1 with SMTP", _OURS], True),
        (["Received: from x by [IPv6:2002:a05::1]", _OURS], True),
        (["Received: from x by inner.example", _OURS], False),
        (["Received: by 2002:b05::1 with SMTP", _OURS], False),
        (["Received: from mx.desk.example by other.example", _OURS], False),
        (["Received: from by by other.example with by mx.desk.example", _OURS], False),
        (["Received: from by mx.desk.example", _OURS], False),
        (["Received: (by mx.desk.example", _OURS], False),
        (["Received: (qmail 7 invoked by uid 0); today by mx.desk.example", _OURS], False),
        (["Received: by -", _OURS], False),
        (["Received:", _OURS], False),
        (["Received: by mx.desk.example", "Received: by other.example", _OURS], False),
    ],
)
def test_results_count_only_above_the_first_hop_that_is_not_trusted(trace: list[str], proven: bool) -> None:
    raw = "\r\n".join([*trace, "From: ann@corp.example", "", "hi"])
    hosts = {"mx.desk.example", "mail.internal", ".inner.example", "2002:a05::/32", "-", "bad/network"}
    found = sender_evidence(read_mail(raw.encode()), Trust(frozenset(hosts)))
    assert found.authenticated is proven
    assert any("below a Received by" in note for note in found.notes) is not proven


def test_office_365_results_without_a_host_count_where_the_account_says_so() -> None:
    result = "spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=corp.example; dmarc=pass action=none header.from=corp.example"
    assert not _evidence(result).authenticated
    assert _evidence(result, hosts=frozenset({"-"})).authenticated


@pytest.mark.parametrize(
    "head", ["", "From: a@x, b@x\r\n", "From: a@x\r\nFrom: b@x\r\n", "From: <a@x> <b@x>\r\n", "From: x\r\n"]
)
def test_without_exactly_one_address_nobody_is_proven(head: str) -> None:
    raw = f"Authentication-Results: mx.desk.example; dmarc=pass\r\n{head}\r\nhi"
    found = sender_evidence(read_mail(raw.encode()), Trust(US))
    assert (found.from_address, found.authenticated) == ("", False)
    assert found.problem.endswith(".")


def test_an_address_in_the_name_is_noted() -> None:
    assert any(
        "shows boss@corp.example" in note
        for note in _evidence(sender='"boss@corp.example" <x@evil.example>').notes
    )


def test_evidence_survives_the_journal() -> None:
    found = _evidence("mx.desk.example; dmarc=pass", "x.example; none")
    assert Evidence.from_dict(json.loads(json.dumps(found.as_dict()))) == found


NOW = dt.datetime.now(dt.UTC)
RAW = b"From: Bob <bob@desk.example>\r\nSubject: Re: A laptop\r\n\r\nIt is mended.\r\n"
INTERNAL = ("X-MS-Exchange-Organization-AuthAs", "Internal")


US_ALONE = Trust(US)


def _judged(raw: bytes, trust: Trust = US_ALONE) -> Evidence:
    return sender_evidence(read_mail(raw), trust, raw, lambda _name: record(), NOW)


def test_a_signature_that_we_verify_needs_nobodys_word() -> None:
    found = _judged(sign(RAW), Trust())
    assert (found.authenticated, found.method) == (True, "dkim=pass for desk.example, verified here")
    assert not _judged(RAW, Trust()).authenticated


def test_a_changed_mail_is_not_proven_and_the_notes_say_why() -> None:
    found = _judged(sign(RAW).replace(b"mended", b"broken"))
    assert not found.authenticated
    assert found.notes == (
        "DKIM signature of desk.example ignored (fail): the body was changed after it was signed.",
    )


def test_a_signature_of_somebody_else_is_told() -> None:
    found = _judged(sign(RAW, domain="mailer.example"))
    assert not found.authenticated
    assert found.notes == (
        "DKIM signature of mailer.example ignored: mailer.example can't vouch for desk.example.",
    )


def test_where_dns_is_silent_the_trusted_host_may_still_prove_it() -> None:
    def silent(_name: str) -> str:
        raise LookupFailed("DNS did not answer in time")

    signed = sign(RAW)
    alone = sender_evidence(read_mail(signed), Trust(US), signed, silent, NOW)
    assert not alone.authenticated
    raw = b"Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n" + signed
    found = sender_evidence(read_mail(raw), Trust(US), raw, silent, NOW)
    assert found.method == "dmarc=pass by mx.desk.example"
    assert "temperror" in found.notes[0]


def test_an_account_may_leave_signatures_alone() -> None:
    found = _judged(sign(RAW), Trust(verify_dkim=False))
    assert (found.authenticated, found.notes) == (False, ())


@pytest.mark.parametrize(
    ("results", "proven"),
    [
        ("dmarc=pass header.from=desk.example", True),
        ("dkim=pass header.d=desk.example", True),
        ("dmarc=pass header.from=other.example", False),
        ("dmarc=fail header.from=desk.example", False),
    ],
)
def test_what_a_listed_sealer_saw_counts_like_a_trusted_host(results: str, proven: bool) -> None:
    sealed = seal(RAW, results)
    found = _judged(sealed, Trust(sealers=frozenset({"Lists.example"})))
    assert found.authenticated is proven
    if proven:
        assert found.method == f"arc=pass by lists.example, which saw {results.partition(' ')[0]}"
    stranger = _judged(sealed, Trust(sealers=frozenset({"other.example"})))
    assert not stranger.authenticated
    assert stranger.notes[-1] == (
        "ARC chain ignored (policy): its newest seal is of lists.example, which is not a listed sealer."
    )
    assert not _judged(sealed, Trust()).authenticated


PASS, FAIL = "dmarc=pass header.from=desk.example", "arc=pass; dmarc=fail header.from=desk.example"
LISTS, FORWARDER = "lists.example", "forwarder.example"


def _sealed_twice(first: str, second: str) -> bytes:
    return seal(seal(RAW, first), second, domain=FORWARDER, host="mx.forwarder.example")


def test_an_older_seal_counts_only_if_who_sealed_after_it_is_listed_and_says_that_it_came_whole() -> None:
    both = Trust(sealers=frozenset({LISTS, FORWARDER}))
    found = _judged(_sealed_twice(PASS, FAIL), both)
    assert found.method == "arc=pass by lists.example, which saw dmarc=pass", "what a list changed, it sealed"
    assert not _judged(_sealed_twice(PASS, FAIL), Trust(sealers=frozenset({LISTS}))).authenticated
    assert not _judged(_sealed_twice(PASS, FAIL), Trust(sealers=frozenset({FORWARDER}))).authenticated
    broken = _sealed_twice(PASS, FAIL.replace("arc=pass", "arc=fail"))
    assert not _judged(broken, both).authenticated
    assert not _judged(_sealed_twice("dkim=fail header.d=desk.example", FAIL), both).authenticated


def test_dmarc_that_failed_for_a_sealer_is_not_mended_by_the_signature_that_it_saw() -> None:
    sealed = seal(RAW, "dkim=pass header.d=desk.example; dmarc=fail header.from=desk.example")
    assert not _judged(sealed, Trust(sealers=frozenset({LISTS}))).authenticated


def _instance_taken_out(raw: bytes) -> bytes:
    head, _, rest = raw.partition(b"ARC-Seal: i=1;")
    after = rest.index(b"\r\nAuthentication-Results")
    return head + rest[after + 2 :]


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        (_sealed_twice(PASS, "arc=pass").replace(b"cv=pass", b"cv=fail"), "was not valid"),
        (_sealed_twice(PASS, "arc=fail"), "was not valid"),
        (_sealed_twice("dmarc=fail header.from=desk.example", "arc=pass").replace(b"dmarc=fail", b"dmarc=pass"), "seal 1:"),
        (_sealed_twice("arc=none", FAIL).replace(b"dmarc=fail", b"dmarc=pass"), "seal 2:"),
        (_instance_taken_out(_sealed_twice(PASS, "arc=pass")), "numbers of its instances"),
        (seal(RAW, PASS) [: -len(RAW)] + _sealed_twice(PASS, "arc=pass"), "numbers of its instances"),
        (b"ARC-Authentication-Results: i=3; mx.lists.example; dmarc=pass header.from=desk.example\r\n" + _sealed_twice("arc=none", "arc=pass"), "missing or too many"),
        (seal(RAW, PASS).replace(b"mended", b"broken"), "the body was changed"),
        (seal(RAW, PASS).replace(b"A laptop", b"Pay Eve"), "a signed header field was changed"),
        (b"Subject: Pay Eve\r\n" + seal(RAW, PASS), "every Subject"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n" + seal(RAW + b"--b\r\n\r\napproved\r\n--b--\r\n", PASS), "Content-Type"),
        (seal(RAW, PASS, domain="evil.example"), "not a listed sealer"),
        (seal(seal(RAW, PASS), f"arc=pass; {PASS}", domain="evil.example", host="mx.evil.example"), "not a listed sealer"),
        (seal(RAW, PASS).replace(b"d=lists.example", b"d=forwarder.example", 1), "seal 1:"),
    ],
)  # fmt: skip
def test_a_forged_chain_proves_nobody(forged: bytes, why: str) -> None:
    found = _judged(forged, Trust(sealers=frozenset({LISTS, FORWARDER})))
    assert not found.authenticated
    assert any(why in note for note in found.notes), found.notes


@pytest.mark.parametrize(
    ("head", "proven"),
    [
        ("X-MS-Exchange-Organization-AuthAs: Internal", True),
        ("x-ms-exchange-organization-authas:  internal ", True),
        ("Received: from x by mx.desk.example\nX-MS-Exchange-Organization-AuthAs: Internal", True),
        ("Received: from x by evil.example\nX-MS-Exchange-Organization-AuthAs: Internal", False),
        ("X-MS-Exchange-Organization-AuthAs: Internal\nReceived: from x by evil.example", True),
        ("X-MS-Exchange-Organization-AuthAs: Anonymous", False),
        ("X-MS-Exchange-Organization-AuthAs: Internal, Anonymous", False),
        (
            "X-MS-Exchange-Organization-AuthAs: Internal\nX-MS-Exchange-Organization-AuthAs: Internal",
            False,
        ),
        ("X-AuthAs: Internal", False),
        ("X-MS-Exchange-Organization-AuthAs : Internal", False),
        ("X-MS-Exchange-Organization-AuthAs\t: Internal", False),
        ("X-MS-Exchange-Organization-AuthAs: Inter\0nal", False),
        ("no field\nX-MS-Exchange-Organization-AuthAs: Internal", False),
    ],
)
def test_the_gateways_marker_of_internal_mail_counts_once_and_not_below_a_strangers_hop(
    head: str, proven: bool
) -> None:
    raw = head.replace("\n", "\r\n").encode() + b"\r\n" + RAW
    found = _judged(raw, Trust(US, internal_marker=INTERNAL))
    assert found.authenticated is proven
    assert found.method == ("X-MS-Exchange-Organization-AuthAs: Internal" if proven else "")
    assert not _judged(raw).authenticated, "only where the account sets it"


def test_a_from_put_above_the_one_that_was_signed_leaves_nobody() -> None:
    raw = b"From: Eve <eve@evil.example>\r\n" + sign(RAW)
    assert _judged(raw).from_address == ""


def test_what_an_account_trusts_can_be_handed_to_another_process() -> None:
    trust = Trust(US, frozenset({DOMAIN}), INTERNAL, False, frozenset({"support@desk.example"}))
    assert pickle.loads(pickle.dumps(trust)) == trust
