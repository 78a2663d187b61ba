"""Mail that an analyst forwards is logged for who wrote it, where the account says so."""

import pytest

from desks import AUTHENTICATED, Desk, mail
from inbound.hand_made import facts, person, reading
from mailcall.desk.models import Call, Person, TimelineEntry
from mailcall.inbound.act import act_on_next
from mailcall.inbound.collect import collect
from mailcall.inbound.models import ReceivedMail
from mailcall.inbound.rules import decide
from mailcall.message import read_mail

BOB = "bob@desk.example"
ANN = "ann@customer.example"
INLINE = """\
Please look at this.

-------- Forwarded Message --------
Subject: Re: [EXTERNAL] Printer on fire
Date: Sun, 22 Nov 2026 09:00:00 +0000
From: {writer}
To: bob@desk.example

It burns.
"""
ANALYST = person(2, BOB, user=False, analyst=True)
USER = person(1, ANN)


def inline(writer: str = f"Ann Archer <{ANN}>", subject: str = "Fwd: Printer on fire", **more: str) -> bytes:
    """A mail forwarded as mail programs quote one."""
    return mail(BOB, subject, INLINE.format(writer=writer), **{"headers": AUTHENTICATED, **more})


def attached(*writers: str, subject: str = "Fwd: Printer on fire", headers: str = AUTHENTICATED) -> bytes:
    """A mail with those of these writers attached."""
    parts = "".join(
        f"--=b\nContent-Type: message/rfc822\n\nFrom: {writer}\nTo: {BOB}\nSubject: Printer on fire\n"
        f"Message-ID: <theirs.{place}@customer.example>\n\nIt burns.\n"
        for place, writer in enumerate(writers)
    )
    text = (
        f"{headers}From: Bob Baker <{BOB}>\nTo: support@desk.example\nSubject: {subject}\n"
        f"Message-ID: <his.{len(writers)}.{len(subject)}@desk.example>\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="=b"\n\n--=b\nContent-Type: text/plain\n\nSee below.\n'
        f"{parts}--=b--\n"
    )
    return text.replace("\n", "\r\n").encode()


@pytest.fixture
def forwarding(desk: Desk) -> Desk:
    """The small desk, whose account logs for who wrote what is forwarded."""
    desk.account.log_for_original_sender = True
    desk.account.gateway_tags = "[EXTERNAL]"
    desk.account.save()
    return desk


@pytest.mark.parametrize("raw", [inline(), attached(f"Ann Archer <{ANN}>")], ids=["inline", "attached"])
def test_a_forwarded_mail_is_logged_for_who_wrote_it(forwarding: Desk, raw: bytes) -> None:
    received = forwarding.receive(raw)
    call = received.call
    assert (call.user, call.subject, call.logged_by) == (forwarding.ann, "Printer on fire", forwarding.bob)
    entry = TimelineEntry.objects.get(call=call)
    assert entry.actor_name == f"Ann Archer, forwarded by Bob Baker <{ANN}>"
    assert entry.actor == forwarding.bob
    assert "It burns." in entry.text or entry.attachments.count() == 1
    assert entry.proof.startswith("authenticated")
    assert "Bob Baker forwarded it for Ann Archer." in received.reason
    assert f"forwards a mail of Ann Archer <{ANN}>. It is logged for them." in received.trace[-1]["saw"]


def test_who_wrote_it_is_told_and_the_thread_is_theirs(forwarding: Desk) -> None:
    forwarding.receive(attached(f"Ann <{ANN}>"))
    [told] = forwarding.sent_to(ANN)
    assert read_mail(told).in_reply_to == ("<theirs.0@customer.example>",)
    assert not forwarding.sent_to(BOB)


def test_a_writer_whom_nobody_knows_becomes_a_user_once(forwarding: Desk) -> None:
    forwarding.deliver(inline("Zoë New <zoe@customer.example>"))
    forwarding.deliver(inline("Zoë New <ZOE@customer.example>", "Fwd: Printer out"))
    forwarding.deliver(mail("zoe@customer.example"))
    collect(forwarding.account)
    assert act_on_next() == 3
    zoe = Person.objects.get(email="zoe@customer.example")
    assert (zoe.name, zoe.is_user, zoe.is_analyst, zoe.made_by_mail) == ("Zoë New", True, False, True)
    assert set(Call.objects.values_list("user", flat=True)) == {zoe.pk}
    assert Call.objects.count() == 3


def test_where_the_account_does_not_say_so_it_is_the_analysts_call(desk: Desk) -> None:
    received = desk.receive(inline())
    assert (received.call.user, received.call.subject) == (desk.bob, "Printer on fire")
    assert "forwarded" not in received.trace[-1]["saw"]


def test_without_proof_nothing_is_logged_in_anothers_name(forwarding: Desk) -> None:
    received = forwarding.receive(inline(headers=""))
    assert received.call.user == forwarding.bob
    assert "nothing proves that Bob Baker sent it" in received.trace[-1]["saw"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (attached(ANN, "carl@customer.example"), "what is forwarded was written by 2 senders"),
        (inline("Ann Archer"), "names no address of who wrote it"),
        (inline(f"{ANN}@@x <not an address>"), "names no address of who wrote it"),
        (attached(""), "names no address of who wrote it"),
        (inline("support@desk.example"), "support@desk.example, who wrote it, is this desk"),
        (inline(f"Bob <{BOB}>"), "who forwards it wrote it"),
    ],
)
def test_what_can_not_be_told_stays_the_analysts_and_the_trace_says_why(raw: bytes, why: str) -> None:
    decided = decide(reading(raw), facts(senders=(ANALYST,), log_for_original_sender=True))
    assert (decided.decision.user, decided.decision.original) == (ANALYST, None)
    assert why in decided.trace[-1].saw


@pytest.mark.parametrize(
    "raw",
    [
        inline(subject="Re: Printer on fire"),
        inline(subject="Re: Fwd: Printer on fire"),
        inline(subject="Printer on fire"),
        attached(ANN, subject="See what came in"),
        attached(ANN, subject="Re: Printer on fire"),
        inline(headers=f"{AUTHENTICATED}Auto-Submitted: auto-generated\n"),
    ],
)
def test_what_only_holds_a_mail_was_not_sent_to_forward_it(raw: bytes) -> None:
    given = facts(senders=(ANALYST,), people={ANN: (USER,)}, log_for_original_sender=True)
    assert decide(reading(raw), given).decision.user == ANALYST


@pytest.mark.parametrize("subject", ["FW: Re: printer", "[EXTERNAL] WG: printer", "Printer on fire", ""])
def test_a_prefix_or_the_same_subject_shows_that_it_was_forwarded(subject: str) -> None:
    given = facts(senders=(ANALYST,), people={ANN: (USER,)}, log_for_original_sender=True)
    decision = decide(reading(attached(ANN, subject=subject)), given).decision
    assert (decision.user, decision.subject) == (USER, "Printer on fire")


def test_only_an_analyst_who_is_known_by_that_address_forwards_for_others(forwarding: Desk) -> None:
    forwarding.bob.active = False
    forwarding.bob.save()
    received = forwarding.receive(inline())
    assert received.call.user == forwarding.bob
    assert "may not act as the Analyst" in received.trace[-1]["saw"]
    user = forwarding.receive(inline(headers="").replace(BOB.encode(), b"eve@customer.example"))
    assert user.call.user.email == "eve@customer.example"


def test_a_forward_to_a_call_by_its_tag_updates_that_call(forwarding: Desk) -> None:
    call = forwarding.receive(mail(ANN)).call
    received = forwarding.receive(inline(subject=f"Fwd: Printer [Call {call.pk}]"))
    assert (received.call, Call.objects.count()) == (call, 1)
    assert ReceivedMail.objects.count() == 2
