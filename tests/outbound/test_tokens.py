"""Tokens of approval mails: for one person and decision, once, for a while, while it is as it was."""

import datetime as dt

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from desk.offices import Office, approval, asked, step, task
from mailcall.desk.approvals import decide, withdraw
from mailcall.desk.models import Approval, Condition, Person
from mailcall.desk.requests import cancel_request
from mailcall.desk.tasks import cancel_task
from mailcall.desk.work_states import Verb
from mailcall.message import approval_tokens
from mailcall.outbound import tokens
from mailcall.outbound.models import Token


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


@pytest.fixture
def sign_off(office: Office) -> Approval:
    """Ann's part in an approval that Bob must give as well."""
    request = office.request(
        approval("sign-off", by=(office.ann, office.bob)),
        step("buy", "sign-off", condition=Condition.APPROVED),
    )
    return asked(task(request, "sign-off"), office.ann)


def test_a_token_counts_once(office: Office, sign_off: Approval) -> None:
    text = tokens.give(sign_off, office.ann, office.now).text
    assert tokens.check(text, office.ann, sign_off, office.now) == ""
    with transaction.atomic():
        assert tokens.use(text, office.ann, sign_off, office.now) == ""
    assert tokens.use(text, office.ann, sign_off, office.now) == (
        "This token was used on 2026-03-02 at 09:00 already; each counts once."
    )
    assert "used" in tokens.check(text, office.ann, sign_off, office.now)


def test_a_use_that_is_undone_leaves_the_token(office: Office, sign_off: Approval) -> None:
    text = tokens.give(sign_off, office.ann, office.now).text
    with pytest.raises(LookupError), transaction.atomic():
        tokens.use(text, office.ann, sign_off, office.now)
        raise LookupError
    assert tokens.check(text, office.ann, sign_off, office.now) == ""


def test_its_case_does_not_matter(office: Office, sign_off: Approval) -> None:
    text = tokens.give(sign_off, office.ann, office.now).text
    assert tokens.check(text.upper(), office.ann, sign_off, office.now) == ""


def test_it_counts_only_for_whom_and_what_it_was_given(office: Office, sign_off: Approval) -> None:
    bobs = asked(sign_off.task, office.bob)
    text = tokens.give(sign_off, office.ann, office.now).text
    assert "somebody else" in tokens.check(text, office.bob, sign_off, office.now)
    assert "somebody else" in tokens.use(text, office.bob, bobs, office.now)
    assert "another approval" in tokens.use(text, office.ann, bobs, office.now)
    assert tokens.check(text, office.ann, sign_off, office.now) == ""


def test_it_expires_after_fourteen_days(office: Office, sign_off: Approval) -> None:
    text = tokens.give(sign_off, office.ann, office.now).text
    last = office.now + dt.timedelta(days=14)
    assert tokens.check(text, office.ann, sign_off, last - dt.timedelta(microseconds=1)) == ""
    assert tokens.use(text, office.ann, sign_off, last) == "This token expired on 2026-03-16 at 09:00."


def test_another_row_of_the_table_does_not_make_a_token(office: Office, sign_off: Approval) -> None:
    """Whoever can write to the table alone can't turn a token they have into another person's."""
    token = tokens.give(sign_off, office.ann, office.now)
    text = token.text
    Token.objects.update(person=office.bob)
    assert tokens.check(text, office.bob, sign_off, office.now) == tokens.UNKNOWN


def test_two_tokens_with_one_nonce_are_told_apart(office: Office, sign_off: Approval) -> None:
    first, second = (tokens.give(sign_off, person, office.now) for person in (office.ann, office.bob))
    Token.objects.filter(pk__in=[first.pk, second.pk]).update(nonce="abcdefgh")
    for token in (first, second):
        token.refresh_from_db()
        found = tokens.find(token.text)
        assert found is not None
        assert found.pk == token.pk


@pytest.mark.parametrize("what", ["decided", "withdrawn", "task cancelled", "request cancelled"])
def test_it_is_revoked_when_what_it_was_for_changes(office: Office, sign_off: Approval, what: str) -> None:
    text = tokens.give(sign_off, office.ann, office.now).text
    deed = office.deed(office.ann, "No.")
    match what:
        case "decided":
            decide(sign_off, Verb.APPROVE, deed)
        case "withdrawn":
            withdraw(sign_off, deed)
        case "task cancelled":
            cancel_task(sign_off.task, deed)
        case "request cancelled":
            cancel_request(sign_off.task.request, deed)
    assert "when what it was for changed" in tokens.use(text, office.ann, sign_off, office.now)


def test_what_one_person_decides_leaves_the_tokens_of_others(office: Office, sign_off: Approval) -> None:
    bobs = asked(sign_off.task, office.bob)
    text = tokens.give(bobs, office.bob, office.now).text
    decide(sign_off, Verb.APPROVE, office.deed(office.ann))
    assert tokens.check(text, office.bob, bobs, office.now) == ""


def test_a_decision_that_ends_the_task_revokes_all(office: Office, sign_off: Approval) -> None:
    bobs = asked(sign_off.task, office.bob)
    text = tokens.give(bobs, office.bob, office.now).text
    decide(sign_off, Verb.REJECT, office.deed(office.ann, "Too dear."))
    assert "when what it was for changed" in tokens.check(text, office.bob, bobs, office.now)


def test_the_tables_do_not_have_the_secret(office: Office, sign_off: Approval) -> None:
    token = tokens.give(sign_off, office.ann, office.now)
    assert token.text not in str(Token.objects.values())
    assert token.text[:8] == token.nonce
    assert len(token.text) == 24


@given(text=st.text(max_size=300) | st.from_regex(r"[A-Za-z2-7]{20,28}"))
@pytest.mark.django_db
def test_what_is_no_token_is_unknown_and_raises_nothing(text: str) -> None:
    assert tokens.check(text, Person(pk=1), Approval(pk=1), dt.datetime.now(dt.UTC)) == tokens.UNKNOWN


KEYS = (b"k" * 32, b"older" * 6)
NONCES = st.from_regex(r"\A[a-z2-7]{8}\Z")
NUMBERS = st.integers(min_value=1, max_value=10**15)


@given(
    nonce=NONCES, approval=NUMBERS, person=NUMBERS, place=st.integers(0, 23), letter=st.sampled_from("a7q")
)
def test_a_changed_token_is_not_signed(
    nonce: str, approval: int, person: int, place: int, letter: str
) -> None:
    text = approval_tokens.make(nonce, approval, person, KEYS)
    assert approval_tokens.is_signed(text, approval, person, KEYS)
    assert approval_tokens.is_signed(text.upper(), approval, person, (b"new", *KEYS))
    assert not approval_tokens.is_signed(text, approval + 1, person, KEYS)
    assert not approval_tokens.is_signed(text, approval, person + 1, KEYS)
    assert not approval_tokens.is_signed(text, approval, person, KEYS[1:])
    changed = text[:place] + letter + text[place + 1 :]
    assert approval_tokens.is_signed(changed, approval, person, KEYS) is (changed == text)


@given(nonce=NONCES, before=st.text(max_size=50), after=st.text(max_size=50))
def test_a_token_is_found_where_it_stands_and_masked_for_others(nonce: str, before: str, after: str) -> None:
    text = approval_tokens.make(nonce, 31, 7, KEYS)
    marker = approval_tokens.body_marker(text)
    assert text in approval_tokens.in_text(f"{before} {marker} {after}")
    assert text in approval_tokens.in_text(f"{before} {marker} {after}".upper().lower())
    assert text in approval_tokens.in_subject(f"{before} [{text.upper()}] {after}")
    assert text in approval_tokens.in_addresses([before, f"support+ok.{text.upper()}@example.com", after])
    link = f"mailto:a@b.example?subject=APPROVE%20APPROVAL%2031%20%5B{text}%5D https://b/decide/{text}/"
    assert text not in approval_tokens.masked(f"{before} {marker} {link} +ok.{text}@ {after}")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "+ok.@example.com",
        "+ok.abcdefghabcdefghijklmnop@example.com",
        "support+ok.abcdefghabcdefghijklmno@example.com",
        "support+ok.abcdefghabcdefghijklmnopq@example.com",
        "support+mc.c1.abcdefgh.abcdefghijklmnop@example.com",
        "support+ok.abcdefgh1bcdefghijklmnop@example.com",
        "s" * 64 + "+ok.abcdefghabcdefghijklmnop@example.com",
        "support+ok.abcdefghabcdefghijklmno\u212a@example.com",
    ],
)
def test_other_addresses_carry_no_token(address: str) -> None:
    assert approval_tokens.in_addresses([address]) == []


@pytest.mark.parametrize("length", [1, 36, 37, 64])
def test_a_reply_address_has_at_most_64_characters_before_the_at(length: int) -> None:
    text = approval_tokens.make("abcdefgh", 31, 7, KEYS)
    address = "s" * length + "@example.com"
    if length > 36:
        with pytest.raises(ValueError, match="no room"):
            approval_tokens.reply_address(address, text)
    else:
        made = approval_tokens.reply_address(address, text)
        assert len(made.partition("@")[0]) <= 64
        assert approval_tokens.in_addresses([made]) == [text]


def test_letters_of_other_scripts_are_counted_in_bytes() -> None:
    with pytest.raises(ValueError, match="no room"):
        approval_tokens.reply_address("ü" * 19 + "@example.com", "a" * 24)
