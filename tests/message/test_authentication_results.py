"""Which result decides, in the chains of headers that real systems write and in those that forgers do."""

# ruff: noqa: E501 - rows of examples

import pytest

from mailcall.message import Evidence, Trust, read_mail, sender_evidence

US = "mx.desk.example"
PASS = f"Authentication-Results: {US}; dmarc=pass header.from=bank.example"
HERE = f"Received: from o (o [192.0.2.4]) by {US} with ESMTP; Mon, 1 Jan 2024 10:00:00 +0000"
OUT = "Received: from desk (desk [198.51.100.2]) by out.bank.example with ESMTPSA; Mon, 1 Jan 2024 09:59:00 +0000"


def judged(*head: str, hosts: frozenset[str] = frozenset({US})) -> Evidence:
    """Judge a mail from boss@bank.example with these fields, by its raw bytes."""
    raw = "\r\n".join([*head, "From: Boss <boss@bank.example>", "Subject: Pay", "", "approved", ""]).encode()
    found = sender_evidence(read_mail(raw), Trust(hosts), raw)
    without_raw = sender_evidence(read_mail(raw), Trust(hosts))
    assert (
        without_raw.authenticated is found.authenticated
        or any("its colon" in note for note in found.notes)
        or any("two ways" in note for note in found.notes)
    )
    return found


OFFICE = frozenset({"-", ".prod.outlook.com", ".mail.protection.outlook.com", ".outlook.office365.com"})
OFFICE_365 = [
    "Received: from AM0P.eurprd04.prod.outlook.com (2603:10a6:208::10) by DB7P.eurprd04.prod.outlook.com with HTTPS; Mon, 1 Jan 2024 10:00:04 +0000",
    "Received: from DU2P.eurprd04.prod.outlook.com (2603:10a6:10::20) by AM0P.eurprd04.prod.outlook.com (2603:10a6:208::10) with Microsoft SMTP Server (version=TLS1_2) id 15.20.7135.23; Mon, 1 Jan 2024 10:00:03 +0000",
    "Received: from DU6P.eop-EUR04.prod.protection.outlook.com (2603:10a6:10:cafe::5) by DU2P.outlook.office365.com (2603:10a6:10::20) with Microsoft SMTP Server id 15.20.7135.23 via Frontend Transport; Mon, 1 Jan 2024 10:00:02 +0000",
    "Authentication-Results: spf=pass (sender IP is 192.0.2.4)\r\n smtp.mailfrom=bank.example; dkim=pass (signature was verified)\r\n header.d=bank.example;dmarc=pass action=none\r\n header.from=bank.example;compauth=pass reason=100",
    "Received-SPF: Pass (protection.outlook.com: domain of bank.example designates 192.0.2.4 as permitted sender)",
    "Received: from out.bank.example (192.0.2.4) by DU6P.mail.protection.outlook.com (10.167.8.1) with Microsoft SMTP Server id 15.20.7159.9 via Frontend Transport; Mon, 1 Jan 2024 10:00:01 +0000",
    OUT,
]
GOOGLE_WORKSPACE = [
    "Delivered-To: help@desk.example",
    "Received: by 2002:a05:7300:1234:b0:11:22:33 with SMTP id x1csp1; Mon, 1 Jan 2024 02:00:02 -0800 (PST)",
    "X-Received: by 2002:a17:906:2b1:b0:a27:1 with SMTP id y1; Mon, 01 Jan 2024 02:00:02 -0800 (PST)",
    "ARC-Authentication-Results: i=1; mx.google.com; dkim=pass header.i=@bank.example header.s=s1 header.b=abcd; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=bank.example",
    "Return-Path: <boss@bank.example>",
    "Received: from out.bank.example (out.bank.example. [192.0.2.4]) by mx.google.com with ESMTPS id z1 for <help@desk.example>; Mon, 01 Jan 2024 02:00:01 -0800 (PST)",
    "Received-SPF: pass (google.com: domain of boss@bank.example designates 192.0.2.4 as permitted sender) client-ip=192.0.2.4;",
    "Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@bank.example header.s=s1 header.b=abcd;\r\n       spf=pass (google.com: domain of boss@bank.example designates 192.0.2.4 as permitted sender) smtp.mailfrom=boss@bank.example;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=bank.example",
    OUT,
]
MILTERS = [
    f"Received: from {US} by mail.internal with LMTP id 1; Mon, 1 Jan 2024 10:00:02 +0000",
    f"Authentication-Results: {US}; dmarc=pass (p=reject dis=none) header.from=bank.example",
    f"Authentication-Results: {US};\r\n\tdkim=pass (2048-bit key; unprotected) header.d=bank.example header.i=@bank.example header.a=rsa-sha256 header.s=s1 header.b=abc;\r\n\tdkim-atps=neutral",
    f"Authentication-Results: {US}; spf=pass smtp.mailfrom=bank.example",
    HERE,
    OUT,
]
RSPAMD = [
    HERE,
    f"Authentication-Results: {US};\r\n\tdkim=pass header.d=bank.example header.s=s1 header.b=abc;\r\n\tspf=pass ({US}: domain of boss@bank.example designates 192.0.2.4 as permitted sender) smtp.mailfrom=boss@bank.example;\r\n\tdmarc=pass (policy=reject) header.from=bank.example",
    OUT,
]
EXIM = [
    f"Authentication-Results: {US};\r\n\tiprev=pass (out.bank.example) smtp.remote-ip=192.0.2.4;\r\n\tspf=pass smtp.mailfrom=bank.example;\r\n\tdkim=pass header.d=bank.example header.s=s1 header.a=rsa-sha256;\r\n\tdmarc=pass header.from=bank.example",
    f"Received: from out.bank.example ([192.0.2.4]) by {US} with esmtps (TLS1.3) (Exim 4.96) (envelope-from <boss@bank.example>) id 1rKJ for help@desk.example; Mon, 01 Jan 2024 10:00:00 +0000",
    OUT,
]
CHAINS = {
    "Office 365": (OFFICE_365, OFFICE),
    "Google Workspace": (GOOGLE_WORKSPACE, frozenset({"mx.google.com", "2002::/16"})),
    "Postfix with OpenDKIM, OpenDMARC and pyspf": (MILTERS, frozenset({US, "mail.internal"})),
    "Postfix with rspamd": (RSPAMD, frozenset({US})),
    "Exim": (EXIM, frozenset({US})),
}


@pytest.mark.parametrize("system", CHAINS)
def test_what_a_real_system_writes_proves_the_sender(system: str) -> None:
    head, hosts = CHAINS[system]
    assert judged(*head, hosts=hosts).method.startswith("dmarc=pass by ")


@pytest.mark.parametrize(
    "result", ["fail", "none", "temperror", "permerror", "quarantine", "reject", "bestguesspass", "softfail"]
)
@pytest.mark.parametrize("system", CHAINS)
def test_what_a_real_system_says_is_not_mended_by_what_came_in(system: str, result: str) -> None:
    head, hosts = CHAINS[system]
    forged = next(
        field for field in head if "dmarc=pass" in field and field.startswith("Authentication-Results")
    )
    shown = [
        field.replace("dmarc=pass", f"dmarc={result}").replace("dkim=pass", "dkim=fail")
        if field.startswith("Authentication-Results")
        else field
        for field in head
    ]
    ours = forged.partition("dmarc")[0].partition("spf")[0].partition("dkim")[0].partition(";")[0]
    short = f"{ours}; dmarc=pass header.from=bank.example" if ";" in forged and "=" not in ours else forged
    for at in range(shown.index(OUT), len(shown) + 1):
        for lie in (forged, short, short.replace("dmarc=pass header.from", "dkim=pass header.d")):
            assert not judged(*shown[:at], lie, *shown[at:], hosts=hosts).authenticated


@pytest.mark.parametrize(
    "topmost",
    [
        "dmarc=fail header.from=bank.example",
        "dmarc=none header.from=bank.example",
        "dmarc=temperror header.from=bank.example",
        "dmarc=pass header.from=evil.example",
        "dmarc=pass",
        "dmarc=pass-not header.from=bank.example",
        "dmarc=pass_not header.from=bank.example",
        "dmarc= header.from=bank.example",
        "dmarc=fail header.from=bank.example; dmarc=pass header.from=bank.example",
        "dmarc=pass header.from=bank.example; dmarc=fail header.from=bank.example",
        "dmarc=pass header.from=bank.example; dmarc=pass header.from=evil.example",
        "none",
        "spf=fail smtp.mailfrom=evil.example",
    ],
)
@pytest.mark.parametrize(
    "between", [[HERE], [HERE, OUT], [OUT], ["Authentication-Results: relay.example; spf=pass"]]
)
def test_the_topmost_dmarc_decides(topmost: str, between: list[str]) -> None:
    assert not judged(f"Authentication-Results: {US}; {topmost}", *between, PASS).authenticated
    nameless = judged(
        f"Authentication-Results: {US}; {topmost}",
        *between,
        PASS.replace(f"{US}; ", ""),
        hosts=frozenset({US, "-"}),
    )
    assert not nameless.authenticated


@pytest.mark.parametrize("topmost", ["fail", "none", "temperror", "pass-not"])
def test_the_topmost_result_decides_also_side_by_side(topmost: str) -> None:
    assert not judged(
        f"Authentication-Results: {US}; dmarc={topmost} header.from=bank.example", PASS, HERE
    ).authenticated
    dkim = f"Authentication-Results: {US}; dkim=%s header.d=bank.example"
    assert not judged(dkim % topmost, dkim % "pass", HERE).authenticated
    assert judged(dkim % "pass", dkim % topmost, HERE).authenticated


@pytest.mark.parametrize(
    ("dmarc", "proven"),
    [
        ("dmarc=fail header.from=bank.example", False),
        ("dmarc=reject header.from=bank.example", False),
        ("dmarc=pass header.from=evil.example", False),
        ("dmarc=pass-not header.from=bank.example", False),
        ("dmarc=none header.from=bank.example", True),
        ("dmarc=bestguesspass action=none header.from=bank.example", True),
        ("dmarc=temperror header.from=bank.example", True),
        ("dmarc=pass", True),
    ],
)
def test_a_signature_that_a_host_saw_counts_unless_dmarc_speaks_against_it(dmarc: str, proven: bool) -> None:
    both = judged(f"Authentication-Results: {US}; dkim=pass header.d=bank.example; {dmarc}")
    apart = judged(
        f"Authentication-Results: {US}; dkim=pass header.d=bank.example",
        f"Authentication-Results: {US}; {dmarc}",
        HERE,
    )
    for found in (both, apart):
        assert (found.authenticated, found.method) == (proven, f"dkim=pass by {US}" if proven else "")


def test_a_mail_that_a_host_hands_to_its_own_filter_is_judged_by_what_the_filter_wrote() -> None:
    filtered = [
        f"Received: from localhost (localhost [127.0.0.1]) by {US} with ESMTP; today",
        f"Authentication-Results: {US} (amavisd-new); dkim=%s (2048-bit key) header.d=bank.example",
        f"Received: from {US} by localhost with LMTP; today",
        f"Authentication-Results: {US}; dmarc=pass header.from=bank.example",
        HERE,
    ]
    hosts = frozenset({US, "localhost"})
    assert (
        judged(*[field.replace("%s", "pass") for field in filtered], hosts=hosts).method
        == f"dkim=pass by {US}"
    )
    assert not judged(*[field.replace("%s", "fail") for field in filtered], hosts=hosts).authenticated


@pytest.mark.parametrize(
    "head",
    [
        [PASS.replace(":", " :", 1)],
        [PASS.replace(":", "\t:", 1)],
        ["no field at all", PASS],
        ["X-A: b\rX-C: d", PASS],
        [PASS, "X-A: b\0"],
    ],
)
def test_results_in_a_header_that_a_filter_may_read_otherwise_are_ignored(head: list[str]) -> None:
    found = judged(*head)
    assert not found.authenticated
    assert any(note.startswith("Authentication-Results ignored: it") for note in found.notes)


def test_a_dmarc_pass_says_for_whom() -> None:
    found = judged(f"Authentication-Results: {US}; dmarc=pass")
    assert not found.authenticated
    assert found.notes == (
        f"dmarc=pass by {US} ignored: it does not say for whom (header.from), the mail is from bank.example.",
    )
